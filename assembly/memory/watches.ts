// Breakpoints and watchpoints: ranges of guest addresses at which a run stops, before the instruction that
// lies there or touches them, with nothing of it done. Without any they cost nothing: a page that has one
// stands in the page tables as watched (pages.ts), so that the fast reading doesn't admit it, and the exact
// one, which takes its accesses instead, asks here. Guest memory is never patched.
//
// A stop is told once: the run that goes on from it passes the instruction. That is kept as where and when
// (pc and CPU_COUNT) the last stops were told.

import { cpu } from "../cpu/cpu.ts";
import { STOP_BREAKPOINT, STOP_WATCHPOINT } from "../shared/stops.ts";
import {
  WATCH_EXECUTE,
  WATCH_LENGTH,
  WATCH_REPORTED,
  WATCH_REPORTED_COUNT,
  WATCH_REPORTED_PC,
  WATCHES,
} from "../shared/watches.ts";

@unmanaged
@final
export class Watch {
  first: u32;
  last: u32;
  /** WATCH_* bits. */
  kinds: u32;

  @inline static at(index: u32): Watch {
    return changetype<Watch>(WATCHES + index * offsetof<Watch>());
  }

  overlaps(first: u32, last: u32): bool {
    return this.first <= last && first <= this.last;
  }
}

/** The kinds of all watches that lie in first..last. */
export function watchedKinds(first: u32, last: u32): u32 {
  const length = load<u32>(WATCH_LENGTH);
  let kinds: u32 = 0;
  for (let index: u32 = 0; index < length; index++) {
    const watch = Watch.at(index);
    if (watch.overlaps(first, last)) kinds |= watch.kinds;
  }
  return kinds;
}

/** Whether the run stops before the instruction at pc; cpu.stop says so then. */
export function meetsBreakpoint(pc: u32): bool {
  if (!(watchedKinds(pc, pc) & WATCH_EXECUTE)) return false;
  return tell(STOP_BREAKPOINT, pc);
}

/** Whether the run stops before touching first..last, in the way that is one of WATCH_*. */
export function meetsWatchpoint(first: u32, last: u32, kind: u32): bool {
  const length = load<u32>(WATCH_LENGTH);
  for (let index: u32 = 0; index < length; index++) {
    const watch = Watch.at(index);
    if ((watch.kinds & kind) !== 0 && watch.overlaps(first, last))
      return tell(STOP_WATCHPOINT, max(first, watch.first));
  }
  return false;
}

/** Asks for the stop, unless it was told of this instruction already. */
function tell(reason: u32, value: u32): bool {
  if (load<u32>(WATCH_REPORTED_PC) !== cpu.pc || load<u64>(WATCH_REPORTED_COUNT) !== cpu.count) {
    store<u32>(WATCH_REPORTED_PC, cpu.pc);
    store<u64>(WATCH_REPORTED_COUNT, cpu.count);
    store<u32>(WATCH_REPORTED, 0);
  }
  const told = load<u32>(WATCH_REPORTED);
  if (told & (1 << reason)) return false;
  store<u32>(WATCH_REPORTED, told | (1 << reason));
  cpu.stop = reason;
  cpu.stopValue = value;
  return true;
}
