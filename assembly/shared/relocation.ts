// What relocate() and relocate64() return, and what they keep between the calls for one section. The areas for
// symbols and entries are memory-map.ts's.

import { RELOC_WORDS } from "./memory-map.ts";

/** 0, or why it stopped; RELOC_FAILED_AT says at which entry. */
export const RELOC_OK = 0;
export const RELOC_OVERFLOW = 1;
export const RELOC_DANGEROUS = 2;
export const RELOC_UNKNOWN_TYPE = 3;
export const RELOC_UNKNOWN_SYMBOL = 4; // value in the errno range, symbol not weak
export const RELOC_UNPAIRED_HI16 = 5;
export const RELOC_OUT_OF_SECTION = 6; // r_offset past the section: farjal's own check
export const RELOC_TOO_MANY_PENDING = 7;
export const RELOC_NOT_ON_32_BIT = 8; // R_MIPS_64, HIGHER, HIGHEST
export const RELOC_NO_SYMBOL = 9; // the symbol's index is past the table: farjal's own check
export const RELOC_COMPOSITE = 10; // r_ssym, r_type2 or r_type3 isn't zero: farjal's own check

export const RELOC_FAILED_AT = RELOC_WORDS; // index of the entry that failed, counted from the section's first
export const RELOC_PENDING_COUNT = RELOC_FAILED_AT + 4; // HI16 entries that wait for their LO16
export const RELOC_DONE = RELOC_PENDING_COUNT + 4; // entries applied so far in this section
