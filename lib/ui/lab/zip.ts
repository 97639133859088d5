import type { Files } from "#lib/net/source/span.ts";

/** Files as a zip archive, stored without compression: they are a few kilobytes. */
export function zipOf(files: Files): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  const index: Uint8Array[] = [];
  let offset = 0;
  for (const [path, text] of Object.entries(files)) {
    const name = encoder.encode(path);
    const data = encoder.encode(text);
    const about = [
      ...bytesOf(20, 2),
      ...bytesOf(UTF8, 2),
      ...bytesOf(0, 2),
      ...bytesOf(0, 2),
      ...bytesOf(DAY, 2),
    ];
    const sizes = [
      ...bytesOf(crc32(data), 4),
      ...bytesOf(data.length, 4),
      ...bytesOf(data.length, 4),
    ];
    const names = [...bytesOf(name.length, 2), ...bytesOf(0, 2)];
    const local = Uint8Array.from([0x50, 0x4b, 3, 4, ...about, ...sizes, ...names, ...name]);
    parts.push(local, data);
    const nowhere = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const entry = [0x50, 0x4b, 1, 2, 20, 0, ...about, ...sizes, ...names, ...nowhere];
    index.push(Uint8Array.from([...entry, ...bytesOf(offset, 4), ...name]));
    offset += local.length + data.length;
  }
  const indexSize = index.reduce((sum, it) => sum + it.length, 0);
  const count = bytesOf(index.length, 2);
  const end = [0x50, 0x4b, 5, 6, 0, 0, 0, 0, ...count, ...count, ...bytesOf(indexSize, 4)];
  return joined([...parts, ...index, Uint8Array.from([...end, ...bytesOf(offset, 4), 0, 0])]);
}

/** Names are UTF-8. */
const UTF8 = 0x0800;
/** 1 January 1980, the first day there is in a zip archive: the same files give the same bytes. */
const DAY = 0x0021;

/** A number as so many bytes, the lowest first. */
function bytesOf(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, at) => (value >>> (8 * at)) & 0xff);
}

function crc32(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, it) => sum + it.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
