// The list of the pages in the page tables that come from the TLB, by which assembly/memory/page-tables.ts removes
// them again: a length, then page addresses, of which some may be removed already, or be there twice. The tables
// themselves are areas of memory-map.ts.

import { TLB_PAGE_LIST } from "./memory-map.ts";

export const TLB_PAGES_LENGTH = TLB_PAGE_LIST;
export const TLB_PAGES = TLB_PAGES_LENGTH + 4; // a word each
export const TLB_PAGES_CAPACITY = 0x700;
