import type { Walk } from "#lib/grading/report.ts";
import type { Picture } from "#lib/net/model/picture.ts";
import { Core, Header, HopText, outcomeText } from "#lib/ui/network/hop.tsx";
import { countedHops } from "#lib/ui/network/walk-line.ts";
import css from "./walk-list.module.css";

/** A walk to read: the same numbers as in the drawing, with the header and the line behind each step. */
export function WalkList({
  walk,
  picture,
  failed,
}: {
  walk: Walk;
  picture: Picture | null;
  failed: boolean;
}) {
  return (
    <>
      <ol className={css.list} aria-label="The walk, hop by hop">
        {countedHops(walk).map(({ number, way, hop, before }) => (
          <li key={number} value={number}>
            {way === "back" && before === null && <p className={css.turn}>And the answer:</p>}
            <div className={css.step}>
              <Core hop={hop} picture={picture} />
              <span className={css.number} aria-hidden="true">
                {number}
              </span>
              <div>
                <HopText hop={hop} picture={picture} />
                <Header hop={hop} before={before} />
                {hop.because[0] && (
                  <p className={css.line}>
                    {hop.because[0].file} line {hop.because[0].line}
                  </p>
                )}
              </div>
            </div>
          </li>
        ))}
      </ol>
      <p className={css.outcome} data-failed={failed || undefined}>
        {outcomeText(walk) ?? (failed ? "It ends there." : "It arrives, and so does the answer.")}
      </p>
    </>
  );
}
