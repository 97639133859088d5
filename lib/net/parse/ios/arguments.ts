import { parseIp, type Ip } from "../../model/prefix.ts";
import type { Span } from "../../source/span.ts";
import { spanOf, type Word } from "../../source/text.ts";
import { parseVlans } from "./switching.ts";

/** What an argument may look like: a named form, or a range of numbers such as `1-255`. */
export type ArgumentType =
  "ip" | "iface" | "word" | "line" | "rd" | "vlans" | `${number}-${number}`;

/** An argument as it was read. `count` is how many words it took: `Gi 0/1` takes two. */
export type Argument = {
  readonly text: string;
  readonly span: Span;
  readonly count: number;
  readonly value: Ip | number | null;
};

/** Read one argument from `words[at]` on; `null` when the word is nothing of the kind. */
export function readArgument(
  type: ArgumentType,
  words: readonly Word[],
  at: number,
): Argument | null {
  const word = words[at]!;
  const one = { text: word.text, span: word.span, count: 1, value: null };
  switch (type) {
    case "word":
      return one;
    case "line": {
      const rest = words.slice(at);
      return {
        text: rest.map((it) => it.text).join(" "),
        span: spanOf(rest),
        count: rest.length,
        value: null,
      };
    }
    case "ip": {
      const ip = parseIp(word.text);
      return ip === null ? null : { ...one, value: ip };
    }
    case "rd":
      return /^(\d{1,10}|\d{1,3}(\.\d{1,3}){3}):\d{1,10}$/.test(word.text) ? one : null;
    case "vlans":
      return parseVlans(word.text) && one;
    case "iface": {
      if (/^[a-z-]+\d[\d/.]*$/i.test(word.text)) return ifaceNamed(word.text) && one;
      const next = words[at + 1];
      if (!next || !/^[a-z-]+$/i.test(word.text) || !/^\d[\d/.]*$/.test(next.text)) return null;
      const text = word.text + next.text;
      return ifaceNamed(text) && { text, span: spanOf([word, next]), count: 2, value: null };
    }
    default: {
      const [low = 0, high = 0] = type.split("-").map(Number);
      if (!/^\d{1,10}$/.test(word.text)) return null;
      const value = Number(word.text);
      return value >= low && value <= high ? { ...one, value } : null;
    }
  }
}

/** How the device's help writes an argument of this type. */
export function describeArgument(type: ArgumentType): string {
  const words = {
    ip: "an address (A.B.C.D)",
    iface: "an interface",
    word: "a name",
    line: "text",
    vlans: "a list of VLANs (such as 10,20-29)",
    rd: "a distinguisher (ASN:nn or A.B.C.D:nn)",
  };
  return Object.hasOwn(words, type)
    ? words[type as keyof typeof words]
    : `a number from ${type.replace("-", " to ")}`;
}

// Longest first among those that begin alike does not matter: a beginning must fit exactly one.
const KINDS = [
  ["FastEthernet", "Fa"],
  ["GigabitEthernet", "Gi"],
  ["TenGigabitEthernet", "Te"],
  ["TwentyFiveGigE", "Twe"],
  ["FortyGigabitEthernet", "Fo"],
  ["HundredGigE", "Hu"],
  ["Ethernet", "Et"],
  ["Serial", "Se"],
  ["Loopback", "Lo"],
  ["Null", "Nu"],
  ["Vlan", "Vl"],
  ["Port-channel", "Po"],
  ["Tunnel", "Tu"],
] as const;

export type IfaceName = {
  readonly name: string;
  readonly short: string;
  readonly kind: (typeof KINDS)[number][0];
  readonly number: string;
};

/** The most interfaces that one list names. */
const MOST_NAMED = 128;

/** The interfaces that a list such as `Gi0/1 - 4 , Po1` names; `null` when it is no such list. */
export function ifacesNamed(text: string): readonly IfaceName[] | null {
  const names: IfaceName[] = [];
  for (const part of text.split(",")) {
    const [, begin = "", slot = "", first = "", last = first] =
      /^([a-z-]+)((?:\d+\/)*)(\d{1,5})(?:-(\d{1,5}))?$/i.exec(part.replace(/\s/g, "")) ?? [];
    const count = Number(last) - Number(first) + 1;
    if (first === "" || count < 1 || names.length + count > MOST_NAMED) return null;
    const found = ifaceNamed(`${begin}${slot}${Number(first)}`);
    if (!found) return null;
    const { kind } = found;
    const short = found.short.slice(0, found.short.length - found.number.length);
    for (let at = Number(first); at <= Number(last); at++) {
      const number = `${slot}${at}`;
      names.push({ name: kind + number, short: short + number, kind, number });
    }
  }
  return names;
}

/** The interface that `text` names, in full: `gi0/1` is GigabitEthernet0/1. `null` when no kind, or more than one, begins so. */
export function ifaceNamed(text: string): IfaceName | null {
  const match = /^([a-z-]+)(\d[\d/.]*)$/i.exec(text);
  if (!match) return null;
  const [, begin = "", number = ""] = match;
  if (!/^\d+(\/\d+)*(\.\d+)?$/.test(number)) return null;
  const fits = KINDS.filter(([kind]) => kind.toLowerCase().startsWith(begin.toLowerCase()));
  const [found] = fits.filter(([kind]) => kind.length === begin.length).concat(fits);
  if (!found || (fits.length > 1 && found[0].length !== begin.length)) return null;
  const [kind, short] = found;
  return { name: kind + number, short: short + number, kind, number };
}
