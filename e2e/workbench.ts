import { expect, type Locator, type Page } from "@playwright/test";

// The lab of "Many routers in one", and what a person does in it.

export const COURSE = "/learn/virtual-networks";
export const LESSON = `${COURSE}/many-routers-in-one`;
export const LAB = `${LESSON}/lab`;

export const A = "Customer A's two sites reach each other";
export const B = "Customer B's two sites reach each other, on the same addresses";
export const APART = "Nothing of either customer reaches the other";

export async function openLab(page: Page, address = LAB): Promise<void> {
  await page.goto(address);
  await expect(editorOf(page)).toBeVisible();
}

/** The full editor; the plain one that stands in for it is no code to the browser. */
export function editorOf(page: Page): Locator {
  return page.getByRole("code").getByRole("textbox", { name: "edge/startup.ios" });
}

export type Addresses = { readonly left: string; readonly right: string; readonly mask: string };

/** The router's two addresses, the same for either customer, as the file's comment gives them. */
export async function addressesOf(page: Page): Promise<Addresses> {
  const comment = /Both use (\S+)\.0 and (\S+)\.0, mask (\S+);/.exec(await textIn(page));
  const [, left, right, mask] = comment!;
  return { left: `${left}.1`, right: `${right}.1`, mask: mask! };
}

/** All that is in the editor, as copying it gives it: the screen shows only a part. */
export async function textIn(page: Page): Promise<string> {
  await editorOf(page).focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("ControlOrMeta+c");
  return page.evaluate(() => navigator.clipboard.readText());
}

export async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate((it) => navigator.clipboard.writeText(it), text);
  await editorOf(page).focus();
  await page.keyboard.press("ControlOrMeta+v");
}

/** Everything in the file anew, in one go. */
export async function replaceText(page: Page, text: string): Promise<void> {
  await editorOf(page).focus();
  await page.keyboard.press("ControlOrMeta+a");
  await paste(page, text);
}

/** Key by key, on new lines below the one that says `line`. */
export async function typeBelow(page: Page, line: string, ...lines: string[]): Promise<void> {
  // The editor draws each line as a box without a role.
  await page.getByRole("code").locator(".view-line", { hasText: line }).click();
  await page.keyboard.press("End");
  for (const it of lines) {
    await page.keyboard.press("Enter");
    await page.keyboard.type(it);
  }
}

/** What moves one port into its customer's table. */
export function portLines(customer: "A" | "B", address: string, mask: string): string[] {
  return [`ip vrf forwarding CUSTOMER_${customer}`, `ip address ${address} ${mask}`];
}

/** The whole file, right. */
export function solvedText({ left, right, mask }: Addresses): string {
  const port = (n: number, customer: "A" | "B", address: string) => [
    `interface GigabitEthernet0/${n}`,
    ...portLines(customer, address, mask).map((it) => ` ${it}`),
  ];
  return [
    "hostname edge",
    "ip vrf CUSTOMER_A",
    " rd 100:1",
    "ip vrf CUSTOMER_B",
    " rd 100:2",
    ...port(1, "A", left),
    ...port(2, "A", right),
    ...port(3, "B", left),
    ...port(4, "B", right),
    "end",
    "",
  ].join("\n");
}

export type State = "Holds" | "Fails" | "Blocked" | "Undecided";

export function objective(page: Page, state: State, title: string): Locator {
  const list = page.getByRole("list", { name: "Objectives" });
  return list.getByRole("button", { name: `${state}: ${title}` });
}

export async function expectStates(page: Page, states: Record<string, State>): Promise<void> {
  for (const [title, state] of Object.entries(states)) {
    await expect(objective(page, state, title)).toBeVisible();
  }
}

/** What the page says about where the text is. */
export function savedStatus(page: Page): Locator {
  return page.getByRole("banner").getByRole("status");
}

export async function expectSaved(page: Page): Promise<void> {
  await expect(savedStatus(page)).toHaveText("Saved");
}

/** One of the remarks under the text, which say what the devices said. */
export function remark(page: Page, line: number, words: string | RegExp): Locator {
  const files = page.getByRole("region", { name: "Files" });
  return files
    .getByRole("listitem")
    .getByRole("button", { name: new RegExp(`edge/startup\\.ios ${line}\\b`) })
    .filter({ hasText: words });
}

export function verdict(page: Page): Locator {
  return page.getByRole("status", { name: "Verdict" });
}
