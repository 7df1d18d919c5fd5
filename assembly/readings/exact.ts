// The exact reading: every instruction to its end, whatever that is, one at a time. It translates
// addresses, signals exceptions, reaches CP0 and stops for the host. The state in memory must be up to
// date when it starts, and is when it ends. The interpreter's loop and translated code leave to it what they
// can't do. Run alone, it is the reference that they are compared with.

import { cpu } from "../cpu/cpu.ts";
import { EXIT, NEXT, UNCOUNTED } from "../cpu/outcome.ts";
import { A0, A1, A2, A3, RA, SP, V0, V1 } from "../cpu/registers.ts";
import { privileged } from "../instructions/privileged.ts";
import { mergeLeft, mergeRight, spreadLeft, spreadRight } from "../instructions/unaligned.ts";
import { Bus } from "../memory/bus.ts";
import { CodeMap } from "../memory/code-map.ts";
import { Physical } from "../memory/physical.ts";
import { NOWHERE } from "../shared/memory-map.ts";
import { EXC_DBE, EXC_OV, EXC_RI, EXC_TR } from "../shared/opcodes.ts";
import { STOP_HYPERCALL } from "../shared/stops.ts";
import { GRAPH_LEAF, GRAPH_RETURN, RETURN_HOOK } from "../shared/trace-ring.ts";
import { LOAD, physicalOf, physicalOfLeft, physicalOfRight, STORE } from "../system/addresses.ts";
import { signal, signalDebugBreakpoint, signalUnusable } from "../system/exceptions.ts";
import { Graph, raPlace } from "../tracing/graph.ts";
import { Ring } from "../tracing/ring.ts";
import { Operations } from "./operations.ts";

@unmanaged
@final
class Exact extends Operations {
  // Loads

  /** Ends a load: the register gets the value, unless no device was there to give it. */
  loaded(register: u32, value: u32): u32 {
    return Bus.failed() ? signal(EXC_DBE) : this.setWord(register, value);
  }

  load8(register: u32, va: u32): u32 {
    const physical = physicalOf(va, 1, LOAD);
    return physical === NOWHERE ? EXIT : this.loaded(register, Bus.load8(physical));
  }

  load8s(register: u32, va: u32): u32 {
    const physical = physicalOf(va, 1, LOAD);
    return physical === NOWHERE ? EXIT : this.loaded(register, this.extend8(Bus.load8(physical)));
  }

  load16(register: u32, va: u32): u32 {
    const physical = physicalOf(va, 2, LOAD);
    return physical === NOWHERE ? EXIT : this.loaded(register, Bus.load16(physical));
  }

  load16s(register: u32, va: u32): u32 {
    const physical = physicalOf(va, 2, LOAD);
    return physical === NOWHERE
      ? EXIT
      : this.loaded(register, this.extend16(Bus.load16(physical)));
  }

  load32(register: u32, va: u32): u32 {
    const physical = physicalOf(va, 4, LOAD);
    return physical === NOWHERE ? EXIT : this.loaded(register, Bus.load32(physical));
  }

  loadLeft(register: u32, va: u32): u32 {
    const physical = physicalOfLeft(va, LOAD);
    if (physical === NOWHERE) return EXIT;
    return this.loaded(register, mergeLeft(this.getWord(register), Bus.load32(physical & ~3), va));
  }

  loadRight(register: u32, va: u32): u32 {
    const physical = physicalOfRight(va, LOAD);
    if (physical === NOWHERE) return EXIT;
    return this.loaded(register, mergeRight(this.getWord(register), Bus.load32(physical & ~3), va));
  }

  loadLinked(register: u32, va: u32): u32 {
    const physical = physicalOf(va, 4, LOAD);
    if (physical === NOWHERE) return EXIT;
    cpu.llAddress = physical;
    cpu.llBit = 1;
    return this.loaded(register, Bus.load32(physical));
  }

  // Stores

  store8(va: u32, value: u32): u32 {
    const physical = physicalOf(va, 1, STORE);
    if (physical === NOWHERE) return EXIT;
    Bus.store8(physical, value);
    return stored(physical);
  }

