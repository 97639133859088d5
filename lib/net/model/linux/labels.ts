import type { Span } from "../../source/span.ts";
import type { Ip } from "../prefix.ts";

/** What becomes of packets with a label: others in its place, or none, and where they go then. */
export type LinuxLabel = {
  readonly label: number;
  readonly swap: readonly number[];
  readonly gateway: Ip | null;
  readonly link: string;
  readonly because: Span;
};

/** Labels below are for the protocol itself (RFC 3032 §2.1). */
const FIRST_FREE = 16;
const LARGEST_LABEL = 2 ** 20;
const IMPLICIT_NULL = 3;

/** The label table of one namespace (af_mpls.c): it has room for as many labels as `platform_labels` says. */
export class LinuxLabels {
  private readonly routes = new Map<number, LinuxLabel>();
  private room = 0;

  all(): LinuxLabel[] {
    return [...this.routes.values()];
  }

  /** What no longer has room is gone. Whether the number is one that the kernel takes. */
  setRoom(labels: number): boolean {
    if (labels < 0 || labels > LARGEST_LABEL) return false;
    this.room = labels;
    for (const label of this.routes.keys()) if (label >= labels) this.routes.delete(label);
    return true;
  }

  /** Why `label` can be in no table here; `null` when it can. */
  refuses(label: number): string | null {
    if (label < FIRST_FREE)
      return "Error: Invalid label - must be MPLS_LABEL_FIRST_UNRESERVED or higher.";
    if (label >= this.room) return "Error: Label >= configured maximum in platform_labels.";
    return null;
  }

  insert(
    how: "add" | "replace" | "change" | "append" | "prepend",
    route: LinuxLabel,
  ): string | null {
    if (how === "append") return "Error: MPLS does not support route append.";
    const known = this.routes.has(route.label);
    if (known && how !== "replace" && how !== "change") return "RTNETLINK answers: File exists";
    if (!known && how === "change") return "RTNETLINK answers: No such file or directory";
    if (route.swap.includes(IMPLICIT_NULL))
      return "Error: Implicit NULL Label (3) can not be used in encapsulation.";
    this.routes.set(route.label, route);
    return null;
  }

  /** Taking out what is not there is no mistake. */
  remove(label: number): void {
    this.routes.delete(label);
  }
}
