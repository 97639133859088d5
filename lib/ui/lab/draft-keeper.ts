import type { Files } from "#lib/net/source/span.ts";

/** How the server answers a save. Not being reached at all is a rejected promise. */
export type SaveAnswer =
  | { readonly kind: "saved"; readonly revision: number }
  | { readonly kind: "conflict"; readonly revision: number; readonly files: Files }
  | { readonly kind: "refused"; readonly message: string };

/** What the browser itself keeps until the server has it: the text, what it was based on, and what was sent unanswered. */
export type Kept = {
  readonly files: Files;
  readonly revision: number;
  readonly sent: readonly Files[];
};

export type Shelf = {
  read(): Kept | null;
  write(kept: Kept): void;
  clear(): void;
};

export type Status = "saved" | "unsaved" | "saving" | "offline" | "conflict" | "refused";

export type DraftView = {
  readonly files: Files;
  /** Goes up whenever the files changed by something other than typing here. */
  readonly stamp: number;
  readonly status: Status;
  readonly savedAt: number | null;
  readonly message: string | null;
  readonly conflict: { readonly mine: Files; readonly theirs: Files } | null;
  /** The files before the last big change, to take it back in one step; taking it back is such a change again. */
  readonly undo: { readonly files: Files; readonly what: string } | null;
};

/** What tabs of one browser tell each other. */
export type Heard = {
  readonly kind: "edited" | "saved";
  readonly files: Files;
  readonly revision: number;
};

export type Keeper = {
  /** Begin: take up what the browser kept when the page was last closed. */
  wake(): void;
  view(): DraftView;
  subscribe(listener: () => void): () => void;
  /** One file, as typed. */
  edit(path: string, text: string): void;
  /** All files at once, such as a submission that is restored; can be taken back. */
  replace(files: Files, what: string): void;
  undo(): void;
  dismissUndo(): void;
  /** Save now rather than when typing stops; resolves when nothing is left to send or it could not be sent. */
  save(): Promise<void>;
  resolve(which: "mine" | "theirs"): void;
  hear(message: Heard): void;
  dispose(): void;
};

const STILL = 800;
const RETRY_FIRST = 1000;
const RETRY_MOST = 30_000;
/** Texts on their way that are remembered: any of them may be what the server turns out to hold. */
const SENT_MOST = 4;

/**
 * Keeps a learner's text: in the browser at once, on the server when typing pauses. It never overwrites what it has not
 * seen: when the server holds something newer, it stops and asks.
 */
