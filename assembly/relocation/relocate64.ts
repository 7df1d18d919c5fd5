// Applies MIPS's Elf64_Rela entries to one section in guest memory, as Linux 6.1 does on 64-bit MIPS
// (arch/mips/kernel/module.c with rela = true): S + A is all there is, so no entry waits for another. The
// host stages final symbol values, 64 bits each, and the entries as the file has them but for their numbers'
// byte order (src/module/relocation/relocation.ts). What relocate.ts says of decisions and of farjal's own checks holds
// here too; one more is of entries with a second and third type, of which the kernel knows nothing and
// applies the first to what isn't its operand.

import { RELOC_ENTRIES, RELOC_SYMBOLS } from "../shared/memory-map.ts";
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
  RELOC_COMPOSITE,
  RELOC_DANGEROUS,
  RELOC_DONE,
  RELOC_FAILED_AT,
  RELOC_NO_SYMBOL,
  RELOC_OK,
  RELOC_OUT_OF_SECTION,
  RELOC_OVERFLOW,
  RELOC_UNKNOWN_SYMBOL,
  RELOC_UNKNOWN_TYPE,
} from "../shared/relocation.ts";
import { insert, loadWord, REGION, storeWord } from "./patch.ts";

/** The lowest symbol value that Linux reads as an error number: (unsigned long)-4095. */
const FIRST_ERROR_VALUE: u64 = 0xfffffffffffff001;
/** {u64 r_offset; u32 r_sym; u8 r_ssym, r_type3, r_type2, r_type; i64 r_addend}. */
const ENTRY_SIZE: u32 = 24;

function storeDoubleWord(place: u32, value: u64): void {
  const high = <u32>(value >> 32);
  const low = <u32>value;
  storeWord(place, BIG_ENDIAN ? high : low);
  storeWord(place + 4, BIG_ENDIAN ? low : high);
}

/** The low 16 bits of an instruction replaced. */
function storeHalf(place: u32, value: u64): u32 {
  storeWord(place, insert(loadWord(place), <u32>value, 0xffff));
  return RELOC_OK;
}

/** R_MIPS_26. Linux compares bits 31 to 28 with the delay slot's, and none above. */
function relocate26(place: u32, address: u64, value: u64): u32 {
  if (value & 3) return RELOC_DANGEROUS;
  if (<u32>(value ^ (address + 4)) & REGION) return RELOC_OVERFLOW;
  storeWord(place, insert(loadWord(place), <u32>(value >> 2), 0x03ffffff));
  return RELOC_OK;
}

/** R_MIPS_PC16 and its release 6 kin: a branch offset in words, in a field of so many bits. */
function relocatePc(place: u32, address: u64, value: u64, bits: u32): u32 {
  if (value & 3) return RELOC_DANGEROUS;
  const offset = <i64>(value - address) >> 2;
  const unused = <i64>(64 - bits);
  if ((offset << unused) >> unused !== offset) return RELOC_OVERFLOW;
  storeWord(place, insert(loadWord(place), <u32>offset, (1 << bits) - 1));
  return RELOC_OK;
}

function relocateOne(place: u32, address: u64, type: u32, value: u64): u32 {
  switch (type) {
    case R_MIPS_32:
      storeWord(place, <u32>value);
      return RELOC_OK;
    case R_MIPS_64:
      storeDoubleWord(place, value);
      return RELOC_OK;
    case R_MIPS_26:
      return relocate26(place, address, value);
    case R_MIPS_HI16:
      return storeHalf(place, (value + 0x8000) >> 16);
    case R_MIPS_LO16:
      return storeHalf(place, value);
    case R_MIPS_HIGHER:
      return storeHalf(place, (value + 0x80008000) >> 32);
    case R_MIPS_HIGHEST:
      return storeHalf(place, (value + 0x800080008000) >> 48);
    case R_MIPS_PC16:
      return relocatePc(place, address, value, 16);
    case R_MIPS_PC21_S2:
      return relocatePc(place, address, value, 21);
    case R_MIPS_PC26_S2:
      return relocatePc(place, address, value, 26);
    default:
      return RELOC_UNKNOWN_TYPE;
  }
}

/**
 * Applies the staged entries, in their order, to a section that is in one piece of physical memory.
 * A section with more entries than the staging area holds takes several calls; `first` starts a section.
 * @returns RELOC_OK, or why the entry at RELOC_FAILED_AT (counted from the section's first) stopped it.
 */
export function relocate64(
  sectionAddress: u64,
  sectionPhysical: u32,
  sectionSize: u32,
  symbolCount: u32,
  entryCount: u32,
  first: bool,
): u32 {
  if (first) store<u32>(RELOC_DONE, 0);
  const done = load<u32>(RELOC_DONE);
  let entry: u32 = 0;
  for (let i: u32 = 0; i < entryCount; i++, entry += ENTRY_SIZE) {
    const offset = load<u64>(entry, RELOC_ENTRIES);
    const symbol = load<u32>(entry, RELOC_ENTRIES + 8);
    const more = load<u32>(entry, RELOC_ENTRIES + 12) & 0x00ffffff;
    const type: u32 = load<u8>(entry, RELOC_ENTRIES + 15);
    let code: u32 = RELOC_OK;
    if (symbol >= symbolCount) {
      code = RELOC_NO_SYMBOL;
    } else if (more !== 0) {
      code = RELOC_COMPOSITE;
    } else {
      const value = load<u64>(symbol << 3, RELOC_SYMBOLS);
      const size: u64 = type === R_MIPS_64 ? 8 : 4;
      if (value >= FIRST_ERROR_VALUE) {
        code = RELOC_UNKNOWN_SYMBOL;
      } else if (type !== R_MIPS_NONE) {
        code =
          offset > sectionSize || sectionSize - offset < size
            ? RELOC_OUT_OF_SECTION
            : relocateOne(
                sectionPhysical + <u32>offset,
                sectionAddress + offset,
                type,
                value + load<u64>(entry, RELOC_ENTRIES + 16),
              );
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
