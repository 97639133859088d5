/** A number from 0 up to, and without, `below`. */
export type Dice = (below: number) => number;

/**
 * Dice that fall the same way for the same seed and name, on every machine.
 *
 * FNV-1a makes one 32-bit number of the seed and the name; mulberry32 walks on from there. Both are a few
 * lines of whole-number arithmetic (`Math.imul`), so a browser, a server and a run ten years from now
 * agree to the bit, and neither has a library whose next version might not. They are no secret: who
 * knows a seed knows the addresses, which a learner sees anyway.
 */
export function diceOf(seed: number, name: string): Dice {
  let state = fnv1a(`${seed}/${name}`);
  return (below) => {
    // Numbers past the last whole multiple of `below` would favour the small ones: throw again.
    const limit = 2 ** 32 - (2 ** 32 % below);
    for (;;) {
      state = (state + 0x6d2b79f5) | 0;
      const thrown = mulberry32(state);
      if (thrown < limit) return thrown % below;
    }
  };
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash;
}

function mulberry32(state: number): number {
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return (mixed ^ (mixed >>> 14)) >>> 0;
}
