// Marked addresses: how the core and the host share them. While MARKING is 1, the interpreter calls the host's
// markReached() after each jump or taken branch, delay slot included, that leads to an address whose bit is set in
// MARK_MAP. Addresses that are equal in their low 25 bits share a bit, so the host compares what it is given with its own
// list. assembly/tracing/marks.ts asks for the bits, src/processor/marks.ts sets them.

import { MARK_MAP_SIZE, MARK_WORDS } from "./memory-map.ts";

export const MARKING = MARK_WORDS; // 1: jumps to marked addresses call the host; only while instructions are counted

/** Bits of the map; an instruction's number, less what is above this, is its bit's. */
export const MARK_BITS = MARK_MAP_SIZE * 8;