  store16(va: u32, value: u32): u32 {
    const physical = physicalOf(va, 2, STORE);
    if (physical === NOWHERE) return EXIT;
    Bus.store16(physical, value);
    return stored(physical);
  }

  store32(va: u32, value: u32): u32 {
    const physical = physicalOf(va, 4, STORE);
    if (physical === NOWHERE) return EXIT;
    Bus.store32(physical, value);
    return stored(physical);
  }

  storeLeft(va: u32, value: u32): u32 {
    const physical = physicalOfLeft(va, STORE);
    if (physical === NOWHERE) return EXIT;
    Bus.store32(physical & ~3, spreadLeft(Bus.load32(physical & ~3), value, va));
    return stored(physical);
  }

  storeRight(va: u32, value: u32): u32 {
    const physical = physicalOfRight(va, STORE);
    if (physical === NOWHERE) return EXIT;
    Bus.store32(physical & ~3, spreadRight(Bus.load32(physical & ~3), value, va));
    return stored(physical);
  }

  /** Stores the register if the link of the last LL is intact, and sets it to whether it did. */
  storeConditional(va: u32, register: u32): u32 {
    const physical = physicalOf(va, 4, STORE);
    if (physical === NOWHERE) return EXIT;
    const linked = cpu.llBit !== 0 && cpu.llAddress === physical;
    if (linked) {
      Bus.store32(physical, this.getWord(register));
      if (stored(physical) === EXIT) return EXIT;
    }
    cpu.llBit = 0;
    return this.set(register, this.flag(u32(linked)));
  }

  // Exceptions

  trapIf(condition: u32): u32 {
    return condition ? signal(EXC_TR) : NEXT;
  }

  setOrOverflow(register: u32, value: u64): u32 {
    if (<i64>(<i32>value) !== <i64>value) return signal(EXC_OV);
    return this.setWord(register, <u32>value);
  }

  signal(code: u32): u32 {
    return signal(code);
  }

  unusable(coprocessor: u32): u32 {
    return signalUnusable(coprocessor);
  }

  debugBreakpoint(): u32 {
    return signalDebugBreakpoint();
  }

  privileged(word: u32): u32 {
    return privileged(word);
  }

  hypercall(code: u32): u32 {
    cpu.stop = STOP_HYPERCALL;
    cpu.stopValue = code;
    return EXIT;
  }

  enterTraced(word: u32): u32 {
    const place = raPlace(word);
    const site = cpu.pc - (cpu.inDelaySlot << 2);
    if (place === GRAPH_LEAF) {
      if (Graph.enter(word, site, this.get(RA), cpu.count)) this.set(RA, RETURN_HOOK);
      return NEXT;
    }
    const physical = physicalOf(this.get(SP) + (place << 2), 4, STORE);
    if (physical === NOWHERE) return EXIT;
    if (!Bus.isRam(physical)) return signal(EXC_DBE);
    if (Graph.enter(word, site, Physical.load32(physical), cpu.count)) {
      Physical.store32(physical, RETURN_HOOK);
      CodeMap.stored(physical);
    }
    return NEXT;
  }

  /** The ra that it leaves is the one that the function would have returned by. */
  returnTraced(): u32 {
    if (cpu.inDelaySlot || !Graph.mayReturn()) return signal(EXC_RI);
    const to = Graph.leave(cpu.count);
    this.set(RA, to);
    cpu.pc = to;
    cpu.nextPc = to + 4;
    return UNCOUNTED;
  }

  recordGraph(): u32 {
    if (!(this.get(A2) & GRAPH_RETURN)) {
      this.set(V0, <u32>cpu.count);
      this.set(V1, <u32>(cpu.count >> 32));
    }
    const entered = ((<u64>this.get(V1)) << 32) | this.get(V0);
    Ring.recordGraph(this.get(A0), this.get(A1), cpu.count, entered, this.get(A2), this.get(A3));
    return NEXT;
  }
}

/** Ends a store: a board has no device there, or it may have hit code. */
function stored(physical: u32): u32 {
  if (Bus.failed()) return signal(EXC_DBE);
  if (Bus.isRam(physical)) CodeMap.stored(physical);
  return NEXT;
}

/** It has no state of its own: the value only names the reading. */
export const exact = changetype<Exact>(0);
