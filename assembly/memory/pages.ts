// Entries of the software page tables, and accesses through them. For every 4 KiB page of the guest's address
// space the tables say where it is in physical memory, once for reading and fetching and once for writing. An
// access that finds its page here needs no other check than alignment and mode; any other is translated exactly
// (addresses.ts). page-tables.ts fills the tables.
//
// An entry is the page's physical address minus its virtual one, plus PRESENT; 0 is absent. So
// physical = virtual + entry - 1, and that 1 goes into the constant offset of the access. An entry of a page
// with a breakpoint or watchpoint has WATCHED instead of PRESENT, and in the table for writing one of a page
// with translated code has CODE: exact translation finds such pages, the fast reading doesn't admit them.

import { RAM, READ_TABLE, WRITE_TABLE } from "../shared/memory-map.ts";
import { FLIP_16, FLIP_8 } from "./physical.ts";

export const PAGE_MASK: u32 = 0xfffff000;

/** What an entry carries beside the page: it may be used as it is, or has to be read exactly. */
export const PRESENT: u32 = 1;
export const WATCHED: u32 = 2;
export const CODE: u32 = 4;

/** RAM less the 1 that a present entry carries. */
const RAM_BEFORE: usize = RAM - PRESENT;

@final
export class Pages {
  /** The entry for reading or fetching at va; 0 when absent. */
  @inline static readable(va: u32): u32 {
    return load<u32>((va >>> 12) << 2, READ_TABLE);
  }

  /** The entry for writing at va; 0 when absent. */
  @inline static writable(va: u32): u32 {
    return load<u32>((va >>> 12) << 2, WRITE_TABLE);
  }

  /** Whether an access is good: none of its address bits is in mask, and its entry is present. */
  @inline static admits(entry: u32, va: u32, mask: u32): bool {
    return (va & mask) < (entry & PRESENT);
  }

  /** Whether only translated code on its page keeps an access from being good. */
  @inline static besideCode(entry: u32): bool {
    return (entry & (PRESENT | WATCHED | CODE)) === CODE;
  }

  /** The physical address of va through an entry that isn't absent. */
  @inline static physical(entry: u32, va: u32): u32 {
    return va + (entry & PAGE_MASK);
  }

  /** The word at va, where entry + va is `place`. */
  @inline static wordAt(place: u32): u32 {
    return load<u32>(place, RAM_BEFORE);
  }

  @inline static load8(entry: u32, va: u32): u32 {
    return load<u8>((va ^ FLIP_8) + entry, RAM_BEFORE);
  }

  @inline static load8s(entry: u32, va: u32): u32 {
    return load<i8>((va ^ FLIP_8) + entry, RAM_BEFORE);
  }

  @inline static load16(entry: u32, va: u32): u32 {
    return load<u16>((va ^ FLIP_16) + entry, RAM_BEFORE);
  }

  @inline static load16s(entry: u32, va: u32): u32 {
    return load<i16>((va ^ FLIP_16) + entry, RAM_BEFORE);
  }

  @inline static load32(entry: u32, va: u32): u32 {
    return load<u32>(va + entry, RAM_BEFORE);
  }

  @inline static store8(entry: u32, va: u32, value: u32): void {
    store<u8>((va ^ FLIP_8) + entry, value, RAM_BEFORE);
  }

  @inline static store16(entry: u32, va: u32, value: u32): void {
    store<u16>((va ^ FLIP_16) + entry, value, RAM_BEFORE);
  }

  @inline static store32(entry: u32, va: u32, value: u32): void {
    store<u32>(va + entry, value, RAM_BEFORE);
  }
}
