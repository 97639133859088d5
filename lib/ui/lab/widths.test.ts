import { expect, test } from "vitest";
import { cookieOf, widthsOf } from "./widths.ts";

test("widths come back from a cookie, and rubbish does not", () => {
  const widths = { files: 20, network: 50.5, objectives: 29.5 };
  expect(widthsOf(cookieOf(widths))).toEqual(widths);
  for (const rubbish of [undefined, "", "1-2-3", "50-50", "a-b-c", "0-70-30", "40-40-40"]) {
    expect(widthsOf(rubbish)).toBeNull();
  }
});
