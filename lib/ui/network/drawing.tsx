import type { Walk } from "#lib/grading/report.ts";
import type { Picture } from "#lib/net/model/picture.ts";
import {
  type DrawnBox,
  type DrawnCable,
  type DrawnLane,
  type DrawnPort,
  type Point,
  LABEL_GAP,
  LEVEL_GAP,
  addressesOf,
  layoutOf,
  portName,
  shownRoutes,
} from "./layout.ts";
import css from "./network.module.css";
import { type WalkLine, walkLineOf } from "./walk-line.ts";

/**
 * The nested drawing of a network, with one packet's walk over it where there is one. Drawn alike on the server and in
 * the browser; whatever it shows also stands in a list beside it.
 */
export function NetworkDrawing({
  picture,
  walk,
  proves = "way",
  at,
  label,
  scale = 1,
}: {
  picture: Picture;
  walk?: Walk | undefined;
  /** What the walk is evidence of: a way that works is ink, a fault is red. */
  proves?: "way" | "fault";
  /** The number of the hop that is being looked at. */
  at?: number | undefined;
  label: string;
  scale?: number;
}) {
  const drawing = layoutOf(picture);
  const line = walk ? walkLineOf(walk, drawing) : null;
  return (
    <svg
      className={css.net}
      viewBox={`0 0 ${drawing.width} ${drawing.height}`}
      width={drawing.width * scale}
      height={drawing.height * scale}
      role="img"
      aria-label={label}
    >
      {drawing.cables.map((it) => (
        <CableShape key={`${it.cable.a.box}:${it.cable.a.port}`} drawn={it} />
      ))}
      {drawing.boxes.map((it) => (
        <BoxShape key={it.box.name} drawn={it} depth={0} />
      ))}
      {line && <WalkShape line={line} at={at} proves={proves} />}
    </svg>
  );
}

function CableShape({ drawn }: { drawn: DrawnCable }) {
  const d = pathOf(drawn.points);
  if (!drawn.cable.up) return <path className={css.cableDown} d={d} />;
  return (
    <>
      <path className={css.cable} d={d} />
      <path className={css.cableIn} d={d} />
    </>
  );
}

const CORNER = [10, 7, 4];

function BoxShape({ drawn, depth }: { drawn: DrawnBox; depth: number }) {
  const { box, x, y, width, height } = drawn;
  const layer = depth === 0 ? css[box.kind] : depth === 1 ? css.inner : css.innermost;
  // A walk that comes in from the left ends there; the words make room for it.
  const indent = drawn.ports.some((it) => it.side === "left") ? 52 : 12;
  const hosted = depth > 0 || box.kind === "server";
  return (
    <g>
      <rect
        className={layer}
        x={x}
        y={y}
        width={width}
        height={height}
        rx={CORNER[Math.min(depth, 2)]}
      />
      <text className={`${css.name} ${hosted ? css.nHost : css.nPhys}`} x={x + indent} y={y + 20}>
        {box.name}
        {kindOf(drawn) && (
          <tspan className={css.kind} dx="6" fontWeight="400">
            {kindOf(drawn)}
          </tspan>
        )}
      </text>
      {hasAddressesInside(drawn) &&
        addressesOf(box).map((address, at) => (
          <text key={address} className={css.addr} x={x + indent} y={y + 44 + at * 15}>
            {address}
          </text>
        ))}
      {drawn.lanes.map((lane) => (
        <LaneShape key={lane.lane.name} drawn={lane} />
      ))}
      {drawn.inside.map((it) => (
        <BoxShape key={it.box.name} drawn={it} depth={depth + 1} />
      ))}
      {drawn.ports.map((port) => (
        <PortShape key={port.port.name} drawn={port} box={drawn} depth={depth} />
      ))}
    </g>
  );
}

function kindOf({ box }: DrawnBox): string | null {
  if (box.kind === "router") return box.os === "ios" ? "router, IOS" : "router";
  if (box.kind === "host") return null;
  return box.kind;
}

/** A router writes its addresses at its ports, because each belongs to one. */
function hasAddressesInside({ box }: DrawnBox): boolean {
  return box.kind !== "router" && box.inside.length === 0;
}

function LaneShape({ drawn }: { drawn: DrawnLane }) {
  const { lane, x, y, width, height } = drawn;
  const { routes, more } = shownRoutes(lane);
  if (drawn.ports.length === 0) return <IdleLane drawn={drawn} />;
  return (
    <g>
      <rect className={css.lane} x={x} y={y} width={width} height={height} rx="4" />
      <text className={`${css.name} ${css.nVrf}`} x={x + 10} y={y + 18}>
        {fitting(lane.name, width - 20)}
      </text>
      {lane.rd && lane.name.length * 8 + lane.rd.length * 7 + 60 < width && (
        <text className={css.tag} x={x + width - 10} y={y + 18} textAnchor="end">
          rd {lane.rd}
        </text>
      )}
      {routes.map((route, at) => (
        <text key={`${route.prefix} ${route.out}`} className={css.addr} y={y + 36 + at * 15}>
          <tspan x={x + 10}>{route.prefix}</tspan>
          {width > 180 && (
            <tspan className={css.tag} x={x + width - 10} textAnchor="end">
              {route.out}
            </tspan>
          )}
        </text>
      ))}
      {more > 0 && (
        <text className={css.tag} x={x + 10} y={y + 36 + routes.length * 15}>
          and {more} more
        </text>
      )}
      {drawn.ports.map((port) => (
        <g key={port.port.name}>
          <path className={css.strand} d={`M${port.x} ${y + height}V${port.y}`} />
          <rect
            className={css.subif}
            x={port.x - 4}
            y={y + height - 4}
            width="8"
            height="8"
            rx="2"
          />
        </g>
      ))}
    </g>
  );
}

