// Where translated code and the interpreter meet. A table, in which an address has two places, says of code how
// often a taken branch or a unit's end reached it, and, once the host has translated what begins there, in which
// slot of the function table the unit is. The interpreter looks at taken branches; `enter` runs a unit and returns
// with the state in memory. When something is hot the run stops and the host decides.
//
// A unit of translated code is a function (pc, depth) -> pc: it runs from its first instruction until it has to leave,
// counts FUEL down exactly, and returns the next instruction's address, which is never a delay slot's.

import { cpu } from "../cpu/cpu.ts";
import { DISPATCH, EXITS, EXITS_ALLOWED } from "../shared/memory-map.ts";
import { RUNNING, STOP_EXITS, STOP_HOT } from "../shared/stops.ts";
import {
  DISPATCH_ENTRIES,
  DISPATCH_HIGH,
  DISPATCH_LOW,
  DISPATCH_NEVER,
  DISPATCH_TRANSLATED,
  ENGINE,
  EXITED,
  FUEL,
  FUEL_END,
  HOT_AFTER,
  LEFT_BY_GUARD,
  LEFT_BY_RETURN,
  LEFT_FOR_TRANSLATED,
  LEFT_FOR_UNTRANSLATED,
  STAYED,
  STOP_ABOUT,
} from "../shared/translated-code.ts";

/** A stay is shorter than what an i32 counts. */
const LONGEST_STAY: u64 = 0x40000000;

/** The function table's entry for code that isn't translated: the interpreter goes on there. */
export function untranslated(pc: u32, _depth: u32): u32 {
  return pc;
}

@final
export class Dispatch {
  @inline static entry(pc: u32): usize {
    return (((pc >>> DISPATCH_LOW) ^ (pc >>> DISPATCH_HIGH)) & (DISPATCH_ENTRIES - 1)) << 3;
  }

  /** The other entry where an address may be, when another address has its own. */
  @inline static beside(at: usize): usize {
    return at ^ 8;
  }

  /** The entry of pc, if it has one: the caller compares the address. */
  @inline static find(pc: u32): usize {
    const at = Dispatch.entry(pc);
    return load<u32>(at, DISPATCH) === pc ? at : Dispatch.beside(at);
  }

  /** Counts a visit; whether the interpreter should stop there. */
  @inline static visit(pc: u32): bool {
    let at = Dispatch.find(pc);
    let state = load<u32>(at, DISPATCH + 4);
    if (load<u32>(at, DISPATCH) !== pc) {
      const own = Dispatch.beside(at);
      if (!(load<u32>(own, DISPATCH + 4) & DISPATCH_TRANSLATED)) {
        at = own;
        state = load<u32>(at, DISPATCH + 4);
      }
      if (state & DISPATCH_TRANSLATED) return false;
      // Of two addresses for one entry, the one that is reached more often counts up all the same.
      const goes = state <= 1 || (state & DISPATCH_NEVER) !== 0;
      if (goes) store<u32>(at, pc, DISPATCH);
      store<u32>(at, goes ? 1 : state - 1, DISPATCH + 4);
      return false;
    }
    if (state & (DISPATCH_TRANSLATED | DISPATCH_NEVER))
      return (state & DISPATCH_TRANSLATED) !== 0;
    store<u32>(at, state + 1, DISPATCH + 4);
    return state >= load<u32>(HOT_AFTER);
  }

  /** Whether run() uses translated code at all just now: it is made for kernel mode. */
  @inline static on(): bool {
    return load<u32>(ENGINE) !== 0 && cpu.forbidden === 0;
  }

  /**
   * The table slot of what is translated at pc, or 0; stops the run when it should be. Coming here is a visit
   * too, or a function that only translated code calls would never be hot; where a guard failed is no place
   * for a unit to begin.
   */
  static slotAt(pc: u32): u32 {
    if (cpu.inDelaySlot || cpu.nextPc !== pc + 4) return 0;
    if (load<u32>(EXITED) === 0) Dispatch.visit(pc);
    const at = Dispatch.find(pc);
    if (load<u32>(at, DISPATCH) !== pc) return 0;
    const state = load<u32>(at, DISPATCH + 4);
    if (state & DISPATCH_TRANSLATED) return state & ~DISPATCH_TRANSLATED;
    if (!(state & DISPATCH_NEVER) && state > load<u32>(HOT_AFTER)) cpu.stop = STOP_HOT;
    return 0;
  }

  /** Runs the unit in a slot until it leaves, at most until CPU_COUNT is `until`; whether it got anywhere. */
  static enter(slot: u32, until: u64): bool {
    const before = cpu.count;
    const fuel = <u32>min(until - before, LONGEST_STAY);
    store<u32>(FUEL, fuel);
    store<u64>(FUEL_END, before + fuel);
    store<u32>(EXITED, 0);
    const from = cpu.pc;
    const pc = call_indirect<u32>(slot, from, 0);
    cpu.pc = pc;
    cpu.nextPc = pc + 4;
    cpu.count = load<u64>(FUEL_END) - load<u32>(FUEL);
    const exited = load<u32>(EXITED);
    if (exited !== 0) Dispatch.exit(exited);
    Dispatch.add(STAYED, cpu.count - before);
    Dispatch.add(Dispatch.cause(pc, exited), 1);
    return cpu.count !== before || pc !== from;
  }

  /** Why a stay ended, as the place where that is counted. */
  @inline static cause(pc: u32, exited: u32): usize {
    if (exited !== 0) return LEFT_BY_GUARD;
    if (pc === cpu.returnTo) return LEFT_BY_RETURN;
    const at = Dispatch.find(pc);
    const isTranslated = load<u32>(at, DISPATCH) === pc && load<i32>(at, DISPATCH + 4) < 0;
    return isTranslated ? LEFT_FOR_TRANSLATED : LEFT_FOR_UNTRANSLATED;
  }

  @inline static add(place: usize, more: u64): void {
    store<u64>(place, load<u64>(place) + more);
  }

  /** Counts a guard's failure. */
  static exit(slot: u32): void {
    const exits = load<u32>(slot << 2, EXITS) + 1;
    store<u32>(slot << 2, exits, EXITS);
    if (exits >= load<u32>(slot << 2, EXITS_ALLOWED) && cpu.stop === RUNNING) {
      cpu.stop = STOP_EXITS;
      store<u32>(STOP_ABOUT, slot);
    }
  }
}
