import type { Box, Picture, PortPicture } from "#lib/net/model/picture.ts";
import chrome from "#lib/ui/chrome/pieces.module.css";
import css from "./network.module.css";

/** Everything a drawing shows, as a list: for those who do not see the drawing, and for names it had to shorten. */
export function NetworkList({ picture }: { picture: Picture }) {
  return (
    <ul className={css.list}>
      {picture.boxes.map((box) => (
        <BoxItem key={box.name} box={box} picture={picture} />
      ))}
    </ul>
  );
}

function BoxItem({ box, picture }: { box: Box; picture: Picture }) {
  return (
    <li>
      <strong>{box.name}</strong>, {box.kind}
      <ul>
        {box.lanes.map((lane) => (
          <li key={lane.name}>
            VRF <span className={chrome.wVrf}>{lane.name}</span>
            {lane.rd && <>, rd {lane.rd}</>}
            {lane.routes.length > 0 && (
              <ul>
                {lane.routes.map((route) => (
                  <li key={`${route.prefix} ${route.out}`}>
                    <code>{route.prefix}</code> by {route.out}
                  </li>
                ))}
              </ul>
            )}
          </li>
        ))}
        {box.ports.map((port) => (
          <li key={port.name}>{portText(box, port, picture)}</li>
        ))}
        {box.inside.map((inner) => (
          <BoxItem key={inner.name} box={inner} picture={picture} />
        ))}
      </ul>
    </li>
  );
}

function portText(box: Box, port: PortPicture, picture: Picture): string {
  const parts = [port.name];
  if (port.lane) parts.push(`in ${port.lane}`);
  if (port.addresses.length > 0) parts.push(port.addresses.join(", "));
  if (!port.up) parts.push("down");
  for (const { a, b } of picture.cables) {
    if (a.box === box.name && a.port === port.name) parts.push(`cable to ${b.box} ${b.port}`);
    if (b.box === box.name && b.port === port.name) parts.push(`cable to ${a.box} ${a.port}`);
  }
  return parts.join(", ");
}
