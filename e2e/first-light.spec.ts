import { expect } from "@playwright/test";
import { accountMenu, fillIn, signIn, someone, test } from "./strata.ts";
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
  textIn,
  typeBelow,
  verdict,
} from "./workbench.ts";

test("from a first start to a lab that is solved, graded and still there the next day", async ({
  browser,
  ownServer: server,
}) => {
  test.setTimeout(120_000);
  const administrator = someone("Grace Hopper");
  const learner = someone("Ada Lovelace");

  await test.step("the printed link makes the administrator, once", async () => {
    const link = server.welcomeLink()!;
    const page = await browser.newPage();
    await page.goto(link);
    await fillIn(page, administrator);
    await page.getByRole("button", { name: "Become administrator" }).click();
    await accountMenu(page).click();
    await page.getByRole("link", { name: "People" }).click();
    await expect(page.getByText("One account on this server")).toBeVisible();
    await page.goto(link);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(
      "This link does not work any more",
    );
    await page.close();
  });

  const first = await browser.newPage();
  await test.step("a learner signs up and reads the lesson", async () => {
    await first.goto(server.url);
    await first.getByRole("main").getByRole("link", { name: "Sign up" }).click();
    await fillIn(first, learner);
    await first.getByRole("button", { name: "Sign up" }).click();
    await first.getByRole("link", { name: "Virtualization in Networking" }).click();
    await first.getByRole("link", { name: "Many routers in one" }).click();
    await expect(first.getByRole("heading", { level: 1 })).toHaveText("Many routers in one");
    await expect(first.getByText("Read the stop at edge.")).toBeVisible();
  });

  await test.step("each objective changes while the missing lines are typed", async () => {
    await first.getByRole("link", { name: "The lab of this lesson" }).click();
    await expectStates(first, { [A]: "Fails", [B]: "Fails", [APART]: "Blocked" });
    const { left, right, mask } = await addressesOf(first);

    await typeBelow(first, "hostname edge", "ip vrf CUSTOMER_A", "rd 100:1");
    await typeBelow(first, "customer A, left", ...portLines("A", left, mask));
    await expectStates(first, { [A]: "Fails", [B]: "Fails", [APART]: "Blocked" });
    await typeBelow(first, "customer A, right", ...portLines("A", right, mask));
    await expectStates(first, { [A]: "Holds", [B]: "Fails", [APART]: "Blocked" });
    await expect(first.getByText("2 of 10 points so far")).toBeVisible();

    await typeBelow(first, "rd 100:1", "ip vrf CUSTOMER_B", "rd 100:2");
    await typeBelow(first, "customer B, left", ...portLines("B", left, mask));
    await typeBelow(first, "customer B, right", ...portLines("B", right, mask));
    await expectStates(first, { [A]: "Holds", [B]: "Holds", [APART]: "Holds" });
    await expect(first.getByText("8 of 10 points so far")).toBeVisible();
  });

  const typed = await textIn(first);
  await test.step("the verdict counts the hidden objective, too", async () => {
    await first.getByRole("button", { name: "Submit", exact: true }).click();
    await expect(verdict(first)).toContainText("Submission 1: 10 of 10 points");
    await expect(verdict(first)).toContainText("The hidden objective holds.");
    await expectSaved(first);
    await first.close();
  });

  await test.step("the server is started once more, and invites nobody", async () => {
    await server.stop();
    await server.start();
    expect(server.welcomeLink()).toBeNull();
  });

  await test.step("another browser finds everything", async () => {
    const page = await browser.newPage();
    await signIn(page, server, learner);
    await expect(page.getByText("Lab, 10 of 10")).toBeVisible();
    await page.getByRole("link", { name: "Done: Many routers in one" }).click();
    await expect(page.getByText("Your best so far: 10 of 10 points")).toBeVisible();
    await openLab(page, server.url + LAB);
    expect(await textIn(page)).toBe(typed);
    await expectStates(page, { [A]: "Holds", [B]: "Holds", [APART]: "Holds" });
    await page.getByRole("button", { name: "Submissions 1" }).click();
    await page.getByRole("link", { name: "Verdict of submission 1" }).click();
    await expect(page.getByText("10 of 10 points")).toBeVisible();
    await expect(page.getByRole("heading", { name: "Holds: Hidden objective" })).toBeVisible();
    await expect(page.getByRole("main")).toContainText("ip vrf forwarding CUSTOMER_B");
    await page.close();
  });
});
