// Filling the page tables (pages.ts): entering pages, removing them, and marking those that may not be used as
// they are, because of a watch or of translated code on them.
//
// Three kinds of page share the tables. Direct ones (kseg0, kseg1) stay. Host ones (mappings.ts) stay until the
// host unmaps them. TLB ones are listed in TLB_PAGES, and are removed when their TLB entry, the ASID or
// Status.ERL changes. On a board a page outlives the entry that TLBWR replaces (tlb.ts).

import { READ_TABLE, WRITE_TABLE } from "../shared/memory-map.ts";
import { TLB_PAGES, TLB_PAGES_CAPACITY, TLB_PAGES_LENGTH } from "../shared/page-tables.ts";
import { WATCH_EXECUTE, WATCH_READ, WATCH_WRITE } from "../shared/watches.ts";
import { CodeMap } from "./code-map.ts";
import { CODE, PAGE_MASK, Pages, PRESENT, WATCHED } from "./pages.ts";
import { watchedKinds } from "./watches.ts";

/** Marks an entry while the list is gone through; no guest runs meanwhile. */
const SEEN: u32 = 8;

@final
export class PageTables {
  /** Enters the page of va, which is at physical. */
  static enter(va: u32, physical: u32, writable: bool): void {
    const slot = (va >>> 12) << 2;
    const entry = (physical & PAGE_MASK) - (va & PAGE_MASK) + PRESENT;
    store<u32>(slot, entry, READ_TABLE);
    store<u32>(slot, writable ? entry : 0, WRITE_TABLE);
    PageTables.mark(va);
  }

  /** Makes va's entries present or not, as the watches and the code on its page require. */
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
      if (load<u32>(TLB_PAGES_LENGTH) === TLB_PAGES_CAPACITY) PageTables.makeRoom();
      const length = load<u32>(TLB_PAGES_LENGTH);
      store<u32>(length << 2, va & PAGE_MASK, TLB_PAGES);
      store<u32>(TLB_PAGES_LENGTH, length + 1);
    }
    PageTables.enter(va, physical, writable);
  }

  /**
   * The list is full: drops from it what was removed by itself, and what is in it twice. When most of it is still
   * wanted, all TLB pages are removed.
   */
  static makeRoom(): void {
    let kept: u32 = 0;
    const length = load<u32>(TLB_PAGES_LENGTH);
    for (let i: u32 = 0; i < length; i++) {
      const page = load<u32>(i << 2, TLB_PAGES);
      const entry = Pages.readable(page);
      if (entry === 0 || (entry & SEEN) !== 0) continue;
      store<u32>((page >>> 12) << 2, entry | SEEN, READ_TABLE);
      store<u32>(kept << 2, page, TLB_PAGES);
      kept++;
    }
    store<u32>(TLB_PAGES_LENGTH, kept);
    for (let i: u32 = 0; i < kept; i++) {
      const page = load<u32>(i << 2, TLB_PAGES);
      store<u32>((page >>> 12) << 2, Pages.readable(page) & ~SEEN, READ_TABLE);
    }
    if (kept > <u32>TLB_PAGES_CAPACITY / 2) PageTables.removeTlbPages();
  }

  /** Removes the TLB pages for which (page & mask) === match; all of them with 0, 0. */
  static removeTlbPages(match: u32 = 0, mask: u32 = 0): void {
    let kept: u32 = 0;
    const length = load<u32>(TLB_PAGES_LENGTH);
    for (let i: u32 = 0; i < length; i++) {
      const page = load<u32>(i << 2, TLB_PAGES);
      if ((page & mask) === match) {
        PageTables.remove(page);
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
