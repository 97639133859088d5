import { expect, test } from "vitest";
import { zipOf } from "./zip.ts";

test("a zip archive holds every file under its path, with its checksum", () => {
  const bytes = zipOf({ "edge/startup.ios": "hostname edge\n", "ä/leer.sh": "" });
  const view = new DataView(bytes.buffer);
  const text = (from: number, length: number) =>
    new TextDecoder().decode(bytes.slice(from, from + length));
  expect(view.getUint32(0, true)).toBe(0x04034b50);
  // The checksum of "hostname edge\n", as zlib has it.
  expect(view.getUint32(14, true)).toBe(0x1b38d4cc);
  expect(text(30, 16)).toBe("edge/startup.ios");
  expect(text(46, 14)).toBe("hostname edge\n");
  const end = bytes.length - 22;
  expect(view.getUint32(end, true)).toBe(0x06054b50);
  expect(view.getUint16(end + 10, true)).toBe(2);
  const index = view.getUint32(end + 16, true);
  expect(view.getUint32(index, true)).toBe(0x02014b50);
  expect(index + view.getUint32(end + 12, true)).toBe(end);
});
