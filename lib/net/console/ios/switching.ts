import type { IosLayer2, IosSwitching, IosSwitchport } from "../../model/ios-switching.ts";
import type { IosIface } from "../../model/ios.ts";
import type { Range } from "../../model/network.ts";
import { formatIp, type Ip } from "../../model/prefix.ts";

/** What a device was told about layer 2 as a whole, as lines of its configuration. */
export function switchingLines({ vtp, vlans, tree, gateway }: IosSwitching): string[] {
  const own = [...vlans.keys()].filter((vlan) => vlan !== 1);
  return [
    ...(vtp.domain === null ? [] : [`vtp domain ${vtp.domain}`]),
    ...(vtp.spreads ? [] : ["vtp mode transparent"]),
    ...(own.length === 0 ? [] : [`vlan ${own.sort((a, b) => a - b).join(",")}`]),
    ...[...tree.off.keys()].map((vlan) => `no spanning-tree vlan ${vlan}`),
    ...[...tree.priorities].map(([vlan, value]) => `spanning-tree vlan ${vlan} priority ${value}`),
    ...(tree.long ? ["spanning-tree pathcost method long"] : []),
    ...(tree.edges ? ["spanning-tree portfast default"] : []),
    ...(tree.guards ? ["spanning-tree portfast bpduguard default"] : []),
    ...(gateway === null ? [] : [`ip default-gateway ${formatIp(gateway.ip as Ip)}`]),
  ];
}

/** VLANs that ports name and that are gone: naming them made them, so they are taken away last. */
export function goneVlanLines({ vlans }: IosSwitching, ifaces: Iterable<IosIface>): string[] {
  const named = [...ifaces].flatMap(({ layer2: { switchport } }) =>
    switchport ? [switchport.access.value, switchport.voice.value ?? 1] : [],
  );
  const gone = [...new Set(named)].filter((vlan) => vlan !== 1 && !vlans.has(vlan));
  return gone.map((vlan) => `no vlan ${vlan}`);
}

/** What an interface was told about layer 2, as lines below it. */
export function layer2Lines({ tag, switchport, group, speed, tree }: IosLayer2): string[] {
  const each = (what: string, values: ReadonlyMap<number, number>) =>
    [...values].map(([vlan, value]) => `spanning-tree vlan ${vlan} ${what} ${value}`);
  return [
    ...(tag === null ? [] : [`encapsulation dot1Q ${tag.vlan}${tag.native ? " native" : ""}`]),
    ...(switchport === null ? [] : switchportLines(switchport)),
    ...(group === null ? [] : [`channel-group ${group.number} mode ${group.mode}`]),
    ...(speed === null ? [] : [`speed ${speed}`]),
    ...(tree.cost === null ? [] : [`spanning-tree cost ${tree.cost}`]),
    ...(tree.priority === null ? [] : [`spanning-tree port-priority ${tree.priority}`]),
    ...each("cost", tree.costs),
    ...each("port-priority", tree.priorities),
    ...(tree.edge === null ? [] : [`spanning-tree portfast${EDGES[tree.edge]}`]),
    ...(tree.guard === null
      ? []
      : [`spanning-tree bpduguard ${tree.guard ? "enable" : "disable"}`]),
    ...(tree.filter ? ["spanning-tree bpdufilter enable"] : []),
  ];
}

const EDGES = { access: "", trunk: " trunk", never: " disable" } as const;

function switchportLines(port: IosSwitchport): string[] {
  const mode = port.mode.value;
  const dynamic = mode === "auto" || mode === "desirable";
  return [
    ...(mode === "auto" ? [] : [`switchport mode ${dynamic ? `dynamic ${mode}` : mode}`]),
    ...(port.access.value === 1 ? [] : [`switchport access vlan ${port.access.value}`]),
    ...(port.voice.value === null ? [] : [`switchport voice vlan ${port.voice.value}`]),
    ...(port.native.value === 1 ? [] : [`switchport trunk native vlan ${port.native.value}`]),
    ...allowedLines(port.allowed.value),
    ...(port.negotiates ? [] : ["switchport nonegotiate"]),
    ...(port.isolated ? ["switchport protected"] : []),
    ...(port.floods ? [] : ["switchport block unicast"]),
    ...(port.routes.value ? ["no switchport"] : []),
  ];
}

function allowedLines(allowed: readonly Range[]): string[] {
  const [first] = allowed;
  if (!first) return ["switchport trunk allowed vlan none"];
  if (allowed.length === 1 && first[0] === 1 && first[1] === 4094) return [];
  const list = allowed.map(([low, high]) => (low === high ? `${low}` : `${low}-${high}`));
  return [`switchport trunk allowed vlan ${list.join(",")}`];
}
