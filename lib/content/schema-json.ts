import { z } from "zod";
import { labSchema } from "./schema.ts";

/** The shape of `lab.yaml` as JSON Schema, as text for `docs/schemas/lab.schema.json`: editors complete and check with it. */
export function labJsonSchema(): string {
  const schema = z.toJSONSchema(labSchema, { io: "input", target: "draft-7" });
  const titled = {
    ...schema,
    title: "lab.yaml",
    description: "A lab of Strata. docs/labs.md says what it all means.",
  };
  return `${JSON.stringify(titled, null, 2)}\n`;
}
