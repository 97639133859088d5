"use client";

import { useEffect, useEffectEvent, useRef, useState } from "react";
import { Group, Panel, Separator } from "react-resizable-panels";
import type { LabInstance } from "#lib/content/lab.ts";
import type { TextRange } from "#lib/net/source/span.ts";
import { Bar, type Crumb } from "#lib/ui/chrome/bar.tsx";
import { Icon } from "#lib/ui/chrome/icons.tsx";
import chrome from "#lib/ui/chrome/pieces.module.css";
import { countedHops } from "#lib/ui/network/walk-line.ts";
import {
  type LabRef,
  type PastSubmission,
  type Refusal,
  type SubmitAnswer,
  changedFiles,
  shownObjective,
} from "./bench.ts";
import type { Reveal } from "./code-editor.tsx";
import { ConflictDialog, HistoryDialog, NewVersionDialog } from "./dialogs.tsx";
import { FilesPane } from "./files-pane.tsx";
import { NetworkPane } from "./network-pane.tsx";
import { ObjectivesPane } from "./objectives-pane.tsx";
import { SavedStatus } from "./saved-status.tsx";
import { type StoredDraft, useAnnouncement, useDraft, useLive } from "./use-bench.ts";
import { type Handing, VerdictCard } from "./verdict.tsx";
import { WIDTHS_COOKIE, type Widths, cookieOf } from "./widths.ts";
import css from "./workbench.module.css";

export type WorkbenchProps = {
  place: LabRef;
  /** The id under which this browser keeps the learner's text. */
  viewer: string;
  crumbs: readonly Crumb[];
  /** How wide the panes were left; the server must know, to draw them so from the first frame. */
  widths: Widths | null;
  /** Without anything that is hidden. */
  instance: LabInstance;
  draft: StoredDraft;
  /** The author changed the lab since the learner began. */
  changed: boolean;
  submissions: readonly PastSubmission[];
  submit: (
    place: LabRef,
    files: Readonly<Record<string, string>>,
    idempotencyKey: string,
  ) => Promise<SubmitAnswer>;
  check: (id: string) => Promise<SubmitAnswer>;
  startNewVersion: (place: LabRef) => Promise<{ kind: "started" } | Refusal>;
};

