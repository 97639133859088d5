import type { LeaseAnswer } from "../../model/lease.ts";
import { formatIp, type Ip } from "../../model/prefix.ts";
import type { DhclientCommand } from "../../parse/shell/dhclient.ts";
import type { ShellWord } from "../../parse/shell/placed.ts";
import type { SimpleCommand } from "../../parse/shell/run.ts";
import type { Session, Where } from "./build.ts";

/** What a DHCP server grants. */
export type Lease = { readonly ip: Ip; readonly length: number; readonly router: Ip | null };

/** What a virtual machine's card is granted by the network it is plugged into; `null` where that is not known. */
export type LeaseFor = (port: string) => Lease | null;

/**
 * Carry out a DHCP client's command: each link comes up, and has what is granted on its cable, by a virtual network
 * (VM15) or by whoever in the lab hears the question (DH1 to DH5).
 */
export function runDhclient(
  session: Session,
  where: Where,
  command: SimpleCommand,
  it: DhclientCommand,
  leaseFor: LeaseFor | null,
): boolean {
  const { span } = command;
  if (it.kind === "inert") return true;
  if (it.kind === "refused") return session.refuse(it.said, it.at.span);
  if (it.kind === "unsimulated") return session.unsimulated(it.what, span, where, it.dev);
  return it.links.map((link) => ask(session, where, command, link, leaseFor)).every(Boolean);
}

function ask(
  session: Session,
  where: Where,
  command: SimpleCommand,
  { text: name, span: at }: ShellWord,
  leaseFor: LeaseFor | null,
): boolean {
  const { span } = command;
  const { namespace } = where;
  const link = namespace.links.get(name);
  if (!link)
    return session.refuse(`Error getting hardware address for "${name}": No such device`, at);
  const run = (text: string) =>
    command.exec(
      text.split(" ").map((word) => ({ text: word, span })),
      (one) => session.run(one, where),
    );
  run(`ip link set dev ${name} up`);
  const card = link.kind.kind === "port" && !link.master ? link.kind.port : null;
  const granted = card === null ? null : (leaseFor?.(card) ?? null);
  if (!granted) namespace.asks.set(link, span);
  const answer: LeaseAnswer | undefined = granted
    ? { kind: "lease", ...granted }
    : session.lease(namespace.name, name);
  switch (answer?.kind) {
    case undefined: // Nobody could answer yet: the lab is being built for the first time.
      return true;
    case "nobody":
      // A virtual network may still have a server that is not known here.
      if (leaseFor) return session.unsimulated("A DHCP client", span, where, name);
      return session.refuse("No DHCPOFFERS received.", span, "Nobody on this stretch of layer 2 hands out addresses"); // prettier-ignore
    case "open":
      return session.unsimulated(`${answer.why}, when asked for an address`, span, where, name);
    case "lease": {
      const isGiven = run(`ip addr add ${formatIp(answer.ip)}/${answer.length} dev ${name}`);
      if (answer.router === null) return isGiven;
      return run(`ip route add default via ${formatIp(answer.router)} dev ${name}`) && isGiven;
    }
  }
}
