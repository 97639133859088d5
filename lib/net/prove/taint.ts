import type { Compiled } from "../dataplane/compile.ts";
import type { Device, Iface, Taint } from "../model/device.ts";
import type { Place } from "../model/network.ts";
import type { PortRef } from "../model/topology.ts";
import type { Conversation } from "../trace/conversation.ts";
import type { Verdict } from "./verdict.ts";

/*
 * P4: what was not simulated leaves open every claim that depends on it. A claim depends on the devices and interfaces
 * that its packets came to, and on a neighbour whose silence or dead port decided where they did not go.
 */

/** The line that leaves a claim open which depends on `places`, if one of them belongs to something tainted. */
export function taintOfPlaces(compiled: Compiled, places: readonly Place[]): Verdict | null {
  const reached = new Reached(compiled);
  for (const place of places) reached.visit(place);
  reached.lookAtNeighbors();
  return reached.taint();
}

/** Why a conversation's outcome is open, in words; `null` when nothing on its way was left unsimulated. */
export function taintOfWalk(compiled: Compiled, { forward, back }: Conversation): string | null {
  const places = [...forward.stops, ...(back?.stops ?? [])].map((stop) => stop.place);
  const open = taintOfPlaces(compiled, places);
  if (open?.state !== "undecided" || open.why.kind !== "taint") return null;
  return `on ${open.why.device}, "${open.why.taint.what}" is not simulated`;
}

/** The first taint of any of the devices. */
export function taintOf(compiled: Compiled, devices: readonly string[]): Verdict | null {
  for (const name of devices) {
    const taint = compiled.network.devices.get(name)?.taints[0];
    if (taint) return undecidedBy(name, taint);
  }
  return null;
}

/** Something is missing on a device whose text was not wholly understood: it may be there after all. */
export function undecidedByTaint(compiled: Compiled, names: readonly string[]): Verdict | null {
  return taintOf(
    compiled,
    names.map((name) => name.split(/[@:/]/)[0]!),
  );
}

function undecidedBy(device: string, taint: Taint): Verdict {
  return { state: "undecided", why: { kind: "taint", device, taint } };
}

/** What packets came to. */
class Reached {
  private readonly tables = new Set<string>();
  private readonly ifaces = new Set<string>();
  private readonly devices = new Set<string>();
  private doubt: Verdict | null = null;
  private readonly compiled: Compiled;
  private readonly far: ReadonlyMap<string, PortRef>;

  constructor(compiled: Compiled) {
    this.compiled = compiled;
    this.far = new Map(
      compiled.network.cables.flatMap(({ a, b }) => [
        [`${a.node}:${a.port}`, b],
        [`${b.node}:${b.port}`, a],
      ]),
    );
  }

  visit({ device, table, iface, step, doubt }: Place): void {
    if (doubt) this.doubt ??= undecidedBy(device, doubt);
    this.devices.add(device);
    if (table !== undefined) this.tables.add(`${device} ${table ?? ""}`);
    if (iface !== null) this.ifaces.add(`${device}:${iface}`);
    if (step.kind !== "drop") return;
    // Nobody answers: perhaps only because the other end is not simulated.
    const { why } = step;
    if (why.kind === "no-neighbor" || why.kind === "no-carrier") this.reach(why.device, why.iface);
  }

  // A port without a link takes its network out of the table, and nothing goes there to find it dead.
  lookAtNeighbors(): void {
    for (const { a, b } of this.compiled.network.cables)
      for (const [near, far] of [
        [a, b],
        [b, a],
      ] as const) {
        const table = this.ifaceAt(near)?.table ?? "";
        const isDead = this.ifaceAt(far)?.enabled === false;
        if (isDead && this.tables.has(`${near.node} ${table}`)) this.reach(near.node, near.port);
      }
  }

  private ifaceAt({ node, port }: PortRef): Iface | undefined {
    const device = this.compiled.network.devices.get(node);
    return device && ifaceNamed(device.ifaces, port);
  }

  taint(): Verdict | null {
    for (const name of this.devices) {
      const device = this.compiled.network.devices.get(name)!;
      const taint = device.taints.find((one) => this.touches(device, one));
      if (taint) return undecidedBy(name, taint);
    }
    return this.doubt;
  }

  // The port and the one at the other end of its cable.
  private reach(device: string, iface: string): void {
    const far = this.far.get(`${device}:${iface}`);
    for (const end of [{ node: device, port: iface }, ...(far ? [far] : [])]) {
      this.devices.add(end.node);
      this.ifaces.add(`${end.node}:${end.port}`);
    }
  }

  private touches({ name, ifaces }: Device, taint: Taint): boolean {
    const iface = taint.iface === null ? undefined : ifaceNamed(ifaces, taint.iface);
    return (
      iface === undefined ||
      this.ifaces.has(`${name}:${iface.name}`) ||
      this.tables.has(`${name} ${iface.table ?? ""}`)
    );
  }
}

const byName = new WeakMap<readonly Iface[], ReadonlyMap<string, Iface>>();

function ifaceNamed(ifaces: readonly Iface[], name: string): Iface | undefined {
  const known = byName.get(ifaces) ?? new Map(ifaces.map((one) => [one.name, one]));
  byName.set(ifaces, known);
  return known.get(name);
}