/** Files, network and objectives side by side; on a phone one at a time. */
export function Workbench(props: WorkbenchProps) {
  const { place, instance } = props;
  const [draft, keeper] = useDraft(place, props.viewer, instance, props.draft);
  const live = useLive(instance, draft.files);
  const [past, setPast] = useState(props.submissions);
  const [handing, setHanding, handIn] = useHandIn(props, draft.files, setPast);
  const [pane, setPane] = useState<Pane>("files");
  const [dialog, setDialog] = useState<"history" | "version" | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const [reveal, setReveal] = useState<Reveal | null>(null);
  const shown = shownObjective(live.report, chosen);
  const hops = shown?.walk ? countedHops(shown.walk) : [];
  const [at, setAt] = useStep(shown?.id, hops);
  const max = maxOf(instance);
  const announcement = useAnnouncement(live, max);

  const show = (range: TextRange) => {
    setReveal({ range });
    // Whoever asks for a line keeps looking at its objective while they type there.
    if (shown) setChosen(shown.id);
    setPane("files");
  };
  const asked = draft.conflict !== null || dialog !== null;
  const submit = () => {
    if (asked) return;
    void keeper.save();
    void handIn();
    // Where one pane is seen at a time, that is the one the verdict comes in.
    setPane("objectives");
  };
  useSubmitKey(submit);
  const fails = shown?.state === "fails";
  const deciding = fails ? shown.because.slice(0, 1) : [];
  const busy = handing.kind === "sending" || handing.kind === "waiting";

  return (
    <div className={css.page} data-pane={pane}>
      <Bar crumbs={props.crumbs}>
        <SavedStatus draft={draft} onRetry={() => void keeper.save()} />
        <span className={css.cost}>Submitting is free; your best score counts</span>
        <button
          type="button"
          className={`${chrome.quiet} ${css.history}`}
          onClick={() => setDialog("history")}
        >
          <Icon name="clock" />
          <span>Submissions</span>
          <span className={chrome.num}>{past.length}</span>
        </button>
        <button
          type="button"
          className={chrome.primary}
          aria-disabled={busy}
          aria-keyshortcuts="Control+Enter"
          title="Ctrl Enter"
          onClick={submit}
        >
          {busy ? "Grading…" : "Submit"}
        </button>
      </Bar>
      {props.changed && <ChangedStrip onStart={() => setDialog("version")} />}
      <main id="content" className={css.bench}>
        <h1 className={chrome.sr}>{instance.title}, lab</h1>
        <Panes
          widths={props.widths}
          files={
            <FilesPane
              instance={instance}
              files={draft.files}
              stamp={draft.stamp}
              diagnostics={live.report?.diagnostics ?? NONE}
              deciding={deciding}
              note={chosen !== null && fails && deciding[0] ? noteOf(deciding[0], hops) : null}
              reveal={reveal}
              undo={draft.undo}
              onUndo={keeper.undo}
              onDismissUndo={keeper.dismissUndo}
              onEdit={keeper.edit}
              onReset={(path) =>
                keeper.replace(
                  { ...draft.files, [path]: instance.files[path] ?? "" },
                  `Put ${path} back to its start.`,
                )
              }
              onSubmit={submit}
              onShow={show}
            />
          }
          network={
            <NetworkPane
              picture={live.picture}
              walk={shown?.walk}
              proves={fails ? "fault" : "way"}
              at={at}
              walkTitle={shown?.walk ? shown.title : null}
            />
          }
          objectives={
            <ObjectivesPane
              instance={instance}
              live={live}
              shown={shown}
              at={at ?? 1}
              submissions={past}
              picture={live.picture}
              verdict={
                <VerdictCard
                  handing={handing}
                  place={place}
                  onDismiss={() => setHanding({ kind: "idle" })}
                />
              }
              onChoose={setChosen}
              onStep={setAt}
              onShow={show}
            />
          }
        />
      </main>
      <PaneTabs pane={pane} onChoose={setPane} />
      <p className={chrome.sr} aria-live="polite">
        {announcement}
      </p>
      {draft.conflict && <ConflictDialog {...draft.conflict} onResolve={keeper.resolve} />}
      {dialog === "history" && (
        <HistoryDialog
          place={place}
          instance={instance}
          submissions={past}
          onClose={() => setDialog(null)}
          onRestore={(files, what) => {
            keeper.replace(files, what);
            setDialog(null);
            setPane("files");
          }}
        />
      )}
      {dialog === "version" && (
        <StartVersion place={place} start={props.startNewVersion} onClose={() => setDialog(null)} />
      )}
    </div>
  );
}

const NONE: readonly never[] = [];

function maxOf(instance: LabInstance): number {
  return instance.objectives.reduce((sum, it) => sum + it.points, 0) + instance.hidden.points;
}

/** The hop that is looked at; a walk begins at the hop where it was decided, or else at its first. */
function useStep(
  objective: string | undefined,
  hops: ReturnType<typeof countedHops>,
): [number | undefined, (at: number) => void] {
  const [step, setStep] = useState<{ objective: string | undefined; at: number } | null>(null);
  const own = step && step.objective === objective ? step.at : null;
  const at = hops.length === 0 ? undefined : Math.min(own ?? 1, hops.length);
  return [at, (next) => setStep({ objective, at: next })];
}

/** The sentence under the deciding line says which hop it decides, where there is one. */
function noteOf(range: TextRange, hops: ReturnType<typeof countedHops>) {
  const hop = hops.find(({ hop: { because } }) =>
    because.some((it) => it.file === range.file && it.line === range.line),
  );
  return hop ? { range, text: `Decides hop ${hop.number}. ${hop.hop.text}` } : null;
}

/* ── Handing in ── */

