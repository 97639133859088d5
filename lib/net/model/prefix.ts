declare const brand: unique symbol;

/** An IPv4 address as an unsigned 32-bit number. Only this file makes one. */
export type Ip = number & { readonly [brand]: "Ip" };

/** A network: its first address and how many leading bits are fixed. Host bits are zero. */
export type Prefix = { readonly first: Ip; readonly length: number };

export const ZERO = 0 as Ip;
export const BROADCAST = 0xffffffff as Ip;
export const EVERYWHERE: Prefix = { first: ZERO, length: 0 };

/** Read dotted-quad text; `null` for anything else, such as `10.0.0.01`. */
export function parseIp(text: string): Ip | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))) return null;
  const bytes = parts.map(Number);
  if (bytes.some((byte) => byte > 255)) return null;
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0) as Ip;
}

/** Read `10.0.0.0/8`; `null` when the text has host bits set, so no network has two spellings. */
export function parsePrefix(text: string): Prefix | null {
  const it = parseInterfaceAddress(text);
  if (!it) return null;
  const prefix = networkOf(it.ip, it.length);
  return prefix.first === it.ip ? prefix : null;
}

/** Read `10.0.0.7/8`: an address and the length of its network, host bits kept. */
export function parseInterfaceAddress(text: string): { ip: Ip; length: number } | null {
  const [address = "", bits = "", ...rest] = text.split("/");
  const ip = parseIp(address);
  if (ip === null || rest.length > 0 || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return null;
  return { ip, length: Number(bits) };
}

/** The length a dotted mask stands for, or `null` when its one-bits are not contiguous. */
export function maskLength(mask: Ip): number | null {
  const length = 32 - Math.log2(2 ** 32 - mask);
  return Number.isInteger(length) ? length : null;
}

/** The dotted mask of `length` one-bits. */
export function maskOf(length: number): Ip {
  // A shift by 32 is a shift by 0 in JavaScript, so /0 needs its own mask.
  return (length === 0 ? 0 : (-1 << (32 - length)) >>> 0) as Ip;
}

/** The network of `length` bits that `ip` belongs to. */
export function networkOf(ip: Ip, length: number): Prefix {
  return { first: ((ip & maskOf(length)) >>> 0) as Ip, length };
}

/** The last address of a network: of a LAN, its directed broadcast. */
export function lastOf(prefix: Prefix): Ip {
  return (prefix.first + 2 ** (32 - prefix.length) - 1) as Ip;
}

export function contains(prefix: Prefix, ip: Ip): boolean {
  return (ip & maskOf(prefix.length)) >>> 0 === prefix.first;
}

/** Whether `ip` means the system itself wherever it is asked (RFC 1122 §3.2.1.3: 127.0.0.0/8). */
export function isLoopback(ip: Ip): boolean {
  return ip >>> 24 === 127;
}

/** Whether two networks share an address: then one contains the other. */
export function overlaps(a: Prefix, b: Prefix): boolean {
  return a.length <= b.length ? contains(a, b.first) : contains(b, a.first);
}

export function samePrefix(a: Prefix, b: Prefix): boolean {
  return a.first === b.first && a.length === b.length;
}

/** The address `offset` places after the first of `prefix`; `null` outside of it. */
export function addressIn(prefix: Prefix, offset: number): Ip | null {
  const ip = prefix.first + offset;
  return Number.isInteger(offset) && offset >= 0 && ip <= lastOf(prefix) ? (ip as Ip) : null;
}

export function formatIp(ip: Ip): string {
  return [24, 16, 8, 0].map((shift) => (ip >>> shift) & 255).join(".");
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatIp(prefix.first)}/${prefix.length}`;
}
