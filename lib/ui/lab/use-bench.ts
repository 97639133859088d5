"use client";

import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { LabInstance } from "#lib/content/lab.ts";
import type { Report } from "#lib/grading/report.ts";
import type { Files } from "#lib/net/source/span.ts";
import { type LabRef, editableFiles, flipsBetween, pointsText } from "./bench.ts";
import {
  type DraftView,
  type Heard,
  type Keeper,
  type Shelf,
  browserShelf,
  keepDraft,
} from "./draft-keeper.ts";
import { type GradeWorker, type LiveGrader, type LiveView, liveGrader } from "./live-grader.ts";
import { sendDraft } from "./send-draft.ts";

export type StoredDraft = {
  readonly files: Files;
  readonly revision: number;
  readonly savedAt: number | null;
};

/** The learner's text in this page, kept here, in the browser and on the server. */
export function useDraft(
  place: LabRef,
  viewer: string,
  instance: LabInstance,
  stored: StoredDraft,
): [DraftView, Keeper] {
  const [{ keeper, channel }] = useState(() => makeKeeper(place, viewer, instance, stored));
  const view = useSyncExternalStore(keeper.subscribe, keeper.view, keeper.view);
  useEffect(() => {
    const others = channel.open(keeper.hear);
    keeper.wake();
    const hide = () => document.visibilityState === "hidden" && void keeper.save();
    const save = () => void keeper.save();
    document.addEventListener("visibilitychange", hide);
    addEventListener("pagehide", save);
    addEventListener("online", save);
    return () => {
      void keeper.save();
      document.removeEventListener("visibilitychange", hide);
      removeEventListener("pagehide", save);
      removeEventListener("online", save);
      keeper.dispose();
      others();
    };
  }, [keeper, channel]);
  return [view, keeper];
}

function makeKeeper(place: LabRef, viewer: string, instance: LabInstance, stored: StoredDraft) {
  const key = `strata:draft:${viewer}:${instance.lab}:${instance.hash}`;
  const channel = tabChannel(key);
  const keeper = keepDraft({
    start: { ...stored, files: editableFiles(instance, stored.files) },
    send: (files, base) => sendDraft(place, instance, files, base),
    shelf: typeof localStorage === "undefined" ? NO_SHELF : browserShelf(localStorage, key),
    tell: channel.tell,
    now: Date.now,
  });
  return { keeper, channel };
}

/** The server renders the page, too, and keeps nothing. */
const NO_SHELF: Shelf = { read: () => null, write: () => {}, clear: () => {} };

/** A line to the other tabs of this browser that have the same lab open. */
function tabChannel(name: string) {
  let channel: BroadcastChannel | null = null;
  return {
    open(listen: (message: Heard) => void) {
      if (typeof BroadcastChannel === "undefined") return () => {};
      const opened = new BroadcastChannel(name);
      channel = opened;
      opened.onmessage = ({ data }: MessageEvent<Heard>) => listen(data);
      return () => {
        opened.close();
        channel = null;
      };
    },
    tell: (message: Heard) => channel?.postMessage(message),
  };
}

/** The verdicts on what is typed, as far as the browser can give them. */
export function useLive(instance: LabInstance, files: Files): LiveView {
  const [grader] = useState<LiveGrader>(() => liveGrader(instance, startWorker));
  const view = useSyncExternalStore(grader.subscribe, grader.view, grader.view);
  useEffect(() => grader.grade(files), [grader, files]);
  useEffect(() => () => grader.dispose(), [grader]);
  return view;
}

function startWorker(): GradeWorker {
  return new Worker(new URL("./grade-worker.ts", import.meta.url), { type: "module" });
}

/** Typing flips states back and forth; a listener hears what it came to once it has been still this long. */
const STILL = 1000;

/** What a listener should hear: each objective that flipped, and the points after it. */
export function useAnnouncement({ report }: LiveView, max: number): string {
  const told = useRef<Report | null>(null);
  const [words, setWords] = useState("");
  useEffect(() => {
    if (!report) return;
    const timer = setTimeout(() => {
      const flips = flipsBetween(told.current, report);
      told.current = report;
      if (flips.length === 0) return;
      setWords(`${flips.join(" ")} ${pointsText({ earned: report.score.earned, max })} so far.`);
    }, STILL);
    return () => clearTimeout(timer);
  }, [report, max]);
  return words;
}
