import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { type Browser, type Page, expect } from "@playwright/test";
import Database from "better-sqlite3";
import { type OwnCourse, withCourse } from "./course.ts";
import { type Recorder, recordAll } from "./recorder.ts";
import { root, type Server } from "./server.ts";
import { type Account, accountMenu, fillIn, signUp, someone, test } from "./strata.ts";
import {
  A,
  addressesOf,
  APART,
  B,
  expectSaved,
  expectStates,
  openLab,
  replaceText,
  solvedText,
  verdict,
} from "./workbench.ts";

test("no secret of the author's, a neighbour's or the server's reaches a browser", async ({
  page,
  browser,
  server,
  administrator,
}) => {
  test.setTimeout(120_000);
  const neighbour = someone("Eve Neighbour");
  const learner = someone("Ada Lovelace");
  const recorder = await recordAll(server.url);
  const elsewhere: string[] = [];
  page.on("request", (it) => {
    const { protocol, origin } = new URL(it.url());
    if (/^(http|ws)/.test(protocol) && origin !== recorder.url) elsewhere.push(it.url());
  });

  await withCourse(server, "secretive", async (course) => {
    const ofAuthor = plantSecrets(course);
    const theirs = await submitAs(neighbour, { browser, server, course });
    await learn(page, { recorder, course, learner });
    await pry(page, { recorder, course, theirs });

    const ofServer = secretsIn(server);
    const ofPeople = [NEIGHBOURS_LINE, neighbour.email, administrator.email, learner.password];
    expect(ofAuthor.length).toBeGreaterThan(12);
    expect(ofServer.length).toBeGreaterThan(6);

    const exchangesWith = (text: string) =>
      recorder.exchanges.filter((it) => it.text.includes(text)).map((it) => it.asked);
    // Open to the learner. Had these not been found, not finding the others would mean nothing.
    for (const open of [A, "customer A, left", learner.email, "Hidden objective", "rd 65000:1"]) {
      expect(exchangesWith(open), open).not.toEqual([]);
    }
    const leaks = [...ofAuthor, ...ofServer, ...ofPeople].flatMap((secret) =>
      exchangesWith(secret).map((asked) => `${secret} in ${asked}`),
    );
    expect(leaks).toEqual([]);
  });
  await recorder.close();
  expect(elsewhere, "requests to other hosts").toEqual([]);
});

const NEIGHBOURS_LINE = "ip vrf ZQNEIGHBOUR";

