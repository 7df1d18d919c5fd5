// What the host changes in the page tables: the pages that it maps, the watches that it sets, and the pages that it
// marks after it has translated code. The caller has checked every number.

import { KSEG0, KSEG1, RAM } from "../shared/memory-map.ts";
import { TLB_PAGES, TLB_PAGES_LENGTH } from "../shared/page-tables.ts";
import { WATCH_LENGTH } from "../shared/watches.ts";
import { PageTables } from "./page-tables.ts";
import { PAGE_MASK, Pages } from "./pages.ts";
import { Watch } from "./watches.ts";

/**
 * After the code map changed for a physical page: marks it where kseg0, kseg1 and the TLB show it. Host
 * pages are the host's to name, with markPage().
 */
export function markPhysical(physical: u32): void {
  PageTables.mark(KSEG0 + physical);
  PageTables.mark(KSEG1 + physical);
  const length = load<u32>(TLB_PAGES_LENGTH);
  for (let i: u32 = 0; i < length; i++) {
    const va = load<u32>(i << 2, TLB_PAGES);
    if ((Pages.physical(Pages.readable(va), va) & PAGE_MASK) === physical) PageTables.mark(va);
  }
}

export function markPage(va: u32): void {
  PageTables.mark(va);
}

/**
 * The host maps size bytes at va to physical memory; both addresses and the size are multiples of the page
 * size, and the physical range is in RAM (the caller has checked). Host pages win over the TLB's.
 */
export function mapPages(va: u32, physical: u32, size: u32, writable: u32): void {
  for (let done: u32 = 0; done < size; done += ~PAGE_MASK + 1) {
    PageTables.removeTlbPages(va + done, PAGE_MASK);
    PageTables.enter(va + done, physical + done, writable !== 0);
  }
}

/** Takes back what mapPages entered. */
export function unmapPages(va: u32, size: u32): void {
  for (let done: u32 = 0; done < size; done += ~PAGE_MASK + 1) {
    PageTables.removeTlbPages(va + done, PAGE_MASK);
    PageTables.remove(va + done);
  }
}

/** Forgets all watches; the host then writes others into WATCHES and calls watch(). */
export function unwatch(): void {
  const length = load<u32>(WATCH_LENGTH);
  store<u32>(WATCH_LENGTH, 0);
  for (let index: u32 = 0; index < length; index++) markPages(Watch.at(index));
}

/** Takes the first `length` of WATCHES. */
export function watch(length: u32): void {
  store<u32>(WATCH_LENGTH, length);
  for (let index: u32 = 0; index < length; index++) markPages(Watch.at(index));
}

/** Marks the pages of a watch in the tables as all watches require. */
function markPages(watch: Watch): void {
  const last = watch.last >>> 12;
  for (let page = watch.first >>> 12; page <= last; page++) PageTables.mark(page << 12);
}
