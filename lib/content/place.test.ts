import { describe, expect, test } from "vitest";
import { idOfFolder, isId, lessonId } from "./place.ts";

describe("ids from URLs", () => {
  test.each([
    ["virtual-networks", true],
    ["vrfs", true],
    ["30-vrfs", true],
    ["a", true],
    ["", false],
    [".", false],
    ["..", false],
    ["../db", false],
    ["a/b", false],
    ["a\\b", false],
    ["a%2fb", false],
    ["A", false],
    ["a b", false],
    ["a--b", false],
    ["-a", false],
    ["a-", false],
    ["a.b", false],
    ["a\0", false],
    ["a\n", false],
    ["__proto__", false],
    ["é", false],
    ["x".repeat(64), true],
    ["x".repeat(65), false],
  ])("%j", (text, expected) => {
    expect(isId(text)).toBe(expected);
  });

  test.each([
    ["virtual-networks", "many-routers-in-one", "virtual-networks/many-routers-in-one"],
    ["virtual-networks", "..", null],
    ["..", "many-routers-in-one", null],
    ["virtual-networks/x", "y", null],
    ["", "", null],
  ])("lesson %j %j", (course, lesson, expected) => {
    expect(lessonId(course, lesson)).toBe(expected);
  });
});

test.each([
  ["30-vrfs", "vrfs"],
  ["10-many-routers-in-one", "many-routers-in-one"],
  ["vrfs", null],
  ["30-", null],
  ["30-..", null],
  ["30-VRFs", null],
])("folder %j", (folder, expected) => {
  expect(idOfFolder(folder)).toBe(expected);
});
