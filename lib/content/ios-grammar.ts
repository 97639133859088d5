import type { LanguageRegistration } from "shiki/core";

const INTERFACE =
  "(?i:(?:ten|twentyfive|forty|hundred)?gig(?:abit)?(?:ethernet|e)?|fastethernet|ethernet|loopback|vlan|port-channel|tunnel|serial|gi|fa|te|lo|po|tu)\\s?\\d+(?:[/.:]\\d+)*";

/** Enough of Cisco IOS for a reader: comments, VRF names, interfaces, addresses, free text. */
export const IOS_GRAMMAR: LanguageRegistration = {
  name: "ios",
  aliases: ["cisco"],
  scopeName: "source.ios",
  repository: {},
  patterns: [
    { name: "comment.line.ios", match: "^\\s*!.*$" },
    {
      match: "^\\s*(?:description|remark)\\s+(.*)$",
      captures: { 1: { name: "string.unquoted.ios" } },
    },
    {
      match:
        "\\b(?:(?:ip\\s+)?vrf\\s+(?:definition|forwarding)|ip\\s+vrf|ip\\s+route\\s+vrf|vrf)\\s+(?!definition|forwarding)(\\S+)",
      captures: { 1: { name: "entity.name.vrf.ios" } },
    },
    {
      match: "\\b(?:rd|route-target(?:\\s+(?:import|export|both))?)\\s+(\\d+:\\d+)",
      captures: { 1: { name: "entity.name.vrf.ios" } },
    },
    { name: "entity.name.interface.ios", match: `\\b${INTERFACE}\\b` },
    {
      name: "constant.numeric.address.ios",
      match: "\\b\\d{1,3}(?:\\.\\d{1,3}){3}(?:/\\d{1,2})?\\b",
    },
  ],
};
