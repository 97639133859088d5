import { expect } from "@playwright/test";
import { accountMenu, fillIn, signIn, signUp, someone, test } from "./strata.ts";
import { LAB, LESSON } from "./workbench.ts";

test("signing up and in says in plain words what is wrong, and keeps what was typed", async ({
  page,
  server,
}) => {
  const learner = someone("Ada Lovelace");
  await page.goto("/sign-up");
  await fillIn(page, { ...learner, password: "short" });
  await page.getByRole("button", { name: "Sign up" }).click();
  await expect(page.getByLabel("Password")).toBeFocused();
  await expect(page.getByLabel("Password")).toHaveAccessibleDescription(/at least 8 characters;/);
  await expect(page.getByLabel("Name")).toHaveValue(learner.name);
  await expect(page.getByLabel("E-mail address")).toHaveValue(learner.email);

  await page.getByLabel("E-mail address").fill("ada");
  await page.getByLabel("Password").fill(learner.password);
  await page.getByRole("button", { name: "Sign up" }).click();
  await expect(page.getByLabel("E-mail address")).toHaveAccessibleDescription(
    /This is not an e-mail address/,
  );

  await signUp(page.context().request, server, learner);
  await page.context().clearCookies();
  await fillIn(page, learner);
  await page.getByRole("button", { name: "Sign up" }).click();
  await expect(page.getByRole("main").getByRole("alert")).toContainText(
    "There is an account with this e-mail address already.",
  );

  await page.getByRole("link", { name: "Sign in" }).last().click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
  await page.getByLabel("E-mail address").fill(learner.email);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("main").getByRole("alert")).toContainText(
    "There is no account with this e-mail address and password.",
  );
});

test("a visitor who wants a lab signs in, gets it, and signs out", async ({
  page,
  server,
  request,
}) => {
  const learner = someone("Ada Lovelace");
  await signUp(request, server, learner);
  await page.goto(LAB);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
  await page.getByLabel("E-mail address").fill(learner.email.toUpperCase());
  await page.getByLabel("Password").fill(learner.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(LAB);

  await page.goto("/");
  await accountMenu(page).click();
  await expect(page.getByRole("link", { name: "People" })).toBeHidden();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("main").getByRole("link", { name: "Sign up" })).toBeVisible();
  await page.goto(LAB);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
});

test("a forgotten password is set anew by a link that works once", async ({
  page,
  browser,
  server,
  administrator,
  learner,
}) => {
  await page.goto("/admin/people");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(
    "There is nothing at this address",
  );

  const office = await browser.newPage();
  await signIn(office, server, administrator);
  await accountMenu(office).click();
  await office.getByRole("link", { name: "People" }).click();
  const row = office.getByRole("row").filter({ hasText: learner.email });
  await row.getByRole("button", { name: "Make a reset link" }).click();
  const link = await row.getByLabel("Link").inputValue();
  await office.close();

  const elsewhere = await browser.newPage();
  await elsewhere.goto(link);
  await expect(elsewhere.getByText(learner.email)).toBeVisible();
  await elsewhere.getByLabel("New password").fill("four other short words");
  await elsewhere.getByRole("button", { name: "Set the password" }).click();
  await expect(accountMenu(elsewhere)).toBeVisible();
  await elsewhere.goto(link);
  await expect(elsewhere.getByRole("heading", { level: 1 })).toHaveText(
    "This link does not work any more",
  );
  await elsewhere.close();

  // The browser that was signed in with the old password is not any more.
  await page.goto("/");
  await expect(page.getByRole("main").getByRole("link", { name: "Sign in" })).toBeVisible();
  await signIn(page, server, { ...learner, password: "four other short words" });
  await expect(accountMenu(page)).toBeVisible();
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });

  test("one signs in, is told what is wrong, and reads a lesson", async ({
    page,
    server,
    request,
  }) => {
    const learner = someone("Ada Lovelace");
    await signUp(request, server, learner);
    await page.goto("/sign-in");
    await page.getByLabel("E-mail address").fill(learner.email);
    await page.getByLabel("Password").fill("not the password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert")).toContainText("There is no account with this");
    await expect(page.getByLabel("E-mail address")).toHaveValue(learner.email);
    await page.getByLabel("Password").fill(learner.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await accountMenu(page).click();
    await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();

    await page.goto(LESSON);
    await expect(page.getByRole("img", { name: /^The network: edge/ }).first()).toBeVisible();
    const walks = page.getByRole("list", { name: "The walk, hop by hop" });
    await expect(walks.first()).toBeVisible();
    const wrong = page.getByText("By the source address in the packet");
    const right = page.getByText("By the port it came in by");
    await wrong.click();
    await expect(page.getByText("No. Look again, and try another.").first()).toBeVisible();
    await right.click();
    await expect(page.getByText(/^Yes\. GigabitEthernet0\/4 is in one VRF/)).toBeVisible();
  });
});
