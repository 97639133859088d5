import type { Code, diagnostic } from "../../source/diagnostic.ts";
import type { Span } from "../../source/span.ts";

/** Where those who carry out a part of a configuration say what they refuse, and what they leave open. */
export type Remarks = {
  say<C extends Code>(code: C, span: Span, it: Parameters<typeof diagnostic<C>>[2]): void;
  /** `iface` is `null` for the device. */
  taint(iface: string | null, it: { what: string; span: Span }): void;
};
