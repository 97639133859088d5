import { parseIp, type Ip } from "../../model/prefix.ts";
import type { Span } from "../../source/span.ts";
import { XmlRefused, type Attribute, type Element } from "./xml.ts";

/** The first child of that name, as libvirt looks for what may stand there once. */
export function childOf(element: Element, name: string): Element | null {
  return element.children.find((one) => one.name === name) ?? null;
}

/** All children of that name, in their order. */
export function childrenOf(element: Element, name: string): readonly Element[] {
  return element.children.filter((one) => one.name === name);
}

/** An attribute's value, if it is there and not empty. */
export function valueOf(element: Element | null, name: string): Attribute | null {
  const found = element?.attributes.get(name);
  return found && found.value !== "" ? found : null;
}

/** The text inside the child `name`, such as a `<name>`. */
export function textOf(element: Element, name: string): Attribute | null {
  const text = childOf(element, name)?.text;
  return text && text.value !== "" ? text : null;
}

/** An attribute that libvirt wants there. */
export function requiredValue(element: Element, name: string): Attribute {
  return (
    valueOf(element, name) ??
    refuse(
      `XML error: Missing required attribute '${name}' in element '${element.name}'`,
      element.span,
    )
  );
}

/** An attribute that is one of `options`; libvirt refuses any other value. */
export function choiceOf<O extends string>(
  element: Element,
  name: string,
  options: readonly O[],
  orElse: O,
): O {
  const found = valueOf(element, name);
  if (!found) return orElse;
  return (
    options.find((one) => one === found.value) ?? refuse(invalid(element, name, found), found.span)
  );
}

/** An attribute that is a whole number from 0 to `most`. */
export function countOf(element: Element, name: string, most: number): number | null {
  const found = valueOf(element, name);
  if (!found) return null;
  if (/^\d{1,15}$/.test(found.value) && Number(found.value) <= most) return Number(found.value);
  return refuse(`${invalid(element, name, found)} Expected non-negative integer value`, found.span);
}

/** An address that libvirt takes; `said` is what it says of any other text. */
export function addressOf({ value, span }: Attribute, said: string): Ip {
  return parseIp(value) ?? refuse(said, span);
}

/** Six bytes as libvirt reads them, in lower case; `null` for any other text. */
export function macIn(text: string): string | null {
  const bytes = text.split(":");
  if (bytes.length !== 6 || !bytes.every((byte) => /^[0-9a-f]{1,2}$/i.test(byte))) return null;
  return bytes.map((byte) => byte.padStart(2, "0").toLowerCase()).join(":");
}

/** Whether a MAC address is one of a group. */
export function isGroup(mac: string): boolean {
  return parseInt(mac.slice(0, 2), 16) % 2 === 1;
}

export function refuse(said: string, at: Span): never {
  throw new XmlRefused(said, at);
}

function invalid(element: Element, name: string, { value }: Attribute): string {
  return `XML error: Invalid value for attribute '${name}' in element '${element.name}': '${value}'.`;
}
