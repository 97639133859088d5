import { diagnostic, type Diagnostic } from "../../source/diagnostic.ts";
import type { ShellWord } from "../shell/placed.ts";
import { parseDomain, type DomainDefinition } from "./domain.ts";
import type { Unsimulated } from "./known.ts";
import { parseNetwork, type NetworkDefinition } from "./network.ts";
import { XmlRefused, XmlUnsimulated } from "./xml.ts";

/** A text that was read: what it defines, unless libvirt refuses it, and everything there is to say about it. */
export type Read<T> = {
  readonly defined: T | null;
  readonly diagnostics: readonly Diagnostic[];
  /** What keeps the whole of it from being simulated. */
  readonly open: Unsimulated | null;
};

/** Read a network's XML; never fails. */
export function readNetworkXml(source: ShellWord): Read<NetworkDefinition> {
  return reading(() => {
    const { network, diagnostics } = parseNetwork(source);
    return { defined: network, diagnostics, open: null };
  });
}

/** Read a domain's XML; never fails. */
export function readDomainXml(source: ShellWord): Read<DomainDefinition> {
  return reading(() => {
    const { domain, diagnostics } = parseDomain(source);
    return { defined: domain, diagnostics, open: null };
  });
}

function reading<T>(read: () => Read<T>): Read<T> {
  try {
    return read();
  } catch (problem) {
    if (problem instanceof XmlRefused) {
      const { said, at } = problem;
      const diagnostics = [diagnostic("libvirt-refused", at, { said, hint: "" })];
      return { defined: null, diagnostics, open: null };
    }
    if (problem instanceof XmlUnsimulated) {
      const { what, at } = problem;
      const diagnostics = [diagnostic("unsimulated", at, { what })];
      return { defined: null, diagnostics, open: { what, span: at } };
    }
    throw problem;
  }
}
