import type { Compiled } from "../dataplane/compile.ts";
import type { Fib } from "../dataplane/fib.ts";
import type { Device } from "../model/device.ts";
import type { Box, Lane, Picture, PortPicture } from "../model/picture.ts";
import { formatIp, formatPrefix } from "../model/prefix.ts";

/** The network as a drawing shows it, computed from what the devices really made of their text. */
export function pictureOf(compiled: Compiled): Picture {
  const { network } = compiled;
  const os = new Map(network.topology.nodes.map((node) => [node.name, node.os]));
  return {
    boxes: [...network.devices.values()]
      .filter((device) => device.name === device.node)
      .map((device) => nestedBox(compiled, device, os.get(device.name) ?? null)),
    cables: network.cables.map(({ a, b, up }) => ({
      a: { box: a.node, port: a.port },
      b: { box: b.node, port: b.port },
      up,
    })),
  };
}

// What runs in a device has its name and one step more: `hv1`, the machine `hv1/web`, its namespace `hv1/web/red`.
function nestedBox(compiled: Compiled, device: Device, os: string | null): Box {
  const isInside = ({ name }: Device) => name.slice(0, name.lastIndexOf("/")) === device.name;
  const inside = [...compiled.network.devices.values()].filter(
    (one) => one.node === device.node && one !== device && isInside(one),
  );
  return {
    ...boxOf(compiled, device, os, compiled.fibs.get(device.name)!),
    inside: inside.map((one) => nestedBox(compiled, one, null)),
  };
}

function boxOf(compiled: Compiled, device: Device, os: string | null, fibs: readonly Fib[]): Box {
  return {
    name: device.name,
    kind: device.kind,
    os,
    lanes: device.tables.flatMap((table) =>
      table.name === null ? [] : [laneOf(device, table.name, table.distinguisher, fibs)],
    ),
    ports: device.ifaces
      .filter((iface) => iface.layer.kind === "cable" || iface.layer.kind === "shared")
      .map((iface): PortPicture => ({
        name: iface.name,
        short: iface.short,
        addresses: iface.addresses.map(({ ip, length }) => `${formatIp(ip)}/${length}`),
        lane: iface.table,
        up:
          iface.enabled &&
          (iface.layer.kind === "shared" ||
            compiled.network.cables.some(
              ({ a, b, up }) =>
                up && [a, b].some((end) => end.node === device.name && end.port === iface.name),
            )),
      })),
    inside: [],
  };
}

function laneOf(device: Device, name: string, rd: string | null, fibs: readonly Fib[]): Lane {
  const entries = fibs.find((fib) => fib.table === name)?.entries ?? [];
  const short = (iface: string) => device.ifaces.find((one) => one.name === iface)?.short ?? iface;
  return {
    name,
    rd,
    routes: entries
      .filter((entry) => entry.source === "connected" || entry.source === "written")
      .map((entry) => ({
        prefix: formatPrefix(entry.prefix),
        out:
          entry.action.kind === "send"
            ? [...new Set(entry.action.ways.map((way) => short(way.iface)))].join(", ")
            : "discarded",
      })),
  };
}
