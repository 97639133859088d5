import { expect, test, vi } from "vitest";

// Vitest has a BASE_URL of its own.
vi.stubEnv("BASE_URL", "");
const { parseEnv } = await import("./env.ts");

test("what is not given, or empty, has a default", () => {
  expect(parseEnv({ PORT: "", LOG_LEVEL: "warn" })).toMatchObject({
    PORT: 3000,
    HOST: "127.0.0.1",
    LOG_LEVEL: "warn",
  });
});

test("the public address has no slash at its end", () => {
  expect(parseEnv({ BASE_URL: "https://strata.example.org/" }).BASE_URL).toBe(
    "https://strata.example.org",
  );
});

test.each([
  [{ PORT: "http" }, 'PORT is "http"; it must be a whole number from 1 to 65535.'],
  [{ PORT: "70000" }, 'PORT is "70000"; it must be a whole number from 1 to 65535.'],
  [{ LOG_LEVEL: "loud" }, 'LOG_LEVEL is "loud"; it must be one of'],
  [{ BASE_URL: "ftp://host" }, 'BASE_URL is "ftp://host"; it must be an address such as'],
  [{ PORT: "1.5", LOG_LEVEL: "x" }, 'LOG_LEVEL is "x"'],
])("%o is refused by name", (given, sentence) => {
  expect(() => parseEnv(given)).toThrow(sentence);
});
