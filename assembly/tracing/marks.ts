// Jumps to marked addresses (shared/marks.ts). The interpreter asks here after a jump's delay slot, and only while
// instructions are counted, so a run without marks doesn't pay for them. The registers are in memory then, and
// CPU_COUNT is exact; the host may set the stop word, which ends the run before the instruction at the address.

import { MARK_MAP } from "../shared/memory-map.ts";
import { MARK_BITS, MARKING } from "../shared/marks.ts";

// @ts-ignore: decorator
@external("env", "markReached")
declare function markReached(address: u32): void;

/** No jump leads there: it is no multiple of 4. */
const NOWHERE: u32 = 0xffffffff;

@final
export class Marks {
  @inline static has(address: u32): bool {
    const bit = (address >>> 2) & (MARK_BITS - 1);
    return load<u32>(MARKING) !== 0 && ((load<u8>(bit >>> 3, MARK_MAP) >>> (bit & 7)) & 1) !== 0;
  }

  /** The marked address that was jumped to and is not reported yet, or NOWHERE. */
  static reached: u32 = NOWHERE;

  /** Reports it; whether there was one. */
  static report(): bool {
    const address = Marks.reached;
    if (address === NOWHERE) return false;
    Marks.reached = NOWHERE;
    markReached(address);
    return true;
  }
}
