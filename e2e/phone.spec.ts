import { type Page, expect } from "@playwright/test";
import { test } from "./strata.ts";
import { A, APART, B, COURSE, expectStates, LAB, LESSON, verdict } from "./workbench.ts";

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

test("a lesson reads on a phone, and loads little script", async ({ page, learner: _ }) => {
  const scripts: Promise<number>[] = [];
  page.on("requestfinished", (it) => {
    if (it.resourceType() !== "script") return;
    scripts.push(it.sizes().then((sizes) => sizes.responseBodySize));
  });
  await page.goto(LESSON, { waitUntil: "networkidle" });
  const bytes = (await Promise.all(scripts)).reduce((sum, it) => sum + it, 0);
  test.info().annotations.push({ type: "script", description: `${bytes} bytes, compressed` });
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(170_000);

  await expectNoSidewaysScroll(page);
  const words = page.getByText("A provider's business is to sell the same hardware");
  expect((await words.boundingBox())!.width).toBeGreaterThan(300);
  for (const address of ["/", COURSE]) {
    await page.goto(address);
    await expectNoSidewaysScroll(page);
  }
});

test("a lab is solved on a phone, one pane at a time", async ({ page, learner: _ }) => {
  await page.goto(LAB);
  const panes = page.getByRole("navigation", { name: "Panes" });
  const text = page.getByRole("textbox", { name: "edge/startup.ios" });
  await expect(text).toBeVisible();
  await expect(page.getByRole("list", { name: "Objectives" })).toBeHidden();
  await expectNoSidewaysScroll(page);

  const start = await text.inputValue();
  const [, left, right, mask] = /Both use (\S+)\.0 and (\S+)\.0, mask (\S+);/.exec(start)!;
  const port = (n: number, address: string) =>
    `interface Gi0/${n}\nip vrf forwarding A\nip address ${address}.1 ${mask}`;
  await text.fill(`ip vrf A\nrd 100:1\n${port(1, left!)}\n${port(2, right!)}\nflorble`);
  await expect(page.getByRole("button", { name: /startup\.ios 9 / })).toContainText("florble");
  await text.fill(`ip vrf A\nrd 100:1\n${port(1, left!)}\n${port(2, right!)}\n`);

  await panes.getByRole("button", { name: "Objectives" }).tap();
  await expectStates(page, { [A]: "Holds", [B]: "Fails", [APART]: "Blocked" });
  await expect(text).toBeHidden();
  await expectNoSidewaysScroll(page);
  await panes.getByRole("button", { name: "Network" }).tap();
  await expect(page.getByRole("img", { name: /^The network: edge/ })).toBeVisible();
  await expectNoSidewaysScroll(page);
  await page.getByRole("button", { name: "Submit", exact: true }).tap();
  await panes.getByRole("button", { name: "Objectives" }).tap();
  await expect(verdict(page)).toContainText("Submission 1: 2 of 10 points");
  await page.getByRole("link", { name: "The whole verdict" }).tap();
  await expect(page.getByRole("heading", { name: `Holds: ${A}` })).toBeVisible();
  await expectNoSidewaysScroll(page);
});

async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const [content, window] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth] as const;
  });
  expect(content, page.url()).toBeLessThanOrEqual(window);
}
