import { LARGEST, type Field, type Range } from "../model/network.ts";
import { formatIp, type Ip } from "../model/prefix.ts";
import type { PacketClass } from "../trace/class.ts";
import { PROTOCOLS } from "./drop.ts";

/** What people know of a packet; the rest is how it is carried. */
const SHOWN = ["src", "dst", "proto", "sport", "dport", "flags", "dscp"] as const;
export type ShownField = (typeof SHOWN)[number];

/** The ranges of each field that a class says, as people write values: `10.1.0.0-10.1.0.255`, `80`. */
export function rangesOf({ fields }: PacketClass): Partial<Record<ShownField, readonly string[]>> {
  return Object.fromEntries(
    SHOWN.flatMap((field) => {
      const ranges = fields[field];
      const isAny = !ranges || (ranges.length === 1 && isWhole(field, ranges[0]!));
      return isAny ? [] : [[field, ranges.map((range) => formatRange(field, range))]];
    }),
  );
}

function isWhole(field: Field, [low, high]: Range): boolean {
  return low === 0 && high === LARGEST[field];
}

/** The class of packets that a walk holds for, in one sentence. */
export function classInWords(it: PacketClass): string {
  const { src, dst, proto, sport, dport, flags, dscp } = rangesOf(it);
  const [least, most] = it.ttl;
  const isIcmp = proto?.length === 1 && proto[0] === "ICMP";
  const parts = [
    src && `from ${listOf(src)}`,
    dst && `to ${listOf(dst)}`,
    dport && `${isIcmp ? "of type" : "to port"} ${listOf(dport)}`,
    sport && !isIcmp && `from port ${listOf(sport)}`,
    flags && `with flags ${listOf(flags)}`,
    dscp && `of class ${listOf(dscp)}`,
    least > 1 && `with ${least} hops to live or more`,
    it.length === "longer" ? "as long or longer" : "as long or shorter",
    most < 255 && `with ${most === 1 ? "one hop" : `${most} hops`} to live at most`,
  ];
  const what = proto ? `${listOf(proto)} packet` : "packet";
  return `The same holds for every ${[what, ...parts.filter(Boolean)].join(" ")}.`;
}

function formatRange(field: ShownField, [low, high]: Range): string {
  const one = (value: number) =>
    field === "src" || field === "dst"
      ? formatIp(value as Ip)
      : field === "proto"
        ? (PROTOCOLS[value] ?? String(value))
        : String(value);
  return low === high ? one(low) : `${one(low)}-${one(high)}`;
}

// More than a few are counted, not read.
function listOf(all: readonly string[]): string {
  if (all.length > 4) return `${all.slice(0, 3).join(", ")} or ${all.length - 3} other ranges`;
  return all.length > 1 ? `${all.slice(0, -1).join(", ")} or ${all.at(-1)}` : (all[0] ?? "nothing");
}