/** Words that stand nowhere else: in each answer, in the hidden objective, in what only authors read. */
function plantSecrets(course: OwnCourse): string[] {
  const answers = course.files().filter((it) => /^lab\/(solution|also|wrong)\//.test(it));
  const words = answers.map((file, at) => {
    course.write(file, `! zqanswer${at}x\n${course.read(file)}`);
    return `zqanswer${at}x`;
  });
  const yaml = "lab/lab.yaml";
  course.edit(yaml, "apart-from-attackers", "zqhidden");
  course.edit(yaml, "Not even with forged addresses and frames", "Zqtitle");
  course.edit(
    yaml,
    "hints:",
    '# zqcomment\nhints:\n  - { for: zqhidden, after: 0, text: "Zqhint" }',
  );
  return [...words, "zqhidden", "Zqtitle", "zqcomment", "Zqhint", "stray-route", "one-port-astray"];
}

/** Somebody else's work on the lab; gives back the address of their verdict. */
async function submitAs(
  account: Account,
  { browser, server, course }: { browser: Browser; server: Server; course: OwnCourse },
): Promise<string> {
  const page = await browser.newPage();
  await signUp(page.request, server, account);
  await openLab(page, server.url + course.lab);
  await replaceText(page, NEIGHBOURS_LINE);
  await page.getByRole("button", { name: "Submit", exact: true }).click();
  const address = await page.getByRole("link", { name: "The whole verdict" }).getAttribute("href");
  await expectSaved(page);
  await page.close();
  return address!;
}

/** Everything a learner does, from signing up to full points, by way of an answer that fails what is hidden. */
async function learn(
  page: Page,
  { recorder, course, learner }: { recorder: Recorder; course: OwnCourse; learner: Account },
): Promise<void> {
  await page.goto(`${recorder.url}/sign-up`);
  await fillIn(page, learner);
  await page.getByRole("button", { name: "Sign up" }).click();
  await expect(accountMenu(page)).toBeVisible();
  await page.goto(`${recorder.url}/learn/${course.id}`);
  await page.getByRole("link", { name: "Many routers in one" }).click();
  await page.getByRole("link", { name: "The lab of this lesson" }).click();
  await expectStates(page, { [A]: "Fails", [B]: "Fails", [APART]: "Blocked" });

  const addresses = await addressesOf(page);
  const solved = solvedText(addresses).replace("rd 100:1", "rd 65000:1");
  const host = addresses.left.replace(/\.1$/, ".10");
  const stray = `ip route vrf CUSTOMER_A 198.51.100.0 255.255.255.0 GigabitEthernet0/3 ${host}`;
  await replaceText(page, solved.replace("end", stray));
  await expectStates(page, { [A]: "Holds", [B]: "Holds", [APART]: "Holds" });
  await page.getByRole("button", { name: "Submit", exact: true }).click();
  await expect(verdict(page)).toContainText("The hidden objective does not hold.");
  await replaceText(page, solved);
  await page.getByRole("button", { name: "Submit", exact: true }).click();
  await expect(verdict(page)).toContainText("Submission 2: 10 of 10 points");
  await expectSaved(page);
  await page.getByRole("button", { name: "Submissions 2" }).click();
  await page.getByRole("link", { name: "Verdict of submission 1" }).click();
  await expect(page.getByRole("heading", { name: "Fails: Hidden objective" })).toBeVisible();
  await page.goto(recorder.url);
}

/** And what somebody would try who wants more than that. */
async function pry(
  page: Page,
  { recorder, course, theirs }: { recorder: Recorder; course: OwnCourse; theirs: string },
): Promise<void> {
  const cookies = await page.context().cookies(recorder.url);
  const cookie = cookies.map((it) => `${it.name}=${it.value}`).join("; ");
  const folder = `courses/${course.id}/30-vrfs/10-many-routers-in-one/lab`;
  const closed = [
    theirs,
    "/admin/people",
    ...["solution", "solution/edge/startup.ios", "lab.yaml"].flatMap((it) => [
      `/content/${folder}/${it}`,
      `/${folder}/${it}`,
      `${course.lab}/${it}`,
      `/api/labs/${course.id}/many-routers-in-one/${it}`,
      `/_next/static/../../content/${folder}/${it}`,
      `/_next/static/..%2f..%2fcontent%2f${folder.replaceAll("/", "%2f")}%2f${it}`,
      `/learn/${course.id}/..%2f..%2f..%2f${it}`,
    ]),
    "/learn/..%2f../many-routers-in-one/lab",
    ...["strata.db", "secret"].flatMap((it) => [`/data/${it}`, `/../data/${it}`, `/${it}`]),
    ...["package.json", ".env", "next.config.ts", "lib/auth/auth.ts", ".next/BUILD_ID"].flatMap(
      (it) => [`/${it}`, `/_next/static/../../${it}`],
    ),
    ...scripts().map((it) => `${it}.map`),
  ];
  expect((await recorder.ask(course.lab, { cookie })).status).toBe(200);
  for (const it of closed) {
    for (const headers of [{ cookie }, { cookie, rsc: "1" }]) {
      const { status } = await recorder.ask(it, headers);
      expect(status, it).toBeGreaterThanOrEqual(300);
    }
  }
  for (const it of scripts()) expect((await recorder.ask(it)).status, it).toBe(200);
}

/** All scripts of the build, whether or not a page of this session wanted them. */
function scripts(): string[] {
  const found = readdirSync(path.join(root, ".next/static"), { recursive: true, encoding: "utf8" });
  return found.filter((it) => it.endsWith(".js")).map((it) => `/_next/static/${it}`);
}

/** What the server must keep to itself: hashes of passwords and links, tokens of sessions, its own key. */
function secretsIn(server: Server): string[] {
  const db = new Database(path.join(server.data, "strata.db"), { readonly: true });
  const column = (query: string) => db.prepare(query).pluck().all() as string[];
  const secrets = [
    ...column("select password from account where password is not null"),
    ...column("select token from session"),
    ...column("select token_hash from one_time_link"),
  ];
  db.close();
  return [...secrets, readFileSync(path.join(server.data, "secret"), "utf8").trim()];
}
