import { formatIp } from "../../model/prefix.ts";
import type { DhcpCommand } from "../../parse/shell/dhcp.ts";
import type { SimpleCommand } from "../../parse/shell/run.ts";
import type { Session, Where } from "./build.ts";

/** Ask for an address on a link: bring it up, and take what the lab's servers answered (rules D1 to D5). */
export function runDhcp(
  session: Session,
  where: Where,
  command: SimpleCommand,
  it: DhcpCommand,
): boolean {
  const { span } = command;
  if (it.kind === "unsimulated") return session.unsimulated(it.what, span, where);
  const { text: name } = it.link;
  const { namespace } = where;
  const link = namespace.links.get(name);
  if (!link) return session.refuse(`Cannot find device "${name}"`, it.link.span);
  const run = (text: string) =>
    command.exec(
      text.split(" ").map((word) => ({ text: word, span })),
      (one) => session.run(one, where),
    );
  run(`ip link set dev ${name} up`);
  namespace.asks.set(link, span);
  const answer = session.lease(namespace.name, name);
  switch (answer?.kind) {
    case undefined: // Nobody could answer yet: the lab is being built for the first time.
      return true;
    case "nobody":
      return session.refuse("No DHCPOFFERS received.", span, "Nobody on this stretch of layer 2 hands out addresses"); // prettier-ignore
    case "open":
      return session.unsimulated(`${answer.why}, when asked for an address`, span, where);
    case "lease": {
      const isGiven = run(`ip addr add ${formatIp(answer.ip)}/${answer.length} dev ${name}`);
      if (answer.router === null) return isGiven;
      return run(`ip route add default via ${formatIp(answer.router)} dev ${name}`) && isGiven;
    }
  }
}
