import { randomUUID } from "node:crypto";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type APIRequestContext, type Locator, type Page, test as base } from "@playwright/test";
import { root, type Server, startServer } from "./server.ts";

export type Account = { readonly name: string; readonly email: string; readonly password: string };

type OfAll = {
  /** A running product. Its courses are a copy, which a test may add to. */
  server: Server;
  administrator: Account;
};
type OfOne = {
  /** A new account, which the test's page is signed in with. */
  learner: Account;
  /** A product that was started for the first time, and that a test may stop and start. */
  ownServer: Server;
};

export const test = base.extend<OfOne, OfAll>({
  server: [
    // Playwright wants to see braces here.
    async ({ browserName: _ }, give) => serverWhile(give),
    { scope: "worker", timeout: 300_000 },
  ],
  administrator: [
    async ({ browser, server }, give) => {
      const account = someone("Grace Hopper");
      const page = await browser.newPage();
      await page.goto(server.welcomeLink()!);
      await fillIn(page, account);
      await page.getByRole("button", { name: "Become administrator" }).click();
      await page.waitForURL(`${server.url}/`);
      await page.close();
      await give(account);
    },
    { scope: "worker" },
  ],
  baseURL: ({ server }, give) => give(server.url),
  ownServer: async ({ browserName: _ }, give) => serverWhile(give),
  learner: async ({ context, server }, give) => {
    const account = someone("Ada Lovelace");
    await signUp(context.request, server, account);
    await give(account);
  },
});

/** A product on folders that are gone afterwards. */
async function serverWhile(work: (server: Server) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "strata-e2e-"));
  try {
    const content = path.join(folder, "content");
    cpSync(path.join(root, "content"), content, { recursive: true });
    const server = await startServer({ data: path.join(folder, "data"), content });
    try {
      await work(server);
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Somebody no other test knows. */
export function someone(name: string): Account {
  const id = randomUUID().slice(0, 8);
  const email = `${name.split(" ")[0]!.toLowerCase()}-${id}@example.org`;
  return { name, email, password: `three short words ${id}` };
}

/** Sign somebody up without the form, where the form is not what is tested. */
export async function signUp(request: APIRequestContext, server: Server, account: Account) {
  const url = `${server.url}/api/auth/sign-up/email`;
  const answer = await request.post(url, { data: account, headers: { origin: server.url } });
  if (!answer.ok()) throw new Error(`Nobody could sign up: ${await answer.text()}`);
}

export async function signIn(page: Page, server: Server, account: Account): Promise<void> {
  await page.goto(`${server.url}/sign-in`);
  await page.getByLabel("E-mail address").fill(account.email);
  await page.getByLabel("Password").fill(account.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${server.url}/`);
}

/** Whatever of an account the form at hand asks for. */
export async function fillIn(page: Page, account: Account): Promise<void> {
  await page.getByLabel("Name").fill(account.name);
  await page.getByLabel("E-mail address").fill(account.email);
  await page.getByLabel("Password").fill(account.password);
}

/** What opens the menu of whoever is signed in; others have none. */
export function accountMenu(page: Page): Locator {
  // Browsers give a summary no role to look for.
  return page.getByRole("banner").locator("summary");
}
