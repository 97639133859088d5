import { expect } from "@playwright/test";
import { signIn, signUp, someone, test } from "./strata.ts";
import {
  A,
  addressesOf,
  APART,
  B,
  expectSaved,
  expectStates,
  LAB,
  openLab,
  portLines,
  remark,
  replaceText,
  savedStatus,
  solvedText,
  textIn,
  typeBelow,
  verdict,
} from "./workbench.ts";

test("mistakes are marked where they are, and all other lines count", async ({
  page,
  learner: _,
}) => {
  await openLab(page);
  const { left, right, mask } = await addressesOf(page);
  await replaceText(
    page,
    [
      "hostname edge",
      "florble the router",
      "ip vrf CUSTOMER_A",
      "ip vrf CUSTOMER_B",
      "interface GigabitEthernet0/1",
      ...portLines("A", left, mask),
      "interface GigabitEthernet0/2",
      " ip vrf forwarding CUSTOMER_A",
      ` ip address ${left} ${mask}`,
      ` ip address ${right} ${mask}`,
      "interface GigabitEthernet0/3",
      " ip vrf forwarding CUSTOMER_B",
      ` ip address ${left} 255.0.255.0`,
      "interface GigabitEthernet0/4",
      " ip vrf forwarding CUSTOMER_B",
      ` ip adress ${right} ${mask}`,
      " ip addre",
    ].join("\n"),
  );

  await expect(remark(page, 2, '"florble" is not a command known here')).toBeVisible();
  await expect(remark(page, 10, "overlaps with GigabitEthernet0/1")).toBeVisible();
  await expect(remark(page, 14, "Bad mask 255.0.255.0")).toBeVisible();
  await expect(remark(page, 17, 'Did you mean "address"?')).toBeVisible();
  await expect(remark(page, 18, "Incomplete command")).toBeVisible();
  await expect(page.getByRole("button", { name: "edge startup.ios 5 errors" })).toBeVisible();
  await remark(page, 14, "Bad mask").click();
  const column = ` ip address ${left} `.length + 1;
  await expect(page.getByText(`Line 14, col. ${column}`)).toBeVisible();
  await page.keyboard.press("F8");
  // The editor's own mark says the same.
  await expect(page.getByRole("code").getByText("Bad mask 255.0.255.0")).toBeVisible();
  await page.keyboard.press("Escape");

  // Nobody knows what a command that nobody knows would have done.
  await expectStates(page, { [A]: "Undecided", [B]: "Undecided" });
  await remark(page, 2, "florble").click();
  await page.keyboard.press("Home");
  await page.keyboard.press("Shift+End");
  await page.keyboard.press("Delete");
  await expectStates(page, { [A]: "Holds", [B]: "Fails", [APART]: "Blocked" });
  await page.getByRole("button", { name: "Submit", exact: true }).click();
  await expect(verdict(page)).toContainText("2 of 10 points");
});

test("binary is said to be none of the device's business, line by line", async ({
  page,
  learner: _,
}) => {
  await openLab(page);
  const solved = solvedText(await addressesOf(page));
  const bytes = String.fromCharCode(127, 69, 76, 70, 2, 1, 1, 0, 0, 0xfffd, 27, 7);
  await replaceText(page, `${bytes}\n${solved}`);
  await expect(remark(page, 1, "bytes that are not text")).toBeVisible();
  await expectStates(page, { [A]: "Holds", [B]: "Holds", [APART]: "Holds" });
  const kept = await textIn(page);
  expect(kept).toContain("ip vrf CUSTOMER_B");
  await expectSaved(page);
  await page.reload();
  expect(await textIn(page)).toBe(kept);
});

test("a megabyte is refused in words, and stays in the editor", async ({ page, learner: _ }) => {
  await openLab(page);
  const line = `! ${"x".repeat(78)}\n`;
  const flood = line.repeat(Math.ceil((1.1 * 1024 * 1024) / line.length));
  await replaceText(page, flood);
  await expect(savedStatus(page)).toContainText("at most 1 MB is taken");
  await page.getByRole("button", { name: "Submit", exact: true }).click();
  await expect(verdict(page)).toContainText("at most 1 MB is taken. Make it shorter.");

  await page.reload();
  await expect(savedStatus(page)).toContainText("at most 1 MB is taken");
  expect((await textIn(page)).length).toBe(flood.length);
  await replaceText(page, "hostname edge\n");
  await expectSaved(page);
});

test("what is typed while the server is away is saved when it is back", async ({
  page,
  ownServer: server,
}) => {
  const learner = someone("Ada Lovelace");
  await signUp(page.request, server, learner);
  await openLab(page, server.url + LAB);
  await typeBelow(page, "hostname edge", "ip vrf BEFORE");
  await expectSaved(page);

  await server.stop();
  await typeBelow(page, "ip vrf BEFORE", "ip vrf MEANWHILE");
  await expect(savedStatus(page)).toHaveText("Offline: kept in this browser");
  await page.getByRole("button", { name: "Submit", exact: true }).click();
  await expect(verdict(page)).toContainText("The server did not answer. What you typed is kept");
  const typed = await textIn(page);

  await server.start();
  await expect(savedStatus(page)).toHaveText("Saved", { timeout: 20_000 });
  await page.getByRole("button", { name: "Submit", exact: true }).click();
  await expect(verdict(page)).toContainText("Submission 1: 0 of 10 points");
  await page.reload();
  expect(await textIn(page)).toBe(typed);
});

test("what is typed without a network outlives its page", async ({ page, context, learner: _ }) => {
  await openLab(page);
  await context.setOffline(true);
  await typeBelow(page, "hostname edge", "ip vrf ON_THE_TRAIN");
  await expect(savedStatus(page)).toHaveText("Offline: kept in this browser");
  const typed = await textIn(page);
  await page.close();

  await context.setOffline(false);
  const later = await context.newPage();
  await openLab(later);
  expect(await textIn(later)).toBe(typed);
  await expectSaved(later);
});

test("two tabs show the same text, two devices are asked about theirs", async ({
  page,
  context,
  browser,
  server,
  learner,
}) => {
  await openLab(page);
  const tab = await context.newPage();
  await openLab(tab);
  await typeBelow(page, "hostname edge", "ip vrf FROM_HOME");
  await expect(tab.getByRole("code")).toContainText("FROM_HOME");
  await tab.close();

  const work = await browser.newPage();
  await signIn(work, server, learner);
  await openLab(work, server.url + LAB);
  await typeBelow(page, "ip vrf FROM_HOME", "ip vrf FROM_HOME_AGAIN");
  await expectSaved(page);
  await typeBelow(work, "hostname edge", "ip vrf FROM_WORK");

  const asked = work.getByRole("dialog", { name: "Two versions of your text" });
  await expect(asked).toContainText("ip vrf FROM_WORK");
  await expect(asked).toContainText("ip vrf FROM_HOME_AGAIN");
  await asked.getByRole("button", { name: "Take the one saved elsewhere" }).click();
  expect(await textIn(work)).toBe(await textIn(page));
  await work.getByRole("button", { name: "Undo" }).click();
  expect(await textIn(work)).toContain("ip vrf FROM_WORK");
  await expectSaved(work);
  await work.close();

  // Now it is the page at home that is behind.
  await typeBelow(page, "ip vrf FROM_HOME_AGAIN", "ip vrf LATE");
  const askedToo = page.getByRole("dialog", { name: "Two versions of your text" });
  await askedToo.getByRole("button", { name: "Keep the one here" }).click();
  await expectSaved(page);
  await page.reload();
  expect(await textIn(page)).toContain("ip vrf LATE");
});
