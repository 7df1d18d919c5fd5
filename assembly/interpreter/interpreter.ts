// The frame around instructions: fetching, delay slots, counting, and the reasons to stop. The loop of
// `quickly` reads instructions with the fast reading, its state in locals and no call in it; whatever that
// can't do it leaves, with the state written back, to `exactly`, which reads one instruction to its end.
// `run` alternates between them, or between translated code (dispatch.ts) and them, and looks at the clock,
// the interrupts and the limit in between.

import { cpu } from "../cpu/cpu.ts";
import { Observation } from "../cpu/observation.ts";
import {
  EXIT,
  NEXT,
  NULLIFIED,
  RECORD_CALL,
  RECORD_SITE,
  TAKEN,
  UNCOUNTED,
  UNTAKEN,
} from "../cpu/outcome.ts";
import { hasDelaySlot } from "../instructions/branches.ts";
import { Decoder } from "../instructions/decoder.ts";
import { PAGE_MASK, Pages } from "../memory/pages.ts";
import { Physical } from "../memory/physical.ts";
import { meetsBreakpoint } from "../memory/watches.ts";
import { exact } from "../readings/exact.ts";
import { fast, fastInSlot } from "../readings/fast.ts";
import { OUTCOME, STRETCH_END } from "../shared/cpu-state.ts";
import { NOWHERE } from "../shared/memory-map.ts";
import { EXC_RI } from "../shared/opcodes.ts";
import { RUNNING, STOP_EVENT, STOP_LIMIT, STOP_RETURN } from "../shared/stops.ts";
import { FETCH, physicalOf } from "../system/addresses.ts";
import { interruptPending, signal, signalInterrupt } from "../system/exceptions.ts";
import { expire } from "../system/timer.ts";
import { Counts } from "../tracing/execution-counts.ts";
import { Marks } from "../tracing/marks.ts";
import { Ring } from "../tracing/ring.ts";
import { Dispatch } from "./dispatch.ts";

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
    const until = min(cpu.limit, min(cpu.timerDue, cpu.eventDue));
    if (Dispatch.on()) dispatch(until);
    else if (!read(until, false)) exactly();
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
    if (!read(min(until, cpu.count + AFTER_NOTHING), false)) exactly();
  } else if (cpu.stop === RUNNING && !read(until, true)) {
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

/** What is looked at between instructions: a stop, the timer, the host's event, the two ends of a run, interrupts. */
function pause(): u32 {
  if (cpu.stop !== RUNNING) return cpu.stop;
  if (cpu.count >= cpu.timerDue) expire();
  if (cpu.count >= cpu.eventDue) return STOP_EVENT;
  if (isReturn(cpu.pc)) return STOP_RETURN;
  if (cpu.count >= cpu.limit) return meetsBreakpoint(cpu.pc) ? cpu.stop : STOP_LIMIT;
  if (interruptPending()) signalInterrupt();
  return cpu.stop;
}

/** Reads instructions fast; see Loop.read. */
function read(until: u64, seeking: bool): bool {
  if (Counts.on()) {
    const isDone = count(until, seeking);
    return Marks.report() || isDone;
  }
  return seeking ? seek(until) : quickly(until);
}

function quickly(until: u64): bool {
  return Loop.read(until, false, false);
}

/** The same up to a taken branch to translated or hot code, delay slot included. */
function seek(until: u64): bool {
  return Loop.read(until, true, false);
}

/** Either of them, counting what is executed. */
function count(until: u64, seeking: bool): bool {
  return Loop.read(until, seeking, true);
}

/** Instructions that one call of the fast loop may count. */
const MOST: u64 = 0x10000000;

@final
class Loop {
  /**
   * Reads instructions fast until CPU_COUNT is `last` or pc is cpu.returnTo (true), or until one has to be
   * read exactly (false).
   *
   * The outer loop enters a page, and one more begins with every jump out of it. Within the page an
   * instruction is named by its place: its address plus the page's entry, which is where its word is. The
   * innermost loop reads a stretch, instructions one after the other; how far it may go, by the page and by
   * the instructions that may still be counted, is one comparison, and places say how many they were. A
   * branch ends a stretch and its delay slot is read here too, so that nothing else has to check whether it is
   * in one. A slot on another page is left, and so is one that this would begin in. On the page of
   * cpu.returnTo a stretch is one instruction.
   *
   * Counting adds to the cells of a page (execution-counts.ts): where it is entered and left, and at taken branches
   * within it. `cells` plus twice a place is the place's cell. A jump to a marked address ends the
   * loop, and read() reports it: with a call in it the loop would be a third slower.
   */
  @inline static read(last: u64, seeking: bool, counting: bool): bool {
    if (cpu.inDelaySlot) return false;
    let pc = cpu.pc;
    let end = min(last, cpu.count + MOST);
    let left = <u32>(end - cpu.count);
    let going = true;
    while (going && left > 0) {
      const entry = Pages.readable(pc);
      if (pc === cpu.returnTo || !Pages.admits(entry, pc, cpu.forbidden | 3)) break;
      const alone = ((pc ^ cpu.returnTo) & PAGE_MASK) === 0;
      const page = (pc & PAGE_MASK) + entry;
      let place = pc + entry;
      const pageEnd = alone ? place + 4 : page + (~PAGE_MASK + 1);
      // Where the last instruction that may be counted would end, if each followed the one before.
      let limit = <u64>place + (<u64>left << 2);
      let cells: u32 = 0;
      if (counting) {
        const counts = Counts.page(pc);
        if (counts === 0) break;
        cells = counts - (page << 1);
        Counts.begin(cells + (place << 1));
      }
      do {
        store<u32>(STRETCH_END, <u32>min<u64>(pageEnd, limit));
        do {
          Decoder.step(fast, Pages.wordAt(place), place - entry);
          place += 4;
        } while (place < load<u32>(STRETCH_END));
        if (load<u32>(STRETCH_END) !== 0) break;
        place -= 4;
        const outcome = load<u32>(OUTCOME);
        if (outcome <= TAKEN) {
          const next = outcome === TAKEN ? cpu.branchTarget + entry : place + 8;
          place += 4;
          if (seeking && outcome === TAKEN && Dispatch.visit(next - entry) && place < limit) {
            end -= ((limit - place) >>> 2) - 1;
            limit = <u64>place + 4;
          }
          store<u32>(OUTCOME, EXIT);
          if (place < pageEnd && place < limit) {
            store<u32>(OUTCOME, NEXT);
            Decoder.step(fastInSlot, Pages.wordAt(place), place - entry);
          }
          const inSlot = load<u32>(OUTCOME);
          if (inSlot === EXIT) {
            cpu.nextPc = next - entry;
            cpu.inDelaySlot = 1;
            going = false;
            if (counting && outcome === TAKEN) {
              Counts.taken(cells + ((place - 4) << 1));
              Counts.begin(cells + ((place + 4) << 1)); // it ends here already, before the slot
            }
            break;
          }
          if (inSlot !== NEXT) record(inSlot, place - 4 - entry, end - ((limit - place) >>> 2));
          limit += <u64>next - (place + 4);
          if (counting && outcome === TAKEN) {
            Counts.taken(cells + ((place - 4) << 1));
            if (!((next ^ page) & (PAGE_MASK | 3))) Counts.begin(cells + (next << 1));
            if (next !== place + 4 && Marks.has(next - entry)) {
              Marks.reached = next - entry;
              going = false;
              place = next;
              break;
            }
          }
          place = next;
        } else if (outcome === NULLIFIED) {
          if (counting) {
            Counts.end(cells + ((place + 4) << 1));
            Counts.begin(cells + ((place + 8) << 1));
          }
          place += 8;
          limit += 4;
        } else if (outcome === EXIT) {
          going = false;
          break;
        } else {
          record(outcome, place - entry, end - ((limit - place) >>> 2));
          place += 4;
        }
      } while (!((place ^ page) & (PAGE_MASK | 3)) && !alone && place < limit);
      if (counting && !((place ^ page) & (PAGE_MASK | 3))) Counts.end(cells + (place << 1));
      pc = place - entry;
      left = <u32>((limit - place) >>> 2);
    }
    cpu.pc = pc;
    if (!cpu.inDelaySlot) cpu.nextPc = pc + 4;
    cpu.count = end - left;
    return left === 0 || isReturn(pc);
  }
}

/** Writes the event of a traced call: its site is what an exception would give as EPC. */
// @ts-ignore: decorator
@inline function record(outcome: u32, site: u32, count: u64): void {
  Ring.record(outcome === RECORD_SITE ? site : cpu.recordIp, cpu.recordParent, count);
}

/**
 * Reads one instruction exactly. One that ends in a vector counts as completed, so that a vector that
 * itself faults for ever still meets the limit; one that stops for the host doesn't.
 */
function exactly(): void {
  const pc = cpu.pc;
  if (meetsBreakpoint(pc)) return;
  const isSlot = cpu.inDelaySlot !== 0;
  const outcome = fetchAndStep(pc);
  if (outcome === EXIT) {
    if (cpu.stop === RUNNING) {
      cpu.count++;
      if (Counts.on()) Counts.one(pc, false);
    }
    return;
  }
  if (outcome === UNCOUNTED) return;
  if (outcome === RECORD_SITE || outcome === RECORD_CALL)
    record(outcome, pc - (cpu.inDelaySlot << 2), cpu.count);
  if (outcome === TAKEN) Observation.note(cpu.branchTarget);
  const next = outcome === NULLIFIED ? cpu.nextPc + 4 : cpu.nextPc;
  cpu.pc = next;
  cpu.nextPc = outcome === TAKEN ? cpu.branchTarget : next + 4;
  cpu.inDelaySlot = u32(outcome === TAKEN || outcome === UNTAKEN);
  cpu.count++;
  if (!Counts.on()) return;
  Counts.one(pc, outcome === TAKEN);
  if (isSlot && next !== pc + 4 && Marks.has(next)) {
    Marks.reached = next;
    Marks.report();
  }
}

function fetchAndStep(pc: u32): u32 {
  const physical = physicalOf(pc, 4, FETCH);
  if (physical === NOWHERE) return EXIT;
  const word = Physical.load32(physical);
  if (cpu.inDelaySlot && hasDelaySlot(word)) return signal(EXC_RI);
  return Decoder.step(exact, word, pc);
}
