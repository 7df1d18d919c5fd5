// The frame around instructions: fetching, delay slots, counting, and the reasons to stop. The loop of
// `quickly` reads instructions with the fast reading, its state in locals and no call in it; whatever that
// can't do it leaves, with the state written back, to `exactly`, which reads one instruction to its end.
// `run` alternates between them, or between translated code (dispatch.ts) and them, and looks at the clock,
// the interrupts and the limit in between.

import { cpu } from "./cpu.ts";
import { Decoder } from "./decoder.ts";
import { Dispatch } from "./dispatch.ts";
import { exact } from "./exact.ts";
import { interruptPending, signal, signalInterrupt } from "./exceptions.ts";
import { fast } from "./fast.ts";
import { hasDelaySlot } from "./instructions/branches.ts";
import { RUNNING, STOP_LIMIT, STOP_RETURN } from "./layout.ts";
import { FETCH, NOWHERE, translate } from "./memory.ts";
import { Observation } from "./observation.ts";
import { EXC_RI } from "./opcodes.ts";
import { EXIT, NEXT, NULLIFIED, RECORD_CALL, RECORD_SITE, TAKEN, UNTAKEN } from "./outcome.ts";
import { PAGE_MASK, Pages } from "./pages.ts";
import { Physical } from "./physical.ts";
import { Ring } from "./ring.ts";
import { expire } from "./timer.ts";
import { meetsBreakpoint } from "./watches.ts";

/** What stands for no page: whatever pc is, aligned or not, it matches neither pc nor pc + 4. */
function notThePageOf(pc: u32): u32 {
  return ~pc;
}

/** Whether the run ends here. 0xffffffff, which cpu.returnTo is when there is no such end, is no end either. */
function isReturn(pc: u32): bool {
  return pc === cpu.returnTo && (pc & 3) === 0;
}

/** Instructions to interpret where translated code got nowhere, before it is tried again. */
const AFTER_NOTHING = 64;

/** Runs until there is a reason to stop, and returns it: STOP_*. */
export function run(): u32 {
  cpu.stop = RUNNING;
  let reason = pause();
  while (reason === RUNNING) {
    const until = min(cpu.limit, cpu.timerDue);
    if (Dispatch.on()) dispatch(until);
    else if (!quickly(until)) exactly();
    reason = pause();
  }
  return reason;
}

/** Goes on in translated code if there is any for pc, otherwise up to a branch that leads to some. */
function dispatch(until: u64): void {
  const slot = Dispatch.slotAt(cpu.pc);
  if (slot !== 0) {
    if (Dispatch.enter(slot, until) || cpu.stop !== RUNNING) return;
    // What it begins with is not for it, or there is too little left to do.
    if (!quickly(min(until, cpu.count + AFTER_NOTHING))) exactly();
  } else if (cpu.stop === RUNNING && !seek(until)) {
    exactly();
  }
}

/** The same with the exact reading alone: slower, and the reference for every faster way. */
export function runExactly(): u32 {
  cpu.stop = RUNNING;
  let reason = pause();
  while (reason === RUNNING) {
    exactly();
    reason = pause();
  }
  return reason;
}

/** What is looked at between instructions: a stop, the timer, the two ends of a run, interrupts. */
function pause(): u32 {
  if (cpu.stop !== RUNNING) return cpu.stop;
  if (cpu.count >= cpu.timerDue) expire();
  if (isReturn(cpu.pc)) return STOP_RETURN;
  if (cpu.count >= cpu.limit) return meetsBreakpoint(cpu.pc) ? cpu.stop : STOP_LIMIT;
  if (interruptPending()) signalInterrupt();
  return cpu.stop;
}

/** Reads instructions fast; see Loop.read. */
function quickly(until: u64): bool {
  return Loop.read(until, false);
}

/** The same up to a taken branch to translated or hot code, delay slot included. */
function seek(until: u64): bool {
  return Loop.read(until, true);
}

@final
class Loop {
  /**
   * Reads instructions fast until CPU_COUNT is `last` or pc is cpu.returnTo, whose page is never cached
   * (true), or until one has to be read exactly (false). A branch looks at its delay slot, so that no other
   * instruction has to ask whether it is in one: a slot on another page, or with a branch, is left, and so
   * is one that it would begin in.
   */
  @inline static read(last: u64, seeking: bool): bool {
    let until = last;
    let pc = cpu.pc;
    let next = cpu.nextPc;
    let slot = cpu.inDelaySlot;
    if (slot) return false;
    let count = cpu.count;
    let page = notThePageOf(pc);
    let entry: u32 = 0;
    while (count < until) {
      if ((pc ^ page) & (PAGE_MASK | 3)) {
        entry = Pages.readable(pc);
        if (pc === cpu.returnTo || !Pages.admits(entry, pc, cpu.forbidden | 3)) break;
        page = (pc ^ cpu.returnTo) & PAGE_MASK ? pc & PAGE_MASK : notThePageOf(next);
      }
      const word = Pages.load32(entry, pc);
      const outcome = Decoder.step(fast, word, pc);
      if (outcome === NEXT) {
        slot = 0;
        pc = next;
        next += 4;
      } else if (outcome <= TAKEN) {
        slot = 1;
        pc = next;
        next = outcome === TAKEN ? cpu.branchTarget : next + 4;
        if (seeking && outcome === TAKEN && Dispatch.visit(next)) until = min(until, count + 2);
        if ((pc ^ page) & PAGE_MASK || hasDelaySlot(Pages.load32(entry, pc))) {
          count++;
          break;
        }
      } else if (outcome === NULLIFIED) {
        pc = next + 4;
        next += 8;
      } else if (outcome === EXIT) {
        break;
      } else {
        Ring.record(
          outcome === RECORD_SITE ? pc - (slot << 2) : cpu.recordIp,
          cpu.recordParent,
          count,
        );
        slot = 0;
        pc = next;
        next += 4;
      }
      count++;
    }
    cpu.pc = pc;
    cpu.nextPc = next;
    cpu.inDelaySlot = slot;
    cpu.count = count;
    return count >= until || isReturn(pc);
  }
}

/**
 * Reads one instruction exactly. One that ends in a vector counts as completed, so that a vector that
 * itself faults for ever still meets the limit; one that stops for the host doesn't.
 */
function exactly(): void {
  const pc = cpu.pc;
  if (meetsBreakpoint(pc)) return;
  const outcome = fetchAndStep(pc);
  if (outcome === EXIT) {
    if (cpu.stop === RUNNING) cpu.count++;
    return;
  }
  if (outcome === RECORD_SITE)
    Ring.record(pc - (cpu.inDelaySlot << 2), cpu.recordParent, cpu.count);
  if (outcome === RECORD_CALL) Ring.record(cpu.recordIp, cpu.recordParent, cpu.count);
  if (outcome === TAKEN) Observation.note(cpu.branchTarget);
  const next = outcome === NULLIFIED ? cpu.nextPc + 4 : cpu.nextPc;
  cpu.pc = next;
  cpu.nextPc = outcome === TAKEN ? cpu.branchTarget : next + 4;
  cpu.inDelaySlot = u32(outcome === TAKEN || outcome === UNTAKEN);
  cpu.count++;
}

function fetchAndStep(pc: u32): u32 {
  const physical = translate(pc, 4, FETCH);
  if (physical === NOWHERE) return EXIT;
  const word = Physical.load32(physical);
  if (cpu.inDelaySlot && hasDelaySlot(word)) return signal(EXC_RI);
  return Decoder.step(exact, word, pc);
}