/** Ctrl Enter hands in from wherever the focus is, and where it is nowhere. */
function useSubmitKey(submit: () => void): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    const isAsked = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (!isAsked || event.repeat || event.defaultPrevented) return;
    event.preventDefault();
    submit();
  });
  useEffect(() => {
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

const AGAIN =
  "The server did not answer. What you typed is kept; press Submit to try again. The same answer is not counted twice.";
const POLL = 1500;

function useHandIn(
  { place, instance, submit, check }: WorkbenchProps,
  files: Readonly<Record<string, string>>,
  setPast: SetPast,
): [Handing, (handing: Handing) => void, () => Promise<void>] {
  const [handing, setHanding] = useState<Handing>({ kind: "idle" });
  // A try that got no answer is repeated under its own key, unless the text has changed since.
  const open = useRef<{ key: string; files: Readonly<Record<string, string>> } | null>(null);
  const busy = useRef(false);

  const handIn = async () => {
    if (busy.current) return;
    busy.current = true;
    setHanding({ kind: "sending" });
    if (open.current?.files !== files) open.current = { key: freshKey(), files };
    try {
      const answer = await submit(place, changedFiles(instance, files), open.current.key);
      open.current = null;
      setHanding(handingOf(answer, setPast));
    } catch {
      setHanding({ kind: "refused", message: AGAIN });
    }
    busy.current = false;
  };

  const waitingFor = handing.kind === "waiting" ? handing.submission : null;
  useEffect(() => {
    if (!waitingFor) return;
    const timer = setTimeout(() => {
      check(waitingFor.id).then(
        (answer) => setHanding(handingOf(answer, setPast)),
        // Not reached: ask once more, with the same submission.
        () => setHanding({ kind: "waiting", submission: { ...waitingFor } }),
      );
    }, POLL);
    return () => clearTimeout(timer);
  }, [waitingFor, check, setPast]);
  return [handing, setHanding, handIn];
}

type SetPast = (change: (before: readonly PastSubmission[]) => readonly PastSubmission[]) => void;

/** What an answer to handing in means here; the submission joins the learner's others. */
function handingOf(answer: SubmitAnswer, setPast: SetPast): Handing {
  if (answer.kind === "refused") return answer;
  const { submission, refused, best } = answer;
  setPast((before) => [submission, ...before.filter((it) => it.id !== submission.id)]);
  if (submission.state === "queued") return { kind: "waiting", submission };
  return { kind: "done", submission, refused, best };
}

/** `crypto.randomUUID` is missing where a page is served without TLS, as on a school's own network. */
function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (it) => it.toString(16).padStart(2, "0")).join("");
}

/* ── The author's newer version ── */

function ChangedStrip({ onStart }: { onStart: () => void }) {
  return (
    <p className={css.strip}>
      <span>
        This lab has changed since you began. You go on with your version until you start the new
        one.
      </span>
      <button type="button" className={chrome.button} onClick={onStart}>
        Start the new version
      </button>
    </p>
  );
}

function StartVersion({
  place,
  start,
  onClose,
}: {
  place: LabRef;
  start: WorkbenchProps["startNewVersion"];
  onClose: () => void;
}) {
  const [busy, setBusy] = useState(false);
  return (
    <NewVersionDialog
      busy={busy}
      onClose={onClose}
      onStart={() => {
        setBusy(true);
        start(place).then(
          (answer) => (answer.kind === "started" ? location.reload() : setBusy(false)),
          () => setBusy(false),
        );
      }}
    />
  );
}

/* ── Panes ── */

type Pane = "files" | "network" | "objectives";

function Panes({
  widths,
  files,
  network,
  objectives,
}: {
  widths: Widths | null;
  files: React.ReactNode;
  network: React.ReactNode;
  objectives: React.ReactNode;
}) {
  return (
    <Group
      className={css.panes}
      orientation="horizontal"
      {...(widths && { defaultLayout: widths })}
      onLayoutChanged={(layout) => {
        document.cookie = `${WIDTHS_COOKIE}=${cookieOf(layout)}; path=/; max-age=31536000; samesite=lax`;
      }}
    >
      <Panel id="files" className={css.panel} defaultSize="26%" minSize="240px">
        <section className={`${css.pane} ${css.files}`} aria-label="Files">
          {files}
        </section>
      </Panel>
      <Separator className={css.separator} aria-label="Width of the files" />
      <Panel id="network" className={css.panel} defaultSize="48%" minSize="280px">
        <section className={`${css.pane} ${css.network}`} aria-label="Network">
          {network}
        </section>
      </Panel>
      <Separator className={css.separator} aria-label="Width of the objectives" />
      <Panel id="objectives" className={css.panel} defaultSize="26%" minSize="280px">
        <section className={`${css.pane} ${css.objectives}`} aria-label="Objectives">
          {objectives}
        </section>
      </Panel>
    </Group>
  );
}

function PaneTabs({ pane, onChoose }: { pane: Pane; onChoose: (pane: Pane) => void }) {
  const names = { files: "Files", network: "Network", objectives: "Objectives" } as const;
  return (
    <nav className={css.paneTabs} aria-label="Panes">
      {(Object.keys(names) as Pane[]).map((it) => (
        <button key={it} type="button" aria-current={it === pane} onClick={() => onChoose(it)}>
          {names[it]}
        </button>
      ))}
    </nav>
  );
}
