import type { Device, Iface } from "../model/device.ts";
import type { PortRef } from "../model/topology.ts";
import type { Bundling, Stopped } from "../model/switching.ts";
import type { Wiring } from "./wiring.ts";

/*
 * What two ends of a cable settle between them before anything else: whether several cables are one, and whether a
 * port carries one VLAN or many.
 */

export type Devices = ReadonlyMap<string, Device>;

/** Finds interfaces by where they are. */
export class Ifaces {
  private readonly byPlace: ReadonlyMap<string, Iface>;

  constructor(devices: Devices) {
    this.byPlace = new Map(
      [...devices.values()].flatMap((device) =>
        device.ifaces.map((iface) => [`${device.name}:${iface.name}`, iface] as const),
      ),
    );
  }

  at({ node, port }: PortRef): Iface | null {
    return this.byPlace.get(`${node}:${port}`) ?? null;
  }
}

/** The same device with each interface as `change` makes it. */
export function withIfaces(device: Device, change: (iface: Iface) => Iface): Device {
  const ifaces = device.ifaces.map(change);
  return ifaces.every((iface, at) => iface === device.ifaces[at]) ? device : { ...device, ifaces };
}

/** The same interface, enabled by its text and still carrying nothing. */
export function stopped(iface: Iface, why: Stopped["why"], because: Stopped["because"]): Iface {
  return { ...iface, enabled: false, stopped: { why, because } };
}

// ---- bundles

/** Devices whose bundles have the ports that both ends put into them; the others stand alone or carry nothing. */
export function bundled(devices: Devices, wiring: Wiring): Devices {
  const ifaces = new Ifaces(devices);
  return changed(devices, (device) => bundledIn(device, wiring, ifaces));
}

function bundledIn(device: Device, wiring: Wiring, ifaces: Ifaces): Device {
  if (!device.ifaces.some((iface) => iface.bundling)) return device;
  const joined = joinedIn(device, wiring, ifaces);
  return withIfaces(device, (iface) => {
    if (iface.layer.kind === "bundle") return bundleOf(device, iface, iface.layer.members, joined);
    const { bundling, ...alone } = iface;
    if (!bundling) return iface;
    if (joined.has(iface.name)) return { ...iface, bridge: null };
    if (!iface.enabled || !wiring.works(device.name, iface.name)) return { ...iface, bridge: null };
    if (bundling.misfit) return stopped({ ...alone, bridge: null }, "misfit", [bundling.because]);
    if (bundling.standsAlone) return alone;
    return stopped({ ...alone, bridge: null }, "no-partner", [bundling.because]);
  });
}

function bundleOf(
  { ifaces }: Device,
  bundle: Iface,
  wanted: readonly string[],
  joined: ReadonlySet<string>,
): Iface {
  const members = wanted.filter((one) => joined.has(one));
  const speeds = ifaces
    .filter(({ name }) => members.includes(name))
    .map((one) => one.bridge?.spanning?.speed ?? 0);
  const speed = speeds.reduce((sum, one) => sum + one, 0);
  const made: Iface = {
    ...bundle,
    layer: { kind: "bundle", members },
    bridge: bundle.bridge?.spanning
      ? { ...bundle.bridge, spanning: { ...bundle.bridge.spanning, speed } }
      : bundle.bridge,
  };
  if (members.length > 0 || !bundle.enabled) return made;
  return stopped(made, "no-member", bundle.because ? [bundle.because] : []);
}

// The ports that are in their bundles. Those of one bundle lead to one bundle: that of the first.
function joinedIn(device: Device, wiring: Wiring, ifaces: Ifaces): ReadonlySet<string> {
  const joined = new Set<string>();
  for (const bundle of device.ifaces) {
    if (bundle.layer.kind !== "bundle") continue;
    let partner: string | null = null;
    for (const member of bundle.layer.members) {
      const found = partnerOf(device, member, wiring, ifaces);
      if (found === null) continue;
      partner ??= found;
      if (found === partner) joined.add(member);
    }
  }
  return joined;
}

// What is at the other end of a port that would bundle, if that end would, too.
function partnerOf(device: Device, member: string, wiring: Wiring, ifaces: Ifaces): string | null {
  const bundling = ifaces.at({ node: device.name, port: member })?.bundling;
  const far = wiring.farEnd(device.name, member);
  if (!bundling || bundling.misfit || !far || !wiring.works(device.name, member)) return null;
  const there = ifaces.at(far)?.bundling;
  if (there) return agree(bundling, there) ? `${far.node}:${there.into}` : null;
  if (bundling.protocol !== "none") return null;
  // Nobody was asked. A switch that hears its own tree on ports it takes for one disables them; others notice nothing.
  return ifaces.at(far)?.bridge?.spanning ? null : far.node;
}

function agree(here: Bundling, there: Bundling): boolean {
  if (here.protocol !== there.protocol || there.misfit) return false;
  return here.protocol === "none" || here.begins || there.begins;
}

/** The port that is one with others at the far end of a port or bundle; of a bundle, where its first live port leads. */
export function farPort(
  { name }: Device,
  iface: Iface,
  wiring: Wiring,
  ifaces: Ifaces,
): PortRef | null {
  const first =
    iface.layer.kind === "bundle"
      ? iface.layer.members.find((one) => wiring.works(name, one))
      : iface.name;
  const far = first === undefined ? null : wiring.farEnd(name, first);
  if (!far) return null;
  const there = ifaces.at(far);
  return there?.bundling ? { node: far.node, port: there.bundling.into } : far;
}

// ---- access or trunk

/** Who may answer a port that asks what the other end wants; through bridges that pass the question on, several. */
export type Asked = (device: Device, iface: Iface) => readonly PortRef[];

/** Devices whose ports are trunks where both ends want it so. */
export function negotiated(devices: Devices, ifaces: Ifaces, asked: Asked): Devices {
  return changed(devices, (device) =>
    withIfaces(device, (iface) => {
      const trunking = iface.bridge?.trunking;
      if (!iface.bridge || !trunking) return iface;
      const answers = asked(device, iface);
      const there = answers.length === 1 ? ifaces.at(answers[0]!)?.bridge?.trunking : undefined;
      const port = isTrunk(trunking, there) ? trunking.trunk : trunking.access;
      return { ...iface, bridge: { ...iface.bridge, port } };
    }),
  );
}

type Side = NonNullable<NonNullable<Iface["bridge"]>["trunking"]>;

// Of two that only would, neither does; whoever does not negotiate is not heard.
function isTrunk(here: Side, there: Side | undefined): boolean {
  if (here.wants === "access" || here.wants === "trunk") return here.wants === "trunk";
  const isSameDomain =
    here.domain === null || there?.domain == null || here.domain === there.domain;
  if (!there?.negotiates || !here.negotiates || !isSameDomain) return false;
  return here.wants === "desirable" || there.wants !== "auto";
}

export function changed(devices: Devices, change: (device: Device) => Device): Devices {
  return new Map([...devices].map(([name, device]) => [name, change(device)]));
}
