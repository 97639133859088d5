import { childOf, childrenOf, choiceOf, countOf, refuse, requiredValue } from "./element.ts";
import type { Element } from "./xml.ts";
import type { Span } from "../../source/span.ts";

/** The VLANs of a switch port as XML says them. `native` is the one without a tag, or with one where it says so. */
export type PortVlans = {
  readonly trunk: boolean;
  readonly tags: readonly number[];
  readonly native: { readonly vlan: number; readonly tagged: boolean } | null;
  readonly span: Span;
};

/** A kind of switch that the port must be on. */
export type VirtualPort = { readonly type: string; readonly span: Span };

const VIRTUAL_PORTS = ["802.1Qbg", "802.1Qbh", "openvswitch", "midonet"];

/** `<vlan>` in a network, a port group or an interface (virNetDevVlanParse). */
export function vlansIn(element: Element): PortVlans | null {
  const vlan = childOf(element, "vlan");
  if (!vlan) return null;
  const tags = childrenOf(vlan, "tag");
  if (tags.length === 0)
    refuse(
      "XML error: missing tag id - each <vlan> must have at least one <tag id='n'/> subelement",
      vlan.span,
    );
  const ids = tags.map((tag) => {
    const { span } = requiredValue(tag, "id");
    const id = countOf(tag, "id", 2 ** 31)!;
    if (id > 4095) refuse(`XML error: vlan tag id ${id} too large (maximum 4095)`, span);
    return id;
  });
  const natives = tags.flatMap((tag, at) => {
    const mode = choiceOf(tag, "nativeMode", ["default", "tagged", "untagged"] as const, "default");
    return mode === "default" ? [] : [{ vlan: ids[at]!, tagged: mode === "tagged", tag }];
  });
  if (natives[1]) refuse("XML error: duplicate native vlan setting", natives[1].tag.span);
  const [native = null] = natives;
  return { trunk: isTrunk(vlan, ids.length, native !== null), tags: ids, native, span: vlan.span };
}

function isTrunk(vlan: Element, count: number, hasNative: boolean): boolean {
  const trunk = vlan.attributes.get("trunk");
  if (trunk?.value === "yes") return true;
  if (trunk && trunk.value !== "" && trunk.value !== "no")
    refuse(`XML error: invalid "trunk='${trunk.value}'" in <vlan> - must be yes or no`, trunk.span);
  if (trunk && count > 1)
    refuse(
      `XML error: invalid "trunk='${trunk.value}'" in <vlan> - trunk='yes' is required for more than one vlan tag`,
      trunk.span,
    );
  if (trunk && hasNative)
    refuse(
      "XML error: invalid configuration in <vlan> - \"trunk='no'\" is not allowed with a native vlan id",
      trunk.span,
    );
  return count > 1 || hasNative;
}

/** `<virtualport type='…'>` in a network, a port group or an interface. */
export function virtualPortIn(element: Element): VirtualPort | null {
  const port = childOf(element, "virtualport");
  const type = port?.attributes.get("type");
  if (!port || !type || type.value === "") return null;
  if (!VIRTUAL_PORTS.includes(type.value))
    refuse(`unsupported configuration: unknown virtualport type ${type.value}`, type.span);
  return { type: type.value, span: port.span };
}
