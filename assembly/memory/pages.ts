// The software page tables: for every 4 KiB page of the guest's address space, where it lies in physical
// memory, once for reading and fetching and once for writing. An access that finds its page here needs no
// other check than alignment and mode; one that doesn't is translated exactly (memory.ts), which fills
// the tables. An entry is the page's physical address minus its virtual one, plus 1; 0 is absent. So
// physical = virtual + entry - 1, and that 1 goes into the constant offset of the access. A page with a
// breakpoint or watchpoint (watches.ts) has 2 there instead of 1, one with translated code (code-map.ts) 4 in
// the table for writing: exact translation finds them, the fast reading doesn't admit them.
//
// Three kinds of page share the tables. Direct ones (kseg0, kseg1) stay. Host ones are mapped by the
// module lab and stay until it unmaps them. TLB ones are listed in TLB_PAGES, and leave when their TLB
// entry, the ASID or Status.ERL changes.

import { CodeMap } from "./code-map.ts";
import {
  KSEG0,
  KSEG1,
  RAM,
  READ_TABLE,
  TLB_PAGES,
  TLB_PAGES_CAPACITY,
  TLB_PAGES_LENGTH,
  WATCH_EXECUTE,
  WATCH_READ,
  WATCH_WRITE,
  WRITE_TABLE,
} from "../shared/memory-map.ts";
import { FLIP_8, FLIP_16 } from "./physical.ts";
import { watchedKinds } from "./watches.ts";

export const PAGE_MASK: u32 = 0xfffff000;

/** What an entry carries beside the page: it may be used as it is, or has to be read exactly. */
const PRESENT: u32 = 1;
const WATCHED: u32 = 2;
const CODE: u32 = 4;

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

  /** Enters the page of va, which lies at physical. */
  static enter(va: u32, physical: u32, writable: bool): void {
    const slot = (va >>> 12) << 2;
    const entry = (physical & PAGE_MASK) - (va & PAGE_MASK) + PRESENT;
    store<u32>(slot, entry, READ_TABLE);
    store<u32>(slot, writable ? entry : 0, WRITE_TABLE);
    Pages.mark(va);
  }

  /** Makes va's entries present or not, as the watches and the code on its page ask. */
  static mark(va: u32): void {
    const entry = Pages.readable(va);
    if (!entry) return;
    const kinds = watchedKinds(va & PAGE_MASK, va | ~PAGE_MASK);
    const code = CodeMap.holdsIn(Pages.physical(entry, va)) ? CODE : 0;
    markEntry(va, READ_TABLE, kinds & (WATCH_EXECUTE | WATCH_READ) ? WATCHED : 0);
    markEntry(va, WRITE_TABLE, (kinds & WATCH_WRITE ? WATCHED : 0) | code);
  }

  static remove(va: u32): void {
    const slot = (va >>> 12) << 2;
    store<u32>(slot, 0, READ_TABLE);
    store<u32>(slot, 0, WRITE_TABLE);
  }

  /** Enters a page that leaves with its TLB entry. */
  static enterFromTlb(va: u32, physical: u32, writable: bool): void {
    if (!Pages.readable(va)) {
      if (load<u32>(TLB_PAGES_LENGTH) === TLB_PAGES_CAPACITY) Pages.removeTlbPages();
      const length = load<u32>(TLB_PAGES_LENGTH);
      store<u32>(length << 2, va & PAGE_MASK, TLB_PAGES);
      store<u32>(TLB_PAGES_LENGTH, length + 1);
    }
    Pages.enter(va, physical, writable);
  }

  /** Removes the TLB pages for which (page & mask) === match; all of them with 0, 0. */
  static removeTlbPages(match: u32 = 0, mask: u32 = 0): void {
    let kept: u32 = 0;
    const length = load<u32>(TLB_PAGES_LENGTH);
    for (let i: u32 = 0; i < length; i++) {
      const page = load<u32>(i << 2, TLB_PAGES);
      if ((page & mask) === match) {
        Pages.remove(page);
      } else {
        store<u32>(kept << 2, page, TLB_PAGES);
        kept++;
      }
    }
    store<u32>(TLB_PAGES_LENGTH, kept);
  }
}

function markEntry(va: u32, table: usize, marks: u32): void {
  const at = table + ((va >>> 12) << 2);
  const entry = load<u32>(at);
  if (entry) store<u32>(at, (entry & PAGE_MASK) | (marks ? marks : PRESENT));
}

/**
 * After the code map changed for a physical page: marks it where kseg0, kseg1 and the TLB show it. Host
 * pages are the host's to name, with markPage().
 */
export function markPhysical(physical: u32): void {
  Pages.mark(KSEG0 + physical);
  Pages.mark(KSEG1 + physical);
  const length = load<u32>(TLB_PAGES_LENGTH);
  for (let i: u32 = 0; i < length; i++) {
    const va = load<u32>(i << 2, TLB_PAGES);
    if ((Pages.physical(Pages.readable(va), va) & PAGE_MASK) === physical) Pages.mark(va);
  }
}

export function markPage(va: u32): void {
  Pages.mark(va);
}

/**
 * The host maps size bytes at va to physical memory; both addresses and the size are multiples of the page
 * size, and the physical range lies in RAM (the caller has checked). Host pages win over the TLB's.
 */
export function mapPages(va: u32, physical: u32, size: u32, writable: u32): void {
  for (let done: u32 = 0; done < size; done += ~PAGE_MASK + 1) {
    Pages.removeTlbPages(va + done, PAGE_MASK);
    Pages.enter(va + done, physical + done, writable !== 0);
  }
}

/** Takes back what mapPages entered. */
export function unmapPages(va: u32, size: u32): void {
  for (let done: u32 = 0; done < size; done += ~PAGE_MASK + 1) {
    Pages.removeTlbPages(va + done, PAGE_MASK);
    Pages.remove(va + done);
  }
}
