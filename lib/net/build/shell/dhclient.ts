import { MAIN } from "../../model/linux/rules.ts";
import { EVERYWHERE, type Ip } from "../../model/prefix.ts";
import type { DhclientCommand } from "../../parse/shell/dhclient.ts";
import type { Span } from "../../source/span.ts";
import type { Session, Where } from "./build.ts";

/** What a DHCP server grants. */
export type Lease = { readonly ip: Ip; readonly length: number; readonly router: Ip | null };

/** What a machine's port would be granted; `null` where nobody is known to answer. */
export type LeaseFor = (port: string) => Lease | null;

/**
 * Carry out a DHCP client's command: the link comes up, and has what the server on its cable grants. Where no server
 * is known, one may still be there: the link is left open.
 */
export function runDhclient(
  session: Session,
  where: Where,
  span: Span,
  it: DhclientCommand,
  leaseFor: LeaseFor,
): boolean {
  if (it.kind === "inert") return true;
  if (it.kind === "refused") return session.refuse(it.said, it.at.span);
  if (it.kind === "unsimulated") return session.unsimulated(it.what, span, where, it.dev);
  const { namespace } = where;
  return it.links
    .map(({ text: name, span: at }) => {
      const link = namespace.links.get(name);
      if (!link)
        return session.refuse(`Error getting hardware address for "${name}": No such device`, at);
      const lease = link.kind.kind === "port" && !link.master ? leaseFor(link.kind.port) : null;
      if (!lease) return session.unsimulated("A DHCP client", span, where, name);
      session.linux.setUp(link, true, span);
      namespace.addAddress(link, lease.ip, lease.length, span);
      if (lease.router === null) return true;
      const hops = [{ link: name, gateway: lease.router, onlink: false }];
      const asked = { table: MAIN, to: EVERYWHERE, type: "unicast", hops, metric: 0, source: null } as const; // prettier-ignore
      namespace.addRoute("add", asked, span);
      return true;
    })
    .every(Boolean);
}
