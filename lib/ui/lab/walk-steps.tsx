"use client";

import { type KeyboardEvent, useEffect, useRef } from "react";
import type { Walk } from "#lib/grading/report.ts";
import type { Picture } from "#lib/net/model/picture.ts";
import type { TextRange } from "#lib/net/source/span.ts";
import { Icon } from "#lib/ui/chrome/icons.tsx";
import chrome from "#lib/ui/chrome/pieces.module.css";
import { Core, Header, HopText, outcomeText } from "#lib/ui/network/hop.tsx";
import { type CountedHop, countedHops } from "#lib/ui/network/walk-line.ts";
import css from "./objectives.module.css";

/** A walk as a list, numbered as in the drawing: what each device did, the header as it then was, and by which line. */
export function WalkSteps({
  walk,
  title,
  about,
  isFault = false,
  picture,
  at,
  onStep,
  onShow,
}: {
  walk: Walk;
  title: string;
  about: string | null;
  isFault?: boolean;
  picture: Picture | null;
  at: number;
  onStep: (number: number) => void;
  onShow: ((range: TextRange) => void) | null;
}) {
  const hops = countedHops(walk);
  const outcome = outcomeText(walk);
  const step = (to: number) => onStep(Math.min(hops.length, Math.max(1, to)));
  const onKey = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    step(at + by);
  };
  return (
    <section
      className={`${css.walk} ${isFault ? css.fault : ""}`}
      aria-label="The walk"
      onKeyDown={onKey}
    >
      <div className={css.walkHead}>
        <h3>{title}</h3>
        <button
          type="button"
          className={chrome.iconButton}
          aria-label="One hop back"
          aria-disabled={at <= 1}
          onClick={() => step(at - 1)}
        >
          <Icon name="hopBack" />
        </button>
        <button
          type="button"
          className={chrome.iconButton}
          aria-label="One hop on"
          aria-disabled={at >= hops.length}
          onClick={() => step(at + 1)}
        >
          <Icon name="hopOn" />
        </button>
        <span className={`${css.of} ${chrome.num}`} role="status">
          {at} of {hops.length}
        </span>
      </div>
      {about && <p className={css.class}>{about}</p>}
      <ol className={css.steps} aria-label="The walk, hop by hop">
        {hops.map((it) => (
          <Step
            key={it.number}
            counted={it}
            startsBack={it.way === "back" && it.before === null}
            picture={picture}
            isCurrent={it.number === at}
            onStep={step}
            onShow={onShow}
          />
        ))}
      </ol>
      {outcome && <p className={css.outcome}>{outcome}</p>}
    </section>
  );
}

function Step({
  counted,
  startsBack,
  picture,
  isCurrent,
  onStep,
  onShow,
}: {
  counted: CountedHop;
  startsBack: boolean;
  picture: Picture | null;
  isCurrent: boolean;
  onStep: (number: number) => void;
  onShow: ((range: TextRange) => void) | null;
}) {
  const { number, hop, before } = counted;
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isCurrent) row.current?.scrollIntoView({ block: "nearest" });
  }, [isCurrent]);
  const line = hop.because[0];
  return (
    <li ref={row} aria-current={isCurrent ? "step" : undefined} value={number}>
      {startsBack && <p className={css.turn}>And the answer:</p>}
      <div className={css.step} onClick={() => onStep(number)}>
        <span className={css.core}>
          <Core hop={hop} picture={picture} />
        </span>
        <button
          type="button"
          className={`${css.n} ${chrome.num}`}
          aria-label={`Hop ${number}, at ${hop.at}`}
          onClick={() => onStep(number)}
        >
          {number}
        </button>
        <div>
          <HopText hop={hop} picture={picture} />
          <Header hop={hop} before={before} />
          {line && onShow && (
            <button
              type="button"
              className={css.line}
              onClick={(event) => {
                event.stopPropagation();
                onStep(number);
                onShow(line);
              }}
            >
              {line.file} line {line.line}
            </button>
          )}
          {line && !onShow && (
            <span className={css.lineText}>
              {line.file} line {line.line}
            </span>
          )}
        </div>
      </div>
    </li>
  );
}
