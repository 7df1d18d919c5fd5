// How the interpreter, translated code and the host's translator meet: the dispatch table, the words that they
// exchange, and what the host knows of guards. assembly/interpreter/dispatch.ts and src/translate/ use them.

import { DISPATCH_SIZE, EXITS_SIZE, UNIT_WORDS } from "./memory-map.ts";

/** DISPATCH: {guest address, DISPATCH_* state}, two words each. */
export const DISPATCH_ENTRIES = DISPATCH_SIZE / 8;
export const DISPATCH_LOW = 2; // an address's entry: its bits from here up, xor those from DISPATCH_HIGH up
export const DISPATCH_HIGH = 18;
export const DISPATCH_TRANSLATED = 0x80000000; // state bit: the rest is the unit's table slot
export const DISPATCH_NEVER = 0x40000000; // state bit: not to be translated; without either, a count of visits
/** Slots of the function table; EXITS and EXITS_ALLOWED have a word for each. */
export const SLOTS = EXITS_SIZE / 4;
/** Bytes of physical memory that a bit of CODE_MAP stands for. */
export const CODE_GRAIN = 64;

export const ENGINE = UNIT_WORDS; // 1: run() enters translated code, and stops where more is wanted
export const FUEL = ENGINE + 4; // i32: instructions that translated code may still complete
export const FUEL_END = FUEL + 4; // u64: CPU_COUNT + FUEL, the same throughout a stay in translated code
export const EXITED = FUEL_END + 8; // table slot of the unit whose guard ended the stay, or 0
export const HOT_AFTER = EXITED + 4; // visits after which run() stops with STOP_HOT
export const OBSERVING = HOT_AFTER + 4; // 1: accesses and jumps are noted in OBSERVED
export const OBSERVED_LENGTH = OBSERVING + 4; // bytes noted
/** How stays in translated code ended, each a u64. */
export const STAYED = OBSERVED_LENGTH + 4; // instructions completed there
export const LEFT_BY_GUARD = STAYED + 8; // stays that a guard ended
export const LEFT_BY_RETURN = LEFT_BY_GUARD + 8; // where the run ends
export const LEFT_FOR_UNTRANSLATED = LEFT_BY_RETURN + 8; // before code that the interpreter has to run
export const LEFT_FOR_TRANSLATED = LEFT_FOR_UNTRANSLATED + 8; // before translated code: out of fuel, or too deep
/** What a stop that is the translator's own is about (stops.ts). */
export const STOP_ABOUT = LEFT_FOR_TRANSLATED + 8;
