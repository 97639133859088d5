import type { ReactNode } from "react";
import type { Walk, WalkHop } from "#lib/grading/report.ts";
import type { Picture } from "#lib/net/model/picture.ts";
import { Icon } from "#lib/ui/chrome/icons.tsx";
import chrome from "#lib/ui/chrome/pieces.module.css";
import css from "./hop.module.css";

/** What a hop says, with its device's name set in the hue of the layer it was looked up in. */
export function HopText({ hop, picture }: { hop: WalkHop; picture: Picture | null }) {
  const hosted = kindOf(hop, picture) === "server";
  const hue = hop.table !== null ? chrome.wVrf : hosted ? chrome.wHost : chrome.wPhys;
  const place = hop.table !== null ? `${hop.at} ${hop.table}` : hop.at;
  const said = [`${place}: `, `${place} `, `${hop.at}: `, `${hop.at} `].find((it) =>
    hop.text.startsWith(it),
  );
  return (
    <p>
      <span className={`${css.place} ${hue}`}>{place}</span>
      {said ? " " : ": "}
      {hop.text.slice(said?.length ?? 0)}
    </p>
  );
}

/** A section through the ground at this hop: one bar per layer that the packet is inside of. */
export function Core({ hop, picture }: { hop: WalkHop; picture: Picture | null }) {
  const depth = hop.at.split("/").length;
  return (
    <span className={css.core} aria-hidden="true">
      <i className={css.physical} />
      {kindOf(hop, picture) === "server" && <i className={css.host} />}
      {depth > 1 && <i className={css.vm} />}
      {depth > 2 && <i className={css.container} />}
      {hop.table !== null && <i className={css.vrf} />}
    </span>
  );
}

function kindOf(hop: WalkHop, picture: Picture | null): string | undefined {
  return picture?.boxes.find((box) => box.name === hop.at.split("/")[0])?.kind;
}

/** The header whole at the first hop, and after that what changed. */
export function Header({ hop, before }: { hop: WalkHop; before: WalkHop | null }): ReactNode {
  const fields = [
    ["src", hop.header.src, before?.header.src],
    ["dst", hop.header.dst, before?.header.dst],
    ["TTL", String(hop.header.ttl), before && String(before.header.ttl)],
  ] as const;
  const shown = before ? fields.filter(([, now, was]) => now !== was) : fields;
  if (shown.length === 0) return null;
  return (
    <p className={css.header}>
      {shown.map(([name, now, was]) => (
        <span key={name}>
          <span className={css.quiet}>{name}</span>
          {was != null && (
            <>
              <span className={css.quiet}>{was}</span>
              <Icon name="next" />
              <span className={chrome.sr}>becomes</span>
            </>
          )}
          <ins>{now}</ins>
        </span>
      ))}
    </p>
  );
}

/** How a walk was lost; `null` when it was not, or its last hop has said so already. */
export function outcomeText(walk: Walk): string | null {
  const ways = walk.back ? [walk, walk.back] : [walk];
  const unsaid = ways.filter(
    (it) => it.outcome !== "delivered" && !it.hops[it.hops.length - 1]?.text.includes(it.text),
  );
  return unsaid.length === 0 ? null : unsaid.map((it) => it.text).join(" ");
}
