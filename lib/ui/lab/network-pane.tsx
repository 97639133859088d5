"use client";

import { useEffect, useRef, useState } from "react";
import type { Walk } from "#lib/grading/report.ts";
import type { Picture } from "#lib/net/model/picture.ts";
import { Icon } from "#lib/ui/chrome/icons.tsx";
import chrome from "#lib/ui/chrome/pieces.module.css";
import { NetworkDrawing } from "#lib/ui/network/drawing.tsx";
import { layoutOf } from "#lib/ui/network/layout.ts";
import { NetworkList } from "#lib/ui/network/network-list.tsx";
import css from "./network-pane.module.css";

/** Below this the smallest words would be under 9 pixels: then the drawing scrolls. */
const SMALLEST = 0.86;
const LARGEST_FIT = 1.3;
const STEP = 1.25;

/** The network as the learner's text makes it, and one packet's walk through it. */
export function NetworkPane({
  picture,
  walk,
  proves,
  at,
  walkTitle,
}: {
  picture: Picture | null;
  walk: Walk | undefined;
  proves: "way" | "fault";
  at: number | undefined;
  walkTitle: string | null;
}) {
  const [asList, setAsList] = useState(false);
  const [zoom, setZoom] = useState<number | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  const drawing = picture ? layoutOf(picture) : null;
  const fit = useFit(frame, drawing?.width ?? 0, drawing?.height ?? 0);
  const scale = zoom ?? fit;
  const zoomBy = (factor: number) => setZoom(Math.min(3, Math.max(0.5, scale * factor)));
  return (
    <>
      <div className={css.head}>
        <h2>Network</h2>
        <Legend />
        <button
          type="button"
          className={chrome.quiet}
          aria-pressed={asList}
          onClick={() => setAsList(!asList)}
        >
          {asList ? "As a drawing" : "As a list"}
        </button>
        <span className={css.zoom} hidden={asList}>
          <ZoomButton name="minus" label="Smaller" onClick={() => zoomBy(1 / STEP)} />
          <ZoomButton name="plus" label="Larger" onClick={() => zoomBy(STEP)} />
          <ZoomButton
            name="fit"
            label="Fit the drawing into the pane"
            onClick={() => setZoom(null)}
          />
        </span>
      </div>
      <div ref={frame} className={css.canvas} tabIndex={0} role="region" aria-label="Drawing">
        {!picture && <p className={css.waiting}>The network is drawn as soon as it is computed.</p>}
        {picture && asList && <NetworkList picture={picture} />}
        {picture && !asList && (
          <div className={css.sheet}>
            <NetworkDrawing
              picture={picture}
              walk={walk}
              proves={proves}
              at={at}
              scale={scale}
              label={labelOf(picture, walkTitle)}
            />
          </div>
        )}
      </div>
    </>
  );
}

function Legend() {
  return (
    <p className={css.legend} aria-hidden="true">
      <span>
        <i className={css.physical} />
        physical
      </span>
      <span>
        <i className={css.vrf} />
        VRF
      </span>
    </p>
  );
}

function ZoomButton({
  name,
  label,
  onClick,
}: {
  name: "plus" | "minus" | "fit";
  label: string;
  onClick: () => void;
}) {
  return (
    <button type="button" className={chrome.iconButton} aria-label={label} onClick={onClick}>
      <Icon name={name} />
    </button>
  );
}

function labelOf(picture: Picture, walkTitle: string | null): string {
  const names = picture.boxes.map((box) => box.name).join(", ");
  const walk = walkTitle
    ? ` The walk of: ${walkTitle}; its steps are listed under Objectives.`
    : "";
  return `The network: ${names}.${walk} Choose “As a list” for every port and address.`;
}

/** The scale at which the whole drawing fits its pane, within what can be read. */
function useFit(
  frame: React.RefObject<HTMLDivElement | null>,
  width: number,
  height: number,
): number {
  const [room, setRoom] = useState<{ width: number; height: number } | null>(null);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() =>
      setRoom({ width: element.clientWidth - 24, height: element.clientHeight - 24 }),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [frame]);
  if (!room || width === 0 || height === 0) return 1;
  const fit = Math.min(room.width / width, Math.max(room.height, 200) / height);
  return Math.min(LARGEST_FIT, Math.max(SMALLEST, fit));
}
