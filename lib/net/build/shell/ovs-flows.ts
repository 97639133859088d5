import { fitsArp, flowGuard, unsimulatedInFlow } from "../../model/flow-match.ts";
import { LOCAL_PORT } from "../../model/flow-switch.ts";
import type { VirtualSwitch } from "../../model/linux/switches.ts";
import type { Flow, FlowAction, FlowMatch, FlowPort, FlowTerm } from "../../model/openflow.ts";
import { flowOf, type FlowText } from "../../parse/shell/ovs/flow.ts";
import type { OfctlCommand } from "../../parse/shell/ovs/ofctl.ts";
import { diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";
import type { Session, Where } from "./build.ts";

/** A switch holds no more flows than this. */
const MOST_FLOWS = 20_000;

type FlowChange = Extract<
  OfctlCommand,
  { kind: "add-flows" | "mod-flows" | "del-flows" | "replace-flows" }
>;

/** The one flow of a switch that is on its own: it learns and floods. */
export function plainSwitch(it: VirtualSwitch, because: Span): void {
  const match = { inPort: null, terms: [], unsimulated: [] };
  const common = { table: 0, priority: 0, cookie: null, because };
  put(it, { ...common, match, actions: [{ kind: "normal" }] });
}

/** Add, change or remove flows of a switch (OV6 to OV8); ports that were named are numbers from then on. */
export function changeFlows(
  session: Session,
  where: Where,
  span: Span,
  it: VirtualSwitch,
  command: FlowChange,
): boolean {
  const run = new Run(session, where, it);
  const refused = run.carryOut(command);
  return refused === null || session.refuse(`ovs-ofctl: ${refused}`, span);
}

function put(it: VirtualSwitch, flow: Flow): void {
  it.flows.set(keyOf(flow), flow);
}

// What makes a flow the same flow.
function keyOf({ table, priority, match }: Flow): string {
  const { inPort, terms, unsimulated } = match;
  const asked = terms.map(({ field, value, mask }) => `${field}=${value}/${mask}`).sort();
  return JSON.stringify([table, priority, inPort, asked, unsimulated]);
}

class UnknownPort {
  readonly said: string;
  constructor(said: string) {
    this.said = said;
  }
}

class Run {
  private readonly session: Session;
  private readonly where: Where;
  private readonly it: VirtualSwitch;

  constructor(session: Session, where: Where, it: VirtualSwitch) {
    this.session = session;
    this.where = { ...where, namespace: session.linux.root };
    this.it = it;
  }

  carryOut(command: FlowChange): string | null {
    try {
      this.change(command);
      return null;
    } catch (problem) {
      if (problem instanceof UnknownPort) return problem.said;
      throw problem;
    }
  }

  private change(command: FlowChange): void {
    const { flows } = this.it;
    switch (command.kind) {
      case "add-flows":
        for (const flow of command.flows.map((one) => this.numbered(one))) this.add(flow);
        return;
      case "replace-flows": {
        const wanted = command.flows.map((one) => this.numbered(one));
        flows.clear();
        for (const flow of wanted) this.add(flow);
        return;
      }
      case "mod-flows": {
        const text = this.numberedText(command.flow);
        const { actions, because } = this.numbered(flowOf(command.flow));
        const found = this.selected(text, command.strict);
        if (found.length === 0) this.add(this.numbered(flowOf(command.flow)));
        for (const [, flow] of found) this.add({ ...flow, actions, because });
        return;
      }
      case "del-flows": {
        if (!command.match) return flows.clear();
        const text = this.numberedText(command.match);
        for (const [key] of this.selected(text, command.strict)) flows.delete(key);
        return;
      }
    }
  }

  private add(flow: Flow): void {
    const { flows, name } = this.it;
    if (flows.size >= MOST_FLOWS && !flows.has(keyOf(flow))) {
      this.session.unsimulated(`more than ${MOST_FLOWS} flows`, flow.because, this.where, name);
      return;
    }
    put(this.it, flow);
    const it = flowGuard(flow.match);
    const [what] = unsimulatedInFlow(flow);
    if (!it || what === undefined) return;
    // Whether neighbours find each other over it cannot be told either, unless it is about IP alone.
    if (fitsArp(it.guard)) this.session.unsimulated(what, flow.because, this.where, name);
    else this.session.note(diagnostic("unsimulated", flow.because, { what }));
  }

  // ---- which flows are meant

  // Without `--strict` a flow is meant when all that it fits is fitted by what was said, too.
  private selected(text: FlowText, strict: boolean): [string, Flow][] {
    if (text.match.unsimulated.length > 0)
      this.session.unsimulated(text.match.unsimulated[0]!, text.at.span, this.where, this.it.name);
    const { flows } = this.it;
    const wanted = keyOf(flowOf(text));
    const only = strict ? flows.get(wanted) : undefined;
    const among: Iterable<[string, Flow]> = strict ? (only ? [[wanted, only]] : []) : flows;
    const found: [string, Flow][] = [];
    for (const [key, flow] of among) {
      if (text.table !== null && text.table !== flow.table) continue;
      if (text.cookie !== null && !cookieFits(text.cookie, flow)) continue;
      if (text.outPort !== null && !sendsTo(flow.actions, text.outPort)) continue;
      if (strict || covers(text.match, flow.match)) found.push([key, flow]);
    }
    return found;
  }

  // ---- ports

  private numberedText(text: FlowText): FlowText {
    const outPort = text.outPort === null ? null : this.number(text.outPort, "output to");
    return { ...text, outPort, match: this.numberedMatch(text.match) };
  }

  private numbered(flow: Flow): Flow {
    const made = {
      ...flow,
      match: this.numberedMatch(flow.match),
      actions: flow.actions.map((one) => this.numberedAction(one)),
    };
    this.doubtNumbers(made, flow);
    return made;
  }

  private numberedMatch(match: FlowMatch): FlowMatch {
    if (match.inPort === null) return match;
    return { ...match, inPort: this.number(match.inPort, "invalid or") };
  }

  private numberedAction(action: FlowAction): FlowAction {
    switch (action.kind) {
      case "output":
        return { ...action, port: this.number(action.port, "output to") };
      case "resubmit":
        if (action.port === null || action.port === "IN_PORT") return action;
        return { ...action, port: this.number(action.port, "resubmit to") };
      case "clone":
        return { ...action, actions: action.actions.map((one) => this.numberedAction(one)) };
      default:
        return action;
    }
  }

  private number(port: FlowPort, doing: string): number {
    if (port === "LOCAL") return LOCAL_PORT;
    if (typeof port === "number") return port;
    const found = this.interfaces().find((one) => one.name === port.name);
    if (found?.number != null) return found.number;
    const forWhat = doing === "invalid or" ? " for in_port" : "";
    throw new UnknownPort(`${port.name}: ${doing} unknown port${forWhat}`);
  }

  // A number that was guessed says nothing.
  private doubtNumbers(flow: Flow, said: Flow): void {
    const guessed = new Set(
      this.interfaces().flatMap((one) => (one.isNumberGuessed ? [one.number] : [])),
    );
    if (guessed.size === 0) return;
    const named = JSON.stringify([said.match.inPort, said.actions]).match(/\d+/g) ?? [];
    if (!named.some((text) => guessed.has(Number(text)))) return;
    const what = "the number of a port that was added together with others";
    this.session.unsimulated(what, flow.because, this.where, this.it.name);
  }

  private interfaces() {
    return [...this.it.ports.values()].flatMap((port) => port.interfaces);
  }
}

function cookieFits(text: string, flow: Flow): boolean {
  const [value = "", mask = "-1"] = text.split("/");
  const number = (one: string) => BigInt.asUintN(64, BigInt(/^-?\w+$/.test(one) ? safe(one) : 0));
  const under = number(mask);
  return (number(flow.cookie?.split("/")[0] ?? "0") & under) === (number(value) & under);
}

function safe(text: string): string | number {
  if (/^-\d+$/.test(text)) return Number(text);
  return /^(0x[\da-f]{1,16}|\d{1,20})$/i.test(text) ? text : 0;
}

function sendsTo(actions: readonly FlowAction[], port: FlowPort): boolean {
  return actions.some(
    (action) =>
      (action.kind === "output" && action.port === port) ||
      (action.kind === "clone" && sendsTo(action.actions, port)),
  );
}

function covers(wide: FlowMatch, narrow: FlowMatch): boolean {
  if (wide.inPort !== null && wide.inPort !== narrow.inPort) return false;
  return wide.terms.every((term) => narrow.terms.some((one) => within(one, term)));
}

function within(narrow: FlowTerm, wide: FlowTerm): boolean {
  if (narrow.field !== wide.field) return false;
  if (wide.mask === null) return narrow.mask === null && narrow.value === wide.value;
  const under = BigInt(wide.mask);
  const asksAll = narrow.mask === null || (BigInt(narrow.mask) & under) === under;
  return asksAll && (BigInt(narrow.value) & under) === BigInt(wide.value);
}
