import type { ReactNode } from "react";
import { isValidElement } from "react";
import type {
  HueProps,
  LeadProps,
  LessonComponents,
  NetworkProps,
  NoteProps,
  QuizProps,
  TermProps,
  WalkProps,
} from "#lib/content/lesson-components.ts";
import type { Walk } from "#lib/grading/report.ts";
import type { Picture } from "#lib/net/model/picture.ts";
import type { Files } from "#lib/net/source/span.ts";
import { Icon } from "#lib/ui/chrome/icons.tsx";
import chrome from "#lib/ui/chrome/pieces.module.css";
import { NetworkDrawing } from "#lib/ui/network/drawing.tsx";
import { NetworkList } from "#lib/ui/network/network-list.tsx";
import css from "./lesson-components.module.css";
import { WalkList } from "./walk-list.tsx";

/** How a lesson's figures are computed: from the lab's start, with an example's files laid over it. */
export type Figures = {
  picture(files: Files): Picture;
  walk(
    files: Files,
    packet: { from: string; to: string; proto: "icmp" | "tcp" | "udp"; port: number | null },
  ): { picture: Picture; walk: Walk | string };
};

/** What a lesson may write besides Markdown. All of it is drawn on the server and needs no script. */
export function lessonComponents(figures: Figures | null): LessonComponents & {
  pre: (props: { children?: ReactNode }) => ReactNode;
} {
  return {
    Lead,
    Note,
    Network: (props) => <NetworkFigure {...props} figures={figures} />,
    Walk: (props) => <WalkFigure {...props} figures={figures} />,
    Quiz,
    Vrf: hue(chrome.wVrf),
    Phys: hue(chrome.wPhys),
    Host: hue(chrome.wHost),
    Cont: hue(chrome.wCont),
    Term,
    pre: Listing,
  };
}

function Lead({ children }: LeadProps) {
  return <div className={css.lead}>{children}</div>;
}

function Note({ title, children }: NoteProps) {
  return (
    <aside className={css.note}>
      {title && <h3>{title}</h3>}
      {children}
    </aside>
  );
}

function hue(className: string | undefined) {
  return function Hue({ children }: HueProps) {
    return <span className={className}>{children}</span>;
  };
}

function Term({ layer, children }: TermProps) {
  const hues = {
    physical: chrome.wPhys,
    host: chrome.wHost,
    container: chrome.wCont,
    vrf: chrome.wVrf,
  };
  return <dfn className={`${css.term} ${layer ? hues[layer] : ""}`}>{children}</dfn>;
}

/* ── Figures ── */

function NetworkFigure({ title, files, figures }: NetworkProps & { figures: Figures | null }) {
  if (!figures) return <NoFigure />;
  const picture = figures.picture(files);
  const names = picture.boxes.map((box) => box.name).join(", ");
  return (
    <figure className={css.figure}>
      <div className={css.stage} tabIndex={0} role="group" aria-label="Drawing">
        <NetworkDrawing picture={picture} label={`The network: ${names}.`} />
      </div>
      <AsList picture={picture} />
      {title && <figcaption>{title}</figcaption>}
    </figure>
  );
}

function WalkFigure({
  from,
  to,
  proto = "icmp",
  port,
  title,
  files,
  figures,
}: WalkProps & { figures: Figures | null }) {
  if (!figures) return <NoFigure />;
  const { picture, walk } = figures.walk(files, { from, to, proto, port: port ?? null });
  if (typeof walk === "string") return <p className={css.noFigure}>{walk}</p>;
  const arrived =
    walk.outcome === "delivered" && (walk.back?.outcome ?? "delivered") === "delivered";
  return (
    <figure className={css.figure}>
      {title && (
        <figcaption className={css.onTop}>
          {title}
          <span>
            {from} to {to}, {proto}
            {port !== undefined && ` port ${port}`}
          </span>
        </figcaption>
      )}
      <div className={css.stage} tabIndex={0} role="group" aria-label="Drawing">
        <NetworkDrawing
          picture={picture}
          walk={walk}
          proves={arrived ? "way" : "fault"}
          label={`The walk from ${from} to ${to}. Its steps are listed below.`}
        />
      </div>
      <WalkList walk={walk} picture={picture} failed={!arrived} />
      <AsList picture={picture} />
    </figure>
  );
}

function AsList({ picture }: { picture: Picture }) {
  return (
    <details className={css.asList}>
      <summary>Every port and address, as a list</summary>
      <NetworkList picture={picture} />
    </details>
  );
}

function NoFigure() {
  return (
    <p className={css.noFigure}>This figure needs a lab beside the lesson, and there is none.</p>
  );
}

/* ── Questions ── */

/** Each option opens its own answer; of one question only one is open. */
function Quiz({ question, options, answer, why }: QuizProps) {
  return (
    <div className={css.quiz} role="group" aria-label="Quick question">
      <p className={css.question}>
        <span>Quick question</span>
        {question}
      </p>
      {options.map((option, at) => (
        <details key={option} name={question} className={css.option}>
          <summary>
            <span className={css.ring} aria-hidden="true">
              <Icon name={at + 1 === answer ? "check" : "minus"} />
            </span>
            {option}
          </summary>
          <p>{at + 1 === answer ? `Yes. ${why}` : "No. Look again, and try another."}</p>
        </details>
      ))}
    </div>
  );
}

/* ── Listings ── */

/** A fence of code, under the name of its file where it has one. */
function Listing({ children }: { children?: ReactNode }) {
  const file = isValidElement<{ "data-file"?: string }>(children) && children.props["data-file"];
  return (
    <div className={css.listing}>
      {file && <p>{file}</p>}
      <pre tabIndex={0}>{children}</pre>
    </div>
  );
}
