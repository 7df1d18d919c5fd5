// Breakpoints and watchpoints: ranges of guest addresses at which a run stops, before the instruction that is there
// or touches them, with nothing of it done. Without any they cost nothing: a page that has one is marked in the page
// tables (pages.ts), so that the fast reading doesn't admit it and the exact one takes its accesses and looks here.
// Guest memory is never patched.
//
// A stop is reported once: the run that goes on from it passes the instruction. pc and CPU_COUNT of the last
// reported stops are kept for this.

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

/** The kinds of all watches that overlap first..last. */
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
  return report(STOP_BREAKPOINT, pc);
}

/** Whether the run stops before touching first..last, in the way that is one of WATCH_*. */
export function meetsWatchpoint(first: u32, last: u32, kind: u32): bool {
  const length = load<u32>(WATCH_LENGTH);
  for (let index: u32 = 0; index < length; index++) {
    const watch = Watch.at(index);
    if ((watch.kinds & kind) !== 0 && watch.overlaps(first, last))
      return report(STOP_WATCHPOINT, max(first, watch.first));
  }
  return false;
}

/** Requests the stop, unless it was reported for this instruction already. */
function report(reason: u32, value: u32): bool {
  if (load<u32>(WATCH_REPORTED_PC) !== cpu.pc || load<u64>(WATCH_REPORTED_COUNT) !== cpu.count) {
    store<u32>(WATCH_REPORTED_PC, cpu.pc);
    store<u64>(WATCH_REPORTED_COUNT, cpu.count);
    store<u32>(WATCH_REPORTED, 0);
  }
  const reported = load<u32>(WATCH_REPORTED);
  if (reported & (1 << reason)) return false;
  store<u32>(WATCH_REPORTED, reported | (1 << reason));
  cpu.stop = reason;
  cpu.stopValue = value;
  return true;
}
