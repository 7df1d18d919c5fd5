// Finds the address of an image that has no headers, from two tables together. An exported function's entry holds its
// address, which kallsyms gives a name, and a pointer to that same name, which is a text in the image. The pointer
// minus the text's offset is the image's address. One such entry may be a coincidence; in a kernel thousands agree.
// Where kallsyms counts from the image's first byte, the difference between the entry's two pointers is known instead,
// and the address follows in the same way.

import { latin1 } from "../bytes/text.ts";
import { LOAD_ADDRESSES } from "../limits.ts";
import type { Image } from "./image.ts";
import type { KernelSymbol } from "./kernel.ts";

/** Fewer entries that agree are taken for a coincidence. */
const LEAST_VOTES = 16;

/**
 * The address of the image's first byte, its low word on 64 bits; null when the tables don't determine it.
 * @param symbols with their addresses.
 */
export function findLoadAddress(image: Image, symbols: readonly KernelSymbol[]): number | null {
  const names = new Map(symbols.map(({ name, address }) => [address, name]));
  const texts = textOffsets(image, new Set(names.values()));
  const lowest = symbols[0]?.address ?? 0;
  const highest = symbols.at(-1)?.address ?? 0;
  return elected(image, (first, second) => {
    if (first < lowest || first > highest) return null;
    const text = texts.get(names.get(first) ?? "");
    return text === undefined ? null : second - text;
  });
}

/**
 * The same for symbols whose addresses count from the image's first byte.
 * @param symbols with their offsets in the image.
 */
export function findAddressOfImage(image: Image, symbols: readonly KernelSymbol[]): number | null {
  const texts = textOffsets(image, new Set(symbols.map(({ name }) => name)));
  /**
   * Offsets of symbols by the distance from the symbol to its name's text; null for a distance that several symbols
   * share.
   */
  const byDistance = new Map<number, number | null>();
  for (const { name, address } of symbols) {
    const text = texts.get(name);
    if (text === undefined) continue;
    const known = byDistance.get(text - address);
    byDistance.set(text - address, known === undefined || known === address ? address : null);
  }
  return elected(image, (first, second) => {
    const offset = byDistance.get(second - first);
    return offset == null ? null : first - offset;
  });
}

/** The address on which most pairs of neighbouring pointers agree. */
function elected(
  image: Image,
  vote: (first: number, second: number) => number | null,
): number | null {
  const votes = new Map<number, number>();
  const pointers = image.pointers;
  for (let index = 0; index + 1 < pointers; index++) {
    const first = image.pointer(index);
    if (first <= 0) continue;
    const address = vote(first, image.pointer(index + 1));
    if (address === null || address <= 0) continue;
    const count = votes.get(address);
    if (count !== undefined || votes.size < LOAD_ADDRESSES) votes.set(address, (count ?? 0) + 1);
  }
  let best: number | null = null;
  let most = LEAST_VOTES - 1;
  for (const [address, count] of votes) {
    if (count > most) [best, most] = [address, count];
  }
  return best;
}

/** The bytes that a name may begin with, and those that may follow. */
const FIRST = bytesOf(/[A-Za-z_]/);
const LATER = bytesOf(/[\w.$]/);

function bytesOf(pattern: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) =>
    Number(pattern.test(String.fromCharCode(byte))),
  );
}

/** The offsets of those names that occur as a separate text, between two NULs. */
function textOffsets({ bytes }: Image, names: ReadonlySet<string>): Map<string, number> {
  const offsets = new Map<string, number>();
  /** Where a text began that is a name so far; -1: there is none. */
  let start = -1;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === 0) {
      if (start >= 0 && at > start) {
        const name = latin1(bytes.subarray(start, at));
        if (names.has(name)) offsets.set(name, start);
      }
      start = at + 1;
    } else if (start >= 0 && (at === start ? FIRST : LATER)[byte] === 0) {
      start = -1;
    }
  }
  return offsets;
}