/** A VRF that no port is in yet. */
function IdleLane({ drawn }: { drawn: DrawnLane }) {
  const { lane, x, y, width, height } = drawn;
  return (
    <g>
      <rect className={css.idle} x={x} y={y} width={width} height={height} rx="4" />
      <text className={`${css.name} ${css.nVrf}`} x={x + 8} y={y + 14}>
        {lane.name}
        <tspan className={css.kind} dx="6" fontWeight="400">
          no port
        </tspan>
      </text>
    </g>
  );
}

/** A name that is too long for its lane ends in an ellipsis; the list has it whole. */
function fitting(name: string, width: number): string {
  const room = Math.floor(width / 7.6);
  return name.length <= room ? name : `${name.slice(0, Math.max(1, room - 1))}…`;
}

function PortShape({ drawn, box, depth }: { drawn: DrawnPort; box: DrawnBox; depth: number }) {
  const { port, x, y } = drawn;
  const shape = depth > 0 ? css.vnic : port.up ? css.port : css.portDown;
  return (
    <g>
      <rect className={shape} x={x - 4} y={y - 4} width="8" height="8" rx="2" />
      {labelsOf(drawn, box).map((label) => (
        <text
          key={label.text}
          className={label.kind}
          x={label.x}
          y={label.y}
          textAnchor={label.anchor}
        >
          {label.text}
        </text>
      ))}
    </g>
  );
}

type Label = {
  text: string;
  kind: string | undefined;
  x: number;
  y: number;
  anchor: "start" | "end";
};

function labelsOf({ port, x, y, side, cabled }: DrawnPort, { box }: DrawnBox): Label[] {
  if (!cabled && box.kind !== "router") return [];
  const texts = [
    { text: portName(port), kind: css.tag },
    ...(box.kind === "router" ? port.addresses : []).map((text) => ({ text, kind: css.addr })),
  ];
  return texts.map(({ text, kind }, at) => {
    if (side === "bottom")
      return { text, kind, x: x + LABEL_GAP, y: y + 16 + at * 15, anchor: "start" };
    if (side === "top")
      return { text, kind, x: x + LABEL_GAP, y: y - 8 - at * 15, anchor: "start" };
    const above = y - 10 - at * 15;
    if (side === "right") return { text, kind, x: x + LEVEL_GAP, y: above, anchor: "start" };
    return { text, kind, x: x - LEVEL_GAP, y: above, anchor: "end" };
  });
}

function WalkShape({
  line,
  at,
  proves,
}: {
  line: WalkLine;
  at: number | undefined;
  proves: "way" | "fault";
}) {
  return (
    <g className={proves === "fault" ? css.fault : undefined}>
      {line.lines.map((points, n) => (
        <path key={n} className={css.walk} d={pathOf(points)} />
      ))}
      {line.lines.flatMap((points, n) =>
        arrowsOf(points).map((d) => <path key={`${n} ${d}`} className={css.arrow} d={d} />),
      )}
      {line.stops.map((stop) => (
        <g key={stop.number} className={css.stop}>
          {stop.number === at && <circle className={css.halo} cx={stop.x} cy={stop.y} r="12.5" />}
          {stop.end === "dropped" ? (
            <path d={octagonAt(stop)} />
          ) : (
            <circle cx={stop.x} cy={stop.y} r="8.5" />
          )}
          <text x={stop.x} y={stop.y + 3.5}>
            {stop.number}
          </text>
        </g>
      ))}
    </g>
  );
}

function pathOf(points: readonly Point[]): string {
  return points.map((it, at) => `${at === 0 ? "M" : "L"}${it.x} ${it.y}`).join("");
}

/** An arrow head on every run that is long enough to be a cable. */
function arrowsOf(points: readonly Point[]): string[] {
  return points.slice(1).flatMap((to, n) => {
    const from = points[n]!;
    const length = Math.abs(to.x - from.x) + Math.abs(to.y - from.y);
    if (length < 60) return [];
    const x = from.x + (to.x - from.x) * 0.52;
    const y = from.y + (to.y - from.y) * 0.52;
    const [dx, dy] = [Math.sign(to.x - from.x), Math.sign(to.y - from.y)];
    const [tipX, tipY] = [x + dx * 5, y + dy * 5];
    return [
      `M${tipX} ${tipY}L${x - dx * 4 + dy * 5} ${y - dy * 4 + dx * 5}L${x - dx * 4 - dy * 5} ${y - dy * 4 - dx * 5}Z`,
    ];
  });
}

function octagonAt({ x, y }: Point): string {
  const [near, far] = [3.8, 9];
  return `M${x - near} ${y - far}h${2 * near}l${far - near} ${far - near}v${2 * near}l${near - far} ${far - near}h${-2 * near}l${near - far} ${near - far}v${-2 * near}z`;
}
