import { AxeBuilder } from "@axe-core/playwright";
import { type Locator, type Page, expect } from "@playwright/test";
import { signIn, test } from "./strata.ts";
import {
  A,
  addressesOf,
  APART,
  B,
  editorOf,
  expectStates,
  LESSON,
  objective,
  openLab,
  verdict,
} from "./workbench.ts";

test("from the lesson to a verdict without a mouse", async ({ page, learner: _ }) => {
  await page.goto(LESSON);
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("link", { name: "The lab of this lesson" }));
  await page.keyboard.press("Enter");
  await expect(editorOf(page)).toBeVisible();

  await test.step("type into the editor, and leave it", async () => {
    await tabTo(page, editorOf(page));
    const { left, right, mask } = await addressesOf(page);
    await page.keyboard.press("Control+Home");
    await page.keyboard.press("End");
    await page.keyboard.type(
      [
        "\nip vrf CUSTOMER_A\nrd 100:1",
        `interface GigabitEthernet0/1\nip vrf forwarding CUSTOMER_A\nip address ${left} ${mask}`,
        `interface GigabitEthernet0/2\nip vrf forwarding CUSTOMER_A\nip address ${right} ${mask}`,
      ].join("\n"),
    );
    await expectStates(page, { [A]: "Holds", [B]: "Fails", [APART]: "Blocked" });
    await page.keyboard.press("Tab");
    await expect(editorOf(page)).toBeFocused();
    await page.keyboard.press("Control+m");
    await expect(page.getByText("Ctrl M lets Tab indent again")).toBeVisible();
  });

  await test.step("walk a packet hop by hop", async () => {
    await tabTo(page, objective(page, "Holds", A));
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "The walk" })).toBeVisible();
    await tabTo(page, page.getByRole("button", { name: "One hop on" }));
    const walk = page.getByRole("region", { name: "The walk" });
    await expect(walk.getByRole("status")).toHaveText("1 of 6");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    await expect(walk.getByRole("status")).toHaveText("3 of 6");
    await page.keyboard.press("ArrowLeft");
    await expect(walk.getByRole("status")).toHaveText("2 of 6");
    const current = walk.getByRole("listitem").and(page.locator("[aria-current=step]"));
    await expect(current).toContainText("edge");
  });

  await test.step("from a failed objective to the line that decides it", async () => {
    await tabTo(page, objective(page, "Fails", B), "Shift+Tab");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await expect(page.locator(":focus")).toHaveText(/edge\/startup\.ios line \d+/);
    const line = /\d+$/.exec(await page.locator(":focus").innerText())![0];
    await page.keyboard.press("Enter");
    await expect(editorOf(page)).toBeFocused();
    await expect(page.getByText(`Line ${line}, col.`)).toBeVisible();
  });

  await test.step("submit, and read the whole verdict", async () => {
    await page.keyboard.press("Control+Enter");
    await expect(verdict(page)).toContainText("Submission 1: 2 of 10 points");
    await tabTo(page, page.getByRole("link", { name: "The whole verdict" }));
    await page.keyboard.press("Enter");
    await expect(page.getByText("2 of 10 points")).toBeVisible();
    await expect(page.getByRole("heading", { name: `Fails: ${B}` })).toBeVisible();
  });
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme });

    test("no page keeps anybody out", async ({
      page,
      browser,
      server,
      administrator,
      learner: _,
    }) => {
      await page.goto("/");
      await expectAccessible(page);
      await page.goto(LESSON);
      await expectAccessible(page);
      await openLab(page);
      await expectStates(page, { [A]: "Fails", [APART]: "Blocked" });
      // Also while nothing has the focus.
      await page.keyboard.press("Control+Enter");
      await expect(verdict(page)).toContainText("0 of 10 points");
      await expectAccessible(page);
      await page.getByRole("link", { name: "The whole verdict" }).click();
      await expect(page.getByRole("heading", { name: `Fails: ${A}` })).toBeVisible();
      await expectAccessible(page);

      const context = await browser.newContext();
      const other = await context.newPage();
      await other.goto(`${server.url}/sign-in`);
      await expectAccessible(other);
      await signIn(other, server, administrator);
      await other.goto(`${server.url}/admin/people`);
      await expectAccessible(other);
      await context.close();
    });
  });
}

const MOST_STOPS = 120;

/** As often as it takes. Wherever the focus stops on the way, it can be seen. */
async function tabTo(page: Page, goal: Locator, key = "Tab"): Promise<void> {
  const unseen: string[] = [];
  for (let stop = 0; stop < MOST_STOPS; stop++) {
    if (await goal.evaluate((it) => it === document.activeElement)) {
      expect.soft(unseen, "stops where the focus cannot be seen").toEqual([]);
      return;
    }
    await page.keyboard.press(key);
    const name = await unseenFocus(page);
    if (name !== null) unseen.push(name);
  }
  throw new Error(`${MOST_STOPS} stops, and never at ${String(goal)}`);
}

/** What has the focus without a sign of it, in or around it; a text field has its caret. */
async function unseenFocus(page: Page): Promise<string | null> {
  return page.evaluate(() => {
    const focused = document.activeElement;
    if (!focused || focused === document.body || focused.role === "textbox") return null;
    const { width, height } = focused.getBoundingClientRect();
    const style = getComputedStyle(focused);
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    const marked = outlined || style.boxShadow !== "none";
    return width > 0 && height > 1 && focused.matches(":focus-visible") && marked
      ? null
      : focused.outerHTML.slice(0, 200);
  });
}

const WCAG_22_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(WCAG_22_AA).analyze();
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map((it) => `${id}: ${it.html.slice(0, 200)} ${it.failureSummary ?? ""}`),
  );
  expect.soft(found, page.url()).toEqual([]);
}
