import { expect } from "@playwright/test";
import { withCourse } from "./course.ts";
import { signIn, test } from "./strata.ts";
import { A, expectSaved, expectStates, openLab, textIn, typeBelow } from "./workbench.ts";

test("an author's edits show on the next request", async ({ page, server, learner: _ }) => {
  await withCourse(server, "in-the-making", async (course) => {
    await page.goto(course.lesson);
    await expect(page.getByText("One router serves two customers")).toBeVisible();
    course.edit("lesson.mdx", "One router serves two customers", "One box carries two tenants");
    await page.reload();
    await expect(page.getByText("One box carries two tenants")).toBeVisible();

    await openLab(page, course.lab);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Many routers in one, lab");
    course.edit("lab/lab.yaml", "title: Many routers in one", "title: Two tenants");
    await page.reload();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Two tenants, lab");
  });
});

test("who has begun a lab keeps it when it changes, until they take the new one", async ({
  page,
  server,
  learner: _,
}) => {
  await withCourse(server, "changing", async (course) => {
    await openLab(page, course.lab);
    await typeBelow(page, "hostname edge", "ip vrf MINE");
    await expectSaved(page);
    const typed = await textIn(page);

    course.edit("lab/lab.yaml", "title: Many routers in one", "title: Two tenants");
    course.edit("lab/lab.yaml", A, "Tenant A is served");
    await page.reload();
    await expect(page.getByText("This lab has changed since you began")).toBeVisible();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Many routers in one, lab");
    await expectStates(page, { [A]: "Fails" });
    expect(await textIn(page)).toBe(typed);

    await page.getByRole("button", { name: "Start the new version" }).click();
    const asked = page.getByRole("dialog", { name: "Start the new version" });
    await asked.getByRole("button", { name: "Start the new version" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Two tenants, lab");
    await expectStates(page, { "Tenant A is served": "Fails" });
    expect(await textIn(page)).not.toContain("MINE");
  });
});

const LESSON_FILE = "30-vrfs/10-many-routers-in-one/lesson.mdx";

test.describe("a broken lesson", () => {
  const breaks = [
    { what: "text", from: "A provider's business", to: "A <Blink>provider</Blink>'s", at: "12:3" },
    { what: "front matter", from: "minutes: 12", to: "minutes: soon", at: "3:10" },
  ];
  for (const { what, from, to, at } of breaks) {
    test(`names its place to an administrator, in its ${what}`, async ({
      page,
      browser,
      server,
      administrator,
      learner: _,
    }) => {
      await withCourse(server, "broken", async (course) => {
        course.edit("lesson.mdx", from, to);
        const place = `courses/broken/${LESSON_FILE}:${at}`;
        const inside = /\bat .+:\d+:\d+|node_modules|\.tsx?\b/;

        const author = await browser.newPage();
        await signIn(author, server, administrator);
        await author.goto(server.url + course.lesson);
        await expect(author.getByRole("main")).toContainText(place);
        await expect(author.getByRole("main")).not.toContainText(inside);
        await author.close();

        await page.goto(course.lesson);
        const main = page.getByRole("main");
        await expect(main).toContainText("cannot be shown");
        await expect(main).not.toContainText(LESSON_FILE);
        await expect(main).not.toContainText(inside);
        await expect(page.getByRole("link", { name: "Strata", exact: true })).toBeVisible();
      });
    });
  }

  test("keeps nobody from the others", async ({ page, server, learner: _ }) => {
    await withCourse(server, "broken", async (course) => {
      course.edit("lesson.mdx", "minutes: 12", "minutes: soon");
      await page.goto("/");
      await page.getByRole("link", { name: "Many routers in one" }).first().click();
      await expect(page.getByText("One router serves two customers")).toBeVisible();
    });
  });
});
