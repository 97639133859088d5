import { writeFile } from "node:fs/promises";
import path from "node:path";
import { languages } from "#lib/net/languages.ts";
import { pageOf } from "./languages/page.ts";

/* Writes docs/languages anew: `npm run languages`. A test says when that is due. */

const folder = path.resolve(import.meta.dirname, "../../docs/languages");
for (const language of languages)
  await writeFile(path.join(folder, `${language.id}.md`), pageOf(language));
console.log(`docs/languages: ${languages.map(({ title }) => title).join(", ")}`);
