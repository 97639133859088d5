import type { KnownPart, KnownState, Language } from "#lib/net/languages.ts";

/** The state of a statement, as readers of documents are told. */
export const STATES: Readonly<Record<KnownState, string>> = {
  simulated: "Simulated",
  inert: "Accepted, without effect on packets",
  unsimulated: "Known, not simulated: what depends on it is undecided",
};

/** The page of a language in `docs/languages`: all that is known of it, part by part and state by state. */
export function pageOf({ title, files, others, parts }: Language): string {
  const count = (state: KnownState) =>
    parts.flatMap(({ statements }) => statements).filter((one) => one.state === state).length;
  return `${[
    `<!-- Made by \`npm run languages\` from the tables that read the language. Do not edit. -->`,
    `# ${title}`,
    `All that can be read in ${files}: ${count("simulated")} statements are simulated, ${count("inert")} accepted without effect on packets, and ${count("unsimulated")} known but not simulated. Anything else is ${others}.`,
    ...parts.map(partOf),
  ].join("\n\n")}\n`;
}

function partOf({ title, statements }: KnownPart): string {
  const lists = (Object.keys(STATES) as KnownState[]).flatMap((state) => {
    const rows = statements.filter((one) => one.state === state);
    if (rows.length === 0) return [];
    return [
      `### ${STATES[state]}`,
      rows.map(({ words, help }) => `- ${code(words)}: ${help}`).join("\n"),
    ];
  });
  return [`## ${title}`, ...lists].join("\n\n");
}

const code = (words: string) => (words.includes("`") ? `\`\` ${words} \`\`` : `\`${words}\``);
