import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { overlay, type Overlay } from "#lib/content/answer.ts";
import { ContentError } from "#lib/content/content-error.ts";
import { drawLab, drawText } from "#lib/content/draw.ts";
import type { Lab, LabInstance } from "#lib/content/lab.ts";
import { loadLabFolder } from "#lib/content/load.ts";
import { buildNetwork, type Built } from "#lib/net/network.ts";
import { endpointsNamed, type Endpoint } from "#lib/net/prove/endpoint.ts";
import type { Files } from "#lib/net/source/span.ts";
import { BadCall, wholeNumber } from "./call.ts";

/** The options of every command that looks at one lab with one answer. */
export const labOptions = {
  answer: { type: "string" },
  seed: { type: "string" },
} as const;

/** The seed that is meant when a call names none. */
const SEED = 1;

/** A lab drawn for a seed, and the answer it is looked at with: the start's, where a call names none. */
export type OpenLab = {
  readonly lab: Lab;
  readonly instance: LabInstance;
  readonly answer: Files;
};

export async function openLab(
  path: string,
  options: { readonly answer?: string; readonly seed?: string },
): Promise<OpenLab> {
  const seed = wholeNumber("seed", options.seed, SEED);
  const { lab } = await loadLabFolder(path);
  const answer = options.answer === undefined ? {} : await readAnswer(path, options.answer);
  return { lab, instance: drawLab(lab, seed), answer: filled(lab, seed, answer) };
}

export type BuiltLab = OpenLab & { readonly overlay: Overlay; readonly built: Built };

/** The network of a lab with an answer. */
export async function buildLab(
  path: string,
  options: { readonly answer?: string; readonly seed?: string },
): Promise<BuiltLab> {
  const open = await openLab(path, options);
  const it = overlay(open.instance, open.answer);
  return { ...open, overlay: it, built: buildNetwork(open.instance.topology, it.files) };
}

/** The endpoint that a call names; throws `BadCall` when it is not in the network. */
export function endpointCalled(built: Built, option: string, name: string): Endpoint {
  const [found] = endpointsNamed(built.network, name);
  if (found && found.kind !== "missing") return found;
  const names = [...built.network.devices.keys()].join(", ");
  throw new BadCall(
    `--${option} ${name}: ${found?.what ?? "there is no such place"}. There are ${names}.`,
  );
}

// A form that cannot be filled stays as it is written: what a learner wrote is never the call's fault.
function filled(lab: Lab, seed: number, files: Files): Files {
  return Object.fromEntries(
    Object.entries(files).map(([file, text]) => [file, filledText(lab, seed, file, text)]),
  );
}

function filledText(lab: Lab, seed: number, file: string, text: string): string {
  try {
    return drawText(lab, seed, { [file]: text })[file]!;
  } catch (problem) {
    if (problem instanceof ContentError) return text;
    throw problem;
  }
}

async function readAnswer(lab: string, folder: string): Promise<Files> {
  const kind = await stat(folder).catch(() => null);
  if (!kind?.isDirectory()) {
    const inLab = await stat(join(lab, folder)).catch(() => null);
    const hint = inLab?.isDirectory() ? ` Did you mean ${join(lab, folder)}?` : "";
    throw new BadCall(`--answer ${folder}: there is no such folder.${hint}`);
  }
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files: Record<string, string> = {};
  for (const entry of names) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    // Bytes that are no text become U+FFFD, which the engine points at.
    files[relative(folder, path).replaceAll("\\", "/")] = await readFile(path, "utf8");
  }
  return files;
}
