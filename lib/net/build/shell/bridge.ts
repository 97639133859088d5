import type { LinuxLink } from "../../model/linux/link.ts";
import type { Refusal } from "../../model/linux/namespace.ts";
import type { BridgeCommand } from "../../parse/shell/bridge.ts";
import type { Span } from "../../source/span.ts";
import type { Session, Where } from "./build.ts";
import { changePort } from "./ip.ts";

/** Carry out one `bridge` command. */
export function runBridge(session: Session, where: Where, span: Span, it: BridgeCommand): boolean {
  switch (it.kind) {
    case "inert":
      return true;
    case "refused":
      return session.refuse(it.said, it.at.span);
    case "unsimulated":
      return session.unsimulated(it.what, span, where, it.dev);
    case "in-namespace": {
      const namespace = session.linux.named(it.name);
      if (!namespace)
        return session.refuse(
          `Cannot open network namespace "${it.name}": No such file or directory`,
          span,
        );
      return runBridge(session, { namespace, vrf: null }, span, it.command);
    }
    case "vlan-add":
    case "vlan-delete":
    case "fdb-add":
    case "fdb-delete":
    case "port-set": {
      const link = where.namespace.links.get(it.dev);
      const what = it.kind.startsWith("fdb") ? "device" : "bridge device";
      if (!link) return session.refuse(`Cannot find ${what} "${it.dev}"`, span);
      const refusal = change(session, where, link, it, span);
      return refusal === null || session.refuse(refusal, span);
    }
  }
}

type Change = Extract<
  BridgeCommand,
  { dev: string; kind: "vlan-add" | "vlan-delete" | "fdb-add" | "fdb-delete" | "port-set" }
>;

function change(session: Session, where: Where, link: LinuxLink, it: Change, span: Span): Refusal {
  switch (it.kind) {
    case "vlan-add":
    case "vlan-delete": {
      const carries = it.self ? link.kind.kind === "bridge" : link.master?.kind.kind === "bridge";
      if (!carries) return "RTNETLINK answers: Operation not supported";
      for (let vlan = it.first; vlan <= it.last; vlan++)
        if (it.kind === "vlan-add") addVlan(link, vlan, it, span);
        else removeVlan(link, vlan);
      return null;
    }
    case "fdb-add": {
      const { kind } = link;
      if (kind.kind === "vxlan" && it.self && it.dst !== null) {
        if (it.port !== null || it.vni !== null)
          session.unsimulated("bridge fdb … port, vni", span, where, link.name);
        if (it.how === "replace")
          kind.fdb.splice(0, kind.fdb.length, ...kind.fdb.filter((one) => one.mac !== it.mac));
        else if (it.how === "add" && kind.fdb.some((one) => one.mac === it.mac))
          return "RTNETLINK answers: File exists";
        kind.fdb.push({ mac: it.mac, remote: it.dst, because: span });
        return null;
      }
      if (it.master && link.master?.kind.kind === "bridge") {
        return writeMac(link, link.master.kind, it, span);
      }
      if (it.master && !it.self) return "RTNETLINK answers: Operation not supported";
      session.unsimulated("bridge fdb add", span, where, link.name);
      return null;
    }
    case "fdb-delete": {
      const { kind } = link;
      if (it.master && link.master?.kind.kind === "bridge") {
        const { fixed } = link.master.kind;
        const at = fixed.findIndex(
          (one) => one.mac === it.mac && one.port === link && one.vlan === it.vlan,
        );
        if (at === -1) return "RTNETLINK answers: No such file or directory";
        fixed.splice(at, 1);
        return null;
      }
      if (it.master && !it.self) return "RTNETLINK answers: Operation not supported";
      if (kind.kind !== "vxlan") return null; // What was learnt is learnt again.
      const at = kind.fdb.findIndex(
        (one) => one.mac === it.mac && (it.dst === null || one.remote === it.dst),
      );
      if (at === -1) return "RTNETLINK answers: No such file or directory";
      kind.fdb.splice(at, 1);
      return null;
    }
    case "port-set":
      if (link.master?.kind.kind !== "bridge") return "RTNETLINK answers: Operation not supported";
      changePort(session, where, link, it.settings, span);
      return null;
  }
}

// An address has one place in a VLAN; what is written again is moved by `replace` only (br_fdb_add).
function writeMac(
  link: LinuxLink,
  bridge: Extract<LinuxLink["kind"], { kind: "bridge" }>,
  { mac, vlan, how, state }: Extract<Change, { kind: "fdb-add" }>,
  because: Span,
): Refusal {
  const { fixed } = bridge;
  const entry = { mac, port: link, vlan, how: state, because };
  const at = fixed.findIndex((one) => one.mac === mac && one.vlan === vlan);
  if (at === -1) fixed.push(entry);
  else if (how === "replace") fixed[at] = entry;
  else return "RTNETLINK answers: File exists";
  return null;
}

function addVlan(
  link: LinuxLink,
  vlan: number,
  { pvid, untagged }: { pvid: boolean; untagged: boolean },
  because: Span,
): void {
  link.vlans.set(vlan, { untagged, because });
  if (pvid) link.bridgePort.pvid = vlan;
  else if (link.bridgePort.pvid === vlan) link.bridgePort.pvid = null;
}

function removeVlan(link: LinuxLink, vlan: number): void {
  link.vlans.delete(vlan);
  if (link.bridgePort.pvid === vlan) link.bridgePort.pvid = null;
}
