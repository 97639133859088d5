/** How wide the panes of the workbench are, in percent; remembered in a cookie. */
export type Widths = {
  readonly files: number;
  readonly network: number;
  readonly objectives: number;
};

export const WIDTHS_COOKIE = "strata-bench";

/** Widths from a cookie, which may hold anything. */
export function widthsOf(cookie: string | undefined): Widths | null {
  const parts = (cookie ?? "").split("-").map(Number);
  const [files = 0, network = 0, objectives = 0] = parts;
  const whole = files + network + objectives;
  const sound = parts.length === 3 && parts.every((it) => it >= 5) && Math.abs(whole - 100) < 1;
  return sound ? { files, network, objectives } : null;
}

export function cookieOf(layout: Readonly<Record<string, number>>): string {
  return ["files", "network", "objectives"].map((it) => (layout[it] ?? 0).toFixed(2)).join("-");
}
