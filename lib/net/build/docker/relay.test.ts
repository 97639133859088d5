import { expect, test } from "vitest";
import { formatIp, parseIp, type Ip } from "../../model/prefix.ts";
import { hopsOf } from "../../explain/walk.ts";
import { classOf } from "../../trace/class.ts";
import { converse } from "../../trace/conversation.ts";
import { host } from "./testing.ts";

const built = host({
  "compose.yaml": `
services:
  web: { image: nginx, ports: ["8080:80"], networks: [front] }
  app: { image: app, networks: [front] }
networks:
  front:
`,
});
const { forward, back } = converse(built, {
  device: "h1/app",
  table: null,
  to: parseIp("172.18.0.1")!,
  proto: "tcp",
  port: 8080,
});

test("D9 a walk through the proxy says who takes the connection, and goes on from there as another packet", () => {
  const texts = hopsOf(built, forward).map(({ at, text }) => `${at}: ${text}`);
  expect(texts).toContainEqual(
    expect.stringMatching(
      /^h1: A program here takes the connection, and makes one of its own to 172\.18\.0\.\d, port 80, out of br-/,
    ),
  );
  expect(formatIp(forward.last.dst as Ip)).toMatch(/^172\.18\.0\.[23]$/);
  expect(back?.fate.kind).toBe("delivered");
});

test("D9 what walks alike is told by what came to the proxy, and not by what the proxy sends", () => {
  const { fields, ttl } = classOf(forward);
  expect(fields.dport).toEqual([[8080, 8080]]);
  expect(fields.dst).toEqual([[parseIp("172.18.0.1"), parseIp("172.18.0.1")]]);
  expect(ttl).toEqual([1, 255]);
});
