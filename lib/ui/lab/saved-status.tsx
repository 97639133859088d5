"use client";

import { useEffect, useState } from "react";
import chrome from "#lib/ui/chrome/pieces.module.css";
import type { DraftView } from "./draft-keeper.ts";
import css from "./workbench.module.css";

/** Where the text is now. The seconds tick for those who look; a listener hears only what changed. */
export function SavedStatus({ draft, onRetry }: { draft: DraftView; onRetry: () => void }) {
  const now = useNow(draft.savedAt);
  const words = wordsOf(draft);
  return (
    <span className={css.saved} data-status={draft.status}>
      <span role="status" className={draft.status === "saved" ? chrome.sr : undefined}>
        {words}
      </span>
      {draft.status === "saved" && (
        <span aria-hidden="true" className={chrome.num}>
          {draft.savedAt === null || now === null ? "Saved" : `Saved ${agoOf(now - draft.savedAt)}`}
        </span>
      )}
      {(draft.status === "offline" || draft.status === "refused") && (
        <button type="button" className={css.retry} onClick={onRetry}>
          Try now
        </button>
      )}
    </span>
  );
}

function wordsOf({ status, message }: DraftView): string {
  switch (status) {
    case "saved":
      return "Saved";
    case "unsaved":
    case "saving":
      return "Saving";
    case "offline":
      return "Offline: kept in this browser";
    case "conflict":
      return "Two versions: choose one";
    case "refused":
      return message ?? "Not saved: kept in this browser";
  }
}

/** A duration as a person would say it. */
export function agoOf(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** The time, once a second for the first minute and then once a minute; `null` until the page lives. */
function useNow(since: number | null): number | null {
  const [now, setNow] = useState<number | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const tick = () => {
      const time = Date.now();
      setNow(time);
      timer = setTimeout(tick, since !== null && time - since < 60_000 ? 1000 : 20_000);
    };
    tick();
    return () => clearTimeout(timer);
  }, [since]);
  return now;
}
