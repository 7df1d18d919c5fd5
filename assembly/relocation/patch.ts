// The words that relocations patch, where both classes do the same. Sections may have an alignment of 1,
// so a relocated place may be unaligned.

import { Physical } from "../memory/physical.ts";

/** The address bits that a jump keeps, and that Linux compares. */
export const REGION: u32 = 0xf0000000;

export function loadWord(place: u32): u32 {
  return place & 3 ? Physical.loadUnaligned32(place) : Physical.load32(place);
}

export function storeWord(place: u32, word: u32): void {
  if (place & 3) Physical.storeUnaligned32(place, word);
  else Physical.store32(place, word);
}

/** The low field of a word replaced. */
export function insert(word: u32, field: u32, mask: u32): u32 {
  return (word & ~mask) | (field & mask);
}
