import type { languages } from "monaco-editor";

/** `known` is the page of all that can be said in it. */
export type Language = {
  readonly id: string;
  readonly name: string;
  readonly known: "/languages" | `/languages/${"ios" | "shell" | "libvirt" | "compose"}`;
};

/** The language of a file, by its ending, as authors and learners call it. */
export function languageOf(path: string): Language {
  if (path.endsWith(".ios")) return { id: "ios", name: "Cisco IOS", known: "/languages/ios" };
  if (path.endsWith(".sh")) return { id: "net-shell", name: "Linux", known: "/languages/shell" };
  if (path.endsWith(".xml"))
    return { id: "plaintext", name: "libvirt XML", known: "/languages/libvirt" };
  if (/(^|\/)(docker-)?compose\.ya?ml$/.test(path))
    return { id: "plaintext", name: "Docker Compose", known: "/languages/compose" };
  if (path.endsWith(".yaml")) return { id: "plaintext", name: "YAML", known: "/languages" };
  return { id: "plaintext", name: "Plain text", known: "/languages" };
}

const ADDRESS = /\b\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?\b/;
const NUMBER_PAIR = /\d+:\d+/;
const IOS_PORT =
  /\b(?:TenGigabitEthernet|TenGigE|Te|GigabitEthernet|Gi|FastEthernet|Fa|Ethernet|Et|Serial|Se|Loopback|Lo|Tunnel|Tu|Port-channel|Po|Vlan)\s?\d+(?:\/\d+)*(?:\.\d+)?\b/;

/** Colours the words of a layer and nothing else: a VRF's name wherever it is named, ports, comments. */
export const iosGrammar: languages.IMonarchLanguage = {
  ignoreCase: true,
  defaultToken: "",
  tokenizer: {
    root: [
      [/^\s*!.*$/, "comment"],
      [/(^\s*description\s+)(.*)$/, ["keyword", "string"]],
      [/(\bvrf\s+(?:forwarding|definition|upgrade-cli)\s+)(\S+)/, ["keyword", "vrf"]],
      [/(\bvrf\s+)([^\s]+)/, ["keyword", "vrf"]],
      [/(\b(?:rd|route-target(?:\s+(?:import|export|both))?)\s+)(\S+)/, ["keyword", "vrf"]],
      [IOS_PORT, "interface"],
      [ADDRESS, "address"],
      [NUMBER_PAIR, "vrf"],
      [/[a-z][\w-]*/, "keyword"],
      [/\s+/, ""],
      [/\S/, ""],
    ],
  },
};

export const shellGrammar: languages.IMonarchLanguage = {
  defaultToken: "",
  tokenizer: {
    root: [
      [/#.*$/, "comment"],
      [/(\bvrf\s+)(\S+)/, ["keyword", "vrf"]],
      [/(\bnetns\s+(?:add|exec|del)\s+)(\S+)/, ["keyword", "container"]],
      [/(\bdev\s+)(\S+)/, ["keyword", "interface"]],
      [/\b(?:eth|eno|ens|enp|veth|br|vnet|vxlan|bond|dummy|lo)\d*(?:\.\d+)?\b/, "interface"],
      [ADDRESS, "address"],
      [/"[^"]*"|'[^']*'/, "string"],
      [/[A-Za-z][\w-]*/, "keyword"],
      [/\s+/, ""],
      [/\S/, ""],
    ],
  },
};
