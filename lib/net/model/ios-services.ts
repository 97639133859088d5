import type { AppliedList } from "./ios-access-lists.ts";

/** What an IOS interface does with packets beside passing them on. */
export type IfaceServices = {
  readonly lists: { in: AppliedList | null; out: AppliedList | null };
  /** Whether senders hear of packets that were refused. */
  unreachables: boolean;
};

export function freshServices(): IfaceServices {
  return { lists: { in: null, out: null }, unreachables: true };
}
