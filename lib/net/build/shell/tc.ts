import type { LinuxLink } from "../../model/linux/link.ts";
import type { Refusal } from "../../model/linux/namespace.ts";
import type { TcCommand } from "../../parse/shell/tc.ts";
import { diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";
import type { Session, Where } from "./build.ts";

/** Carry out one `tc` command (Q1). */
export function runTc(session: Session, where: Where, span: Span, it: TcCommand): boolean {
  switch (it.kind) {
    case "inert":
      return true;
    case "refused":
      return session.refuse(it.said, it.at.span);
    case "unsimulated":
      return session.unsimulated(it.what, span, where, it.dev);
    case "in-namespace": {
      const namespace = session.linux.namespaces.get(it.name);
      if (namespace) return runTc(session, { namespace, vrf: null }, span, it.command);
      const said = `Cannot open network namespace "${it.name}": No such file or directory`;
      return session.refuse(said, span);
    }
    case "queue-set":
    case "queue-delete":
    case "sorts": {
      const link = where.namespace.links.get(it.dev);
      if (!link) return session.refuse(`Cannot find device "${it.dev}"`, span);
      const refusal = it.kind === "sorts" ? null : change(session, where, link, it, span);
      return refusal === null || session.refuse(refusal, span);
    }
  }
}

type Change = Extract<TcCommand, { kind: "queue-set" | "queue-delete" }>;

function change(session: Session, where: Where, link: LinuxLink, it: Change, span: Span): Refusal {
  const { queues } = link;
  if (it.at === "below") {
    if (it.kind === "queue-set" && it.queue.loses > 0)
      session.unsimulated(`tc qdisc … ${it.queue.name} below another`, span, where, link.name);
    return null;
  }
  const known = queues[it.at];
  if (it.kind === "queue-delete") {
    queues[it.at] = null;
    if (known) return null;
    return it.at === "root"
      ? "Error: Cannot delete qdisc with handle of zero."
      : "Error: Cannot find specified qdisc on specified device.";
  }
  // One of another kind takes the place of what is there, unless it is to have a handle (tc_modify_qdisc, Linux 6.18).
  if (it.how === "add" && known) {
    if (it.named) return "Error: NLM_F_REPLACE needed to override.";
    if (known.name === it.queue.name || it.at === "ingress")
      return "Error: Exclusivity flag on, cannot modify.";
  }
  if (it.how === "change" && !known)
    return "Error: Qdisc not found. To create specify NLM_F_CREATE flag.";
  const { loses, name } = it.queue;
  if (loses > 0 && loses < 100)
    session.note(diagnostic("shell-note", span, { said: `Chance is not simulated: all packets are followed, though ${name} loses ${loses} % of them.` })); // prettier-ignore
  queues[it.at] = { name, loses, because: span };
  return null;
}
