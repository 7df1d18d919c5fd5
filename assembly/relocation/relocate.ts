// Applies Elf32_Rel entries to one section in guest memory, exactly as Linux 6.1's apply_relocate() does
// on 32-bit MIPS (arch/mips/kernel/module.c): the same order, the same checks, the same blind spots. The
// host stages final symbol values and raw entries (src/module/relocation/relocate.ts) and turns a code into the
// kernel's words. Every decision is made there: a skipped weak symbol arrives as R_MIPS_NONE, a
// mended far jump as a symbol of its own.
//
// farjal's own checks come on top and never change a good module: an entry outside its section, a symbol
// outside the table, more waiting HI16 than there is room for.

import {
  RELOC_ENTRIES,
  RELOC_PENDING,
  RELOC_PENDING_SIZE,
  RELOC_SYMBOLS,
} from "../shared/memory-map.ts";
import {
  R_MIPS_26,
  R_MIPS_32,
  R_MIPS_64,
  R_MIPS_HI16,
  R_MIPS_HIGHER,
  R_MIPS_HIGHEST,
  R_MIPS_LO16,
  R_MIPS_NONE,
  R_MIPS_PC16,
  R_MIPS_PC21_S2,
  R_MIPS_PC26_S2,
} from "../shared/relocation-types.ts";
import {
  RELOC_DANGEROUS,
  RELOC_DONE,
  RELOC_FAILED_AT,
  RELOC_NO_SYMBOL,
  RELOC_NOT_ON_32_BIT,
  RELOC_OK,
  RELOC_OUT_OF_SECTION,
  RELOC_OVERFLOW,
  RELOC_PENDING_COUNT,
  RELOC_TOO_MANY_PENDING,
  RELOC_UNKNOWN_SYMBOL,
  RELOC_UNKNOWN_TYPE,
  RELOC_UNPAIRED_HI16,
} from "../shared/relocation.ts";
import { insert, loadWord, REGION, storeWord } from "./patch.ts";

/** The lowest symbol value that Linux reads as an error number: (unsigned)-4095. */
const FIRST_ERROR_VALUE: u32 = 0xfffff001;
const PENDING_CAPACITY: u32 = RELOC_PENDING_SIZE >> 3;

/** The list of HI16 entries that wait for their LO16: {place, S}, newest last. */
@final
class Pending {
  @inline static get count(): u32 {
    return load<u32>(RELOC_PENDING_COUNT);
  }

  @inline static set count(count: u32) {
    store<u32>(RELOC_PENDING_COUNT, count);
  }

  @inline static place(index: u32): u32 {
    return load<u32>(index << 3, RELOC_PENDING);
  }

  @inline static value(index: u32): u32 {
    return load<u32>(index << 3, RELOC_PENDING + 4);
  }

  static push(place: u32, value: u32): u32 {
    const count = Pending.count;
    if (count === PENDING_CAPACITY) return RELOC_TOO_MANY_PENDING;
    store<u32>(count << 3, place, RELOC_PENDING);
    store<u32>(count << 3, value, RELOC_PENDING + 4);
    Pending.count = count + 1;
    return RELOC_OK;
  }

  /** Gives every waiting HI16 the addend of this LO16, newest first; they must have the LO16's value. */
  static settle(value: u32, low: u32): u32 {
    for (let i = Pending.count; i > 0; i--) {
      if (Pending.value(i - 1) !== value) return RELOC_DANGEROUS;
      const place = Pending.place(i - 1);
      const word = loadWord(place);
      const sum = (word << 16) + low + value;
      storeWord(place, insert(word, (sum + 0x8000) >>> 16, 0xffff));
    }
    Pending.count = 0;
    return RELOC_OK;
  }
}

/** R_MIPS_26. Linux looks at S alone, and at the delay slot's address: see src/trampoline/region.ts. */
function relocate26(place: u32, address: u32, word: u32, value: u32): u32 {
  if (value & 3) return RELOC_DANGEROUS;
  if ((value ^ (address + 4)) & REGION) return RELOC_OVERFLOW;
  storeWord(place, insert(word, word + (value >>> 2), 0x03ffffff));
  return RELOC_OK;
}

