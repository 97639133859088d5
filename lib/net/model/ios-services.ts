import type { Span } from "../source/span.ts";
import type { AppliedList } from "./ios-access-lists.ts";

import type { IosGateway } from "./ios-gateways.ts";

/** What an IOS interface does with packets beside passing them on. */
export type IfaceServices = {
  readonly lists: { in: AppliedList | null; out: AppliedList | null };
  /** Whether senders hear of packets that were refused. */
  unreachables: boolean;
  nat: { readonly side: "inside" | "outside"; readonly because: Span } | null;
  /** The line by which its address is asked for. */
  asks: Span | null;
  hsrpVersion: 1 | 2;
  /** By protocol and number. */
  readonly gateways: Map<string, IosGateway>;
};

export function freshServices(): IfaceServices {
  return {
    lists: { in: null, out: null },
    unreachables: true,
    nat: null,
    asks: null,
    hsrpVersion: 1,
    gateways: new Map(),
  };
}
