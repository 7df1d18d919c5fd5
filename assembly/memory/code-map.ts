// Where translated code is in physical memory: a bit for each 64 bytes, which separates code from data on the same
// page. A page with a bit set is marked in the write table (pages.ts): the fast reading and translated code don't
// admit stores to it, and the exact reading checks here whether one hit code. Which unit that is, and what follows,
// is the host's part.

import { cpu } from "../cpu/cpu.ts";
import { CODE_MAP, PAGE_SIZE } from "../shared/memory-map.ts";
import { STOP_CODE } from "../shared/stops.ts";
import { CODE_GRAIN, STOP_ABOUT } from "../shared/translated-code.ts";
import { Pages } from "./pages.ts";
import { Physical } from "./physical.ts";

/** Bytes of the map for a page: one for each 512 bytes. */
const PAGE_BYTES = PAGE_SIZE / CODE_GRAIN / 8;

@final
export class CodeMap {
  /** Whether the 64 bytes around a physical address hold translated code. */
  @inline static holds(physical: u32): bool {
    const grain = physical / CODE_GRAIN;
    return ((load<u8>(grain >>> 3, CODE_MAP) >>> (grain & 7)) & 1) !== 0;
  }

  /** Whether any of its page's does. */
  @inline static holdsIn(physical: u32): bool {
    return load<u64>((physical / PAGE_SIZE) * PAGE_BYTES, CODE_MAP) !== 0;
  }

  /** After a store: stops the run for the host when it hit code. */
  @inline static stored(physical: u32): void {
    if (CodeMap.holds(physical)) {
      cpu.stop = STOP_CODE;
      store<u32>(STOP_ABOUT, physical);
    }
  }
}

/**
 * For translated code: stores 1 << log2 bytes at va if the page is mapped and only code beside it keeps the
 * fast way from it. Returns 0, with nothing done, when the store has to be read exactly.
 */
export function storeBesideCode(va: u32, value: u32, log2: u32): u32 {
  const entry = Pages.writable(va);
  if (!Pages.besideCode(entry) || (va & ((1 << log2) - 1)) !== 0) return 0;
  const physical = Pages.physical(entry, va);
  if (CodeMap.holds(physical)) return 0;
  if (log2 === 0) Physical.store8(physical, value);
  else if (log2 === 1) Physical.store16(physical, value);
  else Physical.store32(physical, value);
  return 1;
}