export function keepDraft({
  start,
  send,
  shelf,
  tell,
  now,
}: {
  start: { readonly files: Files; readonly revision: number; readonly savedAt: number | null };
  send: (files: Files, baseRevision: number) => Promise<SaveAnswer>;
  shelf: Shelf;
  tell: (message: Heard) => void;
  now: () => number;
}): Keeper {
  let revision = start.revision;
  let sent: readonly Files[] = [];
  /** What was here when this tab last was in step with the server or another tab. */
  let basis = start.files;
  let view: DraftView = {
    files: start.files,
    stamp: 0,
    status: "saved",
    savedAt: start.savedAt,
    message: null,
    conflict: null,
    undo: null,
  };
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let inFlight: Promise<void> | null = null;
  let disposed = false;
  const listeners = new Set<() => void>();

  const show = (change: Partial<DraftView>) => {
    view = { ...view, ...change };
    for (const listener of listeners) listener();
  };
  const later = (delay: number) => {
    if (timer) clearTimeout(timer);
    timer = disposed ? null : setTimeout(() => void save(), delay);
  };
  const keep = () => shelf.write({ files: view.files, revision, sent });
  const dirty = () => view.status !== "saved";

  const changed = (files: Files, change: Partial<DraftView>) => {
    const status =
      view.status === "conflict" || view.status === "offline" ? view.status : "unsaved";
    show({ files, status, message: null, ...change });
    keep();
    tell({ kind: "edited", files, revision });
    if (status !== "conflict" && (status !== "offline" || !timer)) later(STILL);
  };

  const settle = (files: Files, atRevision: number) => {
    revision = atRevision;
    basis = files;
    sent = [];
    failures = 0;
    tell({ kind: "saved", files, revision });
    if (sameFiles(view.files, files)) {
      shelf.clear();
      show({ status: "saved", savedAt: now(), message: null, conflict: null });
    } else {
      show({ status: "unsaved", savedAt: now(), message: null });
      keep();
      later(STILL);
    }
  };

  const clash = (theirs: Files, theirRevision: number) => {
    // The server may hold what this tab sent itself, when the answer to that was lost on the way.
    if (sameFiles(theirs, view.files) || holds(sent, theirs)) {
      settle(theirs, theirRevision);
      return;
    }
    revision = theirRevision;
    basis = theirs;
    sent = [];
    show({ status: "conflict", conflict: { mine: view.files, theirs } });
  };

  const sendOnce = async () => {
    const files = view.files;
    const base = revision;
    if (!holds(sent, files)) sent = [...sent, files].slice(-SENT_MOST);
    keep();
    show({ status: "saving" });
    try {
      const answer = await send(files, base);
      if (answer.kind === "saved") settle(files, answer.revision);
      else if (answer.kind === "conflict") clash(answer.files, answer.revision);
      else show({ status: "refused", message: answer.message });
    } catch {
      failures++;
      show({ status: "offline" });
      later(Math.min(RETRY_MOST, RETRY_FIRST * 2 ** (failures - 1)));
    }
  };

  const save = async (): Promise<void> => {
    if (timer) clearTimeout(timer);
    timer = null;
    if (inFlight) {
      await inFlight;
      return dirty() && view.status === "unsaved" ? save() : undefined;
    }
    if (!dirty() || view.status === "conflict") return;
    inFlight = sendOnce();
    await inFlight;
    inFlight = null;
  };

  const adopt = (files: Files, change: Partial<DraftView>) =>
    show({ files, stamp: view.stamp + 1, ...change });

  const hear = (message: Heard) => {
    if (message.kind === "edited") {
      if (dirty() || message.revision !== revision) return;
      basis = message.files;
      adopt(message.files, {});
      return;
    }
    if (!dirty()) {
      revision = message.revision;
      basis = message.files;
      if (sameFiles(view.files, message.files)) show({ savedAt: now() });
      else adopt(message.files, { savedAt: now() });
    } else if (sameFiles(basis, message.files) && message.revision > revision) {
      revision = message.revision;
      keep();
    }
  };

  const resolve = (which: "mine" | "theirs") => {
    if (!view.conflict) return;
    const { theirs } = view.conflict;
    if (which === "mine") {
      show({ status: "unsaved", conflict: null });
      keep();
      void save();
      return;
    }
    const undo = { files: view.files, what: "Took the other version." };
    shelf.clear();
    adopt(theirs, { status: "saved", savedAt: now(), conflict: null, undo });
  };

  const wake = () => {
    disposed = false;
    const kept = dirty() ? null : shelf.read();
    if (!kept) return dirty() ? later(STILL) : undefined;
    if (sameFiles(kept.files, view.files)) return shelf.clear();
    const theirs = view.files;
    const known = kept.revision === revision || holds(kept.sent, theirs);
    show({ files: kept.files, stamp: view.stamp + 1, status: "unsaved" });
    if (known) {
      keep();
      later(0);
    } else {
      clash(theirs, revision);
    }
  };

  return {
    wake,
    view: () => view,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    edit(path, text) {
      if (view.files[path] === text) return;
      changed({ ...view.files, [path]: text }, {});
    },
    replace(files, what) {
      const undo = { files: view.files, what };
      changed(files, { stamp: view.stamp + 1, undo });
    },
    undo() {
      if (!view.undo) return;
      // What was typed since is not lost by it either.
      const undo = { files: view.files, what: "Brought back the text from before that." };
      changed(view.undo.files, { stamp: view.stamp + 1, undo });
    },
    dismissUndo: () => show({ undo: null }),
    save,
    resolve,
    hear,
    dispose() {
      disposed = true;
      if (timer) clearTimeout(timer);
      listeners.clear();
    },
  };
}

function holds(sent: readonly Files[], files: Files): boolean {
  return sent.some((it) => sameFiles(it, files));
}

export function sameFiles(a: Files, b: Files): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** A shelf in the browser's own storage. A browser that keeps nothing (private mode, full disk) costs only the copy. */
export function browserShelf(storage: Storage, key: string): Shelf {
  return {
    read: () => attempt(() => keptOf(storage.getItem(key))) ?? null,
    write: (kept) => void attempt(() => storage.setItem(key, JSON.stringify(kept))),
    clear: () => void attempt(() => storage.removeItem(key)),
  };
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function keptOf(text: string | null): Kept | null {
  if (text === null) return null;
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) return null;
  const { files, revision, sent } = value as Record<string, unknown>;
  if (!areFiles(files) || typeof revision !== "number") return null;
  return { files, revision, sent: Array.isArray(sent) ? sent.filter(areFiles) : [] };
}

function areFiles(value: unknown): value is Files {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((text) => typeof text === "string")
  );
}