function relocateLo16(place: u32, word: u32, value: u32): u32 {
  const low: u32 = (<i32>(word << 16) >> 16) as u32;
  const code = Pending.settle(value, low);
  if (code !== RELOC_OK) return code;
  storeWord(place, insert(word, value + low, 0xffff));
  return RELOC_OK;
}

/** R_MIPS_PC16 and its release 6 kin: a branch offset in words, in a field of so many bits. */
function relocatePc(place: u32, address: u32, word: u32, value: u32, bits: u32): u32 {
  if (value & 3) return RELOC_DANGEROUS;
  const unused = 32 - bits;
  const addend = <i32>(word << unused) >> unused;
  const offset = addend + (<i32>(value - address) >> 2);
  if ((offset << unused) >> unused !== offset) return RELOC_OVERFLOW;
  storeWord(place, insert(word, <u32>offset, (1 << bits) - 1));
  return RELOC_OK;
}

function relocateOne(place: u32, address: u32, type: u32, value: u32): u32 {
  const word = loadWord(place);
  switch (type) {
    case R_MIPS_32:
      storeWord(place, word + value);
      return RELOC_OK;
    case R_MIPS_26:
      return relocate26(place, address, word, value);
    case R_MIPS_HI16:
      return Pending.push(place, value);
    case R_MIPS_LO16:
      return relocateLo16(place, word, value);
    case R_MIPS_PC16:
      return relocatePc(place, address, word, value, 16);
    case R_MIPS_PC21_S2:
      return relocatePc(place, address, word, value, 21);
    case R_MIPS_PC26_S2:
      return relocatePc(place, address, word, value, 26);
    case R_MIPS_64:
    case R_MIPS_HIGHER:
    case R_MIPS_HIGHEST:
      return RELOC_NOT_ON_32_BIT;
    default:
      return RELOC_UNKNOWN_TYPE;
  }
}

/**
 * Applies the staged entries, in their order, to a section that is in one piece of physical memory.
 * A section with more entries than the staging area holds takes several calls; `first` starts a section,
 * and finishSection() ends it.
 * @returns RELOC_OK, or why the entry at RELOC_FAILED_AT (counted from the section's first) stopped it.
 */
export function relocate(
  sectionAddress: u32,
  sectionPhysical: u32,
  sectionSize: u32,
  symbolCount: u32,
  entryCount: u32,
  first: bool,
): u32 {
  if (first) {
    Pending.count = 0;
    store<u32>(RELOC_DONE, 0);
  }
  const done = load<u32>(RELOC_DONE);
  for (let i: u32 = 0; i < entryCount; i++) {
    const offset = load<u32>(i << 3, RELOC_ENTRIES);
    const info = load<u32>(i << 3, RELOC_ENTRIES + 4);
    const symbol = info >>> 8;
    const type = info & 0xff;
    let code: u32 = RELOC_OK;
    if (symbol >= symbolCount) {
      code = RELOC_NO_SYMBOL;
    } else {
      const value = load<u32>(symbol << 2, RELOC_SYMBOLS);
      if (value >= FIRST_ERROR_VALUE) {
        code = RELOC_UNKNOWN_SYMBOL;
      } else if (type !== R_MIPS_NONE) {
        code =
          offset > sectionSize || sectionSize - offset < 4
            ? RELOC_OUT_OF_SECTION
            : relocateOne(sectionPhysical + offset, sectionAddress + offset, type, value);
      }
    }
    if (code !== RELOC_OK) {
      store<u32>(RELOC_FAILED_AT, done + i);
      return code;
    }
  }
  store<u32>(RELOC_DONE, done + entryCount);
  return RELOC_OK;
}

/** Ends a section: a HI16 that no LO16 followed makes Linux refuse the module, without a word. */
export function finishSection(): u32 {
  return Pending.count === 0 ? RELOC_OK : RELOC_UNPAIRED_HI16;
}
