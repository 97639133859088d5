import { expect, test } from "vitest";
import { baseUrlOf, isFromOurPages, localPath } from "./origin.ts";

test.each([
  ["/learn/a/b?c=d#e", "/learn/a/b?c=d#e"],
  ["/", "/"],
  ["/learn/../admin/people", "/admin/people"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["/\t/evil.example", "/"],
  ["/\n/evil.example", "/"],
  ["/a\\..\\evil", "/"],
  ["https://evil.example/", "/"],
  ["javascript:alert(1)", "/"],
  ["learn", "/"],
  ["", "/"],
  [null, "/"],
  [["/a"], "/"],
])("after signing in, %j leads to %j", (next, path) => {
  expect(localPath(next)).toBe(path);
});

test.each([
  ["our page", { host: "lab.local:3000", origin: "http://lab.local:3000" }, true],
  [
    "our page, behind a proxy",
    { host: "127.0.0.1:3000", "x-forwarded-host": "lab.org", origin: "https://lab.org" },
    true,
  ],
  ["another site", { host: "lab.local:3000", origin: "http://evil.example" }, false],
  [
    "another port of the same machine",
    { host: "lab.local:3000", origin: "http://lab.local:8080" },
    false,
  ],
  ["a page that hides its origin", { host: "lab.local:3000", origin: "null" }, false],
  ["a private page of ours", { host: "a", origin: "null", "sec-fetch-site": "same-origin" }, true],
  ["nonsense", { host: "lab.local:3000", origin: "lab.local:3000" }, false],
  ["a program that is no browser", { host: "lab.local:3000" }, true],
  ["a browser that says another site asked", { host: "a", "sec-fetch-site": "cross-site" }, false],
])("a request from %s", (_what, headers, ours) => {
  expect(isFromOurPages(new Headers(headers as Record<string, string>))).toBe(ours);
});

test("links are for the address people use", () => {
  expect(baseUrlOf(new Headers({ host: "10.0.0.5:3000" }), undefined)).toBe("http://10.0.0.5:3000");
  const proxied = {
    host: "127.0.0.1:3000",
    "x-forwarded-host": "lab.org",
    "x-forwarded-proto": "https",
  };
  expect(baseUrlOf(new Headers(proxied), undefined)).toBe("https://lab.org");
  expect(baseUrlOf(new Headers(proxied), "https://strata.example.org")).toBe(
    "https://strata.example.org",
  );
});
