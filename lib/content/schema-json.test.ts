import { format } from "prettier";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { labsUnder } from "./load.ts";
import { labSchema } from "./schema.ts";
import { labJsonSchema } from "./schema-json.ts";

test("docs/schemas/lab.schema.json is current (vitest -u writes it)", async () => {
  const text = await format(labJsonSchema(), { parser: "json", printWidth: 100 });
  await expect(text).toMatchFileSnapshot("../../docs/schemas/lab.schema.json");
});

test("it knows every key of lab.yaml, and says which it needs", () => {
  const schema = JSON.parse(labJsonSchema());
  expect(Object.keys(schema.properties)).toEqual(Object.keys(labSchema.shape));
  expect(schema.required).toEqual(["title", "minutes", "nodes", "objectives"]);
  expect(schema.additionalProperties).toBe(false);
});

test("it accepts forms in quotes where a number is wanted", () => {
  const port =
    JSON.parse(labJsonSchema()).properties.objectives.items.properties.reach.properties.port;
  const pattern = new RegExp(port.anyOf[1].pattern);
  expect(pattern.test(parse('"{{web}}"'))).toBe(true);
  expect(pattern.test("eighty")).toBe(false);
});

test("it takes every lab that ships, as its author wrote it, and refuses a wrong one", async () => {
  const published = JSON.parse(labJsonSchema());
  // Zod reads back all of it but this: that an objective has exactly one of the keys that ask something.
  delete published.properties.objectives.items.oneOf;
  const schema = z.fromJSONSchema(published);
  for (const folder of await labsUnder("content")) {
    const written = parse(await readFile(join(folder, "lab.yaml"), "utf8"));
    expect(schema.safeParse(written).error?.issues ?? []).toEqual([]);
    expect(schema.safeParse({ ...written, minutes: "soon" }).success).toBe(false);
    expect(schema.safeParse({ ...written, titel: "x" }).success).toBe(false);
  }
});
