// The exact reading: every instruction to its end, whatever that is, one at a time. It translates
// addresses, signals exceptions, reaches CP0 and stops for the host. The state in memory must be up to
// date when it starts, and is when it ends. The interpreter's loop and translated code leave to it what they
// can't do; run alone it is the reference that they are compared with.

import { CodeMap } from "../memory/code-map.ts";
import { cpu } from "../cpu/cpu.ts";
import { signal, signalDebugBreakpoint, signalUnusable } from "../cpu/exceptions.ts";
import { A0, A1, A2, A3, RA, SP, V0, V1 } from "./fields.ts";
import { Graph, raPlace } from "../tracing/graph.ts";
import { privileged } from "../instructions/privileged.ts";
import { GRAPH_LEAF, GRAPH_RETURN, RETURN_HOOK, STOP_HYPERCALL } from "../shared/memory-map.ts";
import { LOAD, NOWHERE, STORE, translate, translateLeft, translateRight } from "../memory/translate.ts";
import { EXC_OV, EXC_RI, EXC_TR } from "../shared/opcodes.ts";
import { Operations } from "./operations.ts";
import { EXIT, NEXT, UNCOUNTED } from "./outcome.ts";
import { Physical } from "../memory/physical.ts";
import { Ring } from "../tracing/ring.ts";
import { mergeLeft, mergeRight, spreadLeft, spreadRight } from "../instructions/unaligned.ts";

@unmanaged
@final
class Exact extends Operations {
  // Loads

  load8(register: u32, va: u32): u32 {
    const physical = translate(va, 1, LOAD);
    return physical === NOWHERE ? EXIT : this.set(register, Physical.load8(physical));
  }

  load8s(register: u32, va: u32): u32 {
    const physical = translate(va, 1, LOAD);
    return physical === NOWHERE ? EXIT : this.set(register, this.extend8(Physical.load8(physical)));
  }

  load16(register: u32, va: u32): u32 {
    const physical = translate(va, 2, LOAD);
    return physical === NOWHERE ? EXIT : this.set(register, Physical.load16(physical));
  }

  load16s(register: u32, va: u32): u32 {
    const physical = translate(va, 2, LOAD);
    return physical === NOWHERE
      ? EXIT
      : this.set(register, this.extend16(Physical.load16(physical)));
  }

  load32(register: u32, va: u32): u32 {
    const physical = translate(va, 4, LOAD);
    return physical === NOWHERE ? EXIT : this.set(register, Physical.load32(physical));
  }

  loadLeft(register: u32, va: u32): u32 {
    const physical = translateLeft(va, LOAD);
    if (physical === NOWHERE) return EXIT;
    return this.set(register, mergeLeft(this.get(register), Physical.load32(physical & ~3), va));
  }

  loadRight(register: u32, va: u32): u32 {
    const physical = translateRight(va, LOAD);
    if (physical === NOWHERE) return EXIT;
    return this.set(register, mergeRight(this.get(register), Physical.load32(physical & ~3), va));
  }

  loadLinked(register: u32, va: u32): u32 {
    const physical = translate(va, 4, LOAD);
    if (physical === NOWHERE) return EXIT;
    cpu.llAddress = physical;
    cpu.llBit = 1;
    return this.set(register, Physical.load32(physical));
  }

  // Stores

  store8(va: u32, value: u32): u32 {
    const physical = translate(va, 1, STORE);
    if (physical === NOWHERE) return EXIT;
    Physical.store8(physical, value);
    CodeMap.stored(physical);
    return NEXT;
  }

  store16(va: u32, value: u32): u32 {
    const physical = translate(va, 2, STORE);
    if (physical === NOWHERE) return EXIT;
    Physical.store16(physical, value);
    CodeMap.stored(physical);
    return NEXT;
  }

  store32(va: u32, value: u32): u32 {
    const physical = translate(va, 4, STORE);
    if (physical === NOWHERE) return EXIT;
    Physical.store32(physical, value);
    CodeMap.stored(physical);
    return NEXT;
  }

  storeLeft(va: u32, value: u32): u32 {
    const physical = translateLeft(va, STORE);
    if (physical === NOWHERE) return EXIT;
    Physical.store32(physical & ~3, spreadLeft(Physical.load32(physical & ~3), value, va));
    CodeMap.stored(physical);
    return NEXT;
  }

  storeRight(va: u32, value: u32): u32 {
    const physical = translateRight(va, STORE);
    if (physical === NOWHERE) return EXIT;
    Physical.store32(physical & ~3, spreadRight(Physical.load32(physical & ~3), value, va));
    CodeMap.stored(physical);
    return NEXT;
  }

  /** Stores the register if the link of the last LL stands, and sets it to whether it did. */
  storeConditional(va: u32, register: u32): u32 {
    const physical = translate(va, 4, STORE);
    if (physical === NOWHERE) return EXIT;
    const linked = cpu.llBit !== 0 && cpu.llAddress === physical;
    if (linked) {
      Physical.store32(physical, this.get(register));
      CodeMap.stored(physical);
    }
    cpu.llBit = 0;
    return this.set(register, u32(linked));
  }

  // Exceptions

  trapIf(condition: u32): u32 {
    return condition ? signal(EXC_TR) : NEXT;
  }

  setOrOverflow(register: u32, value: u64): u32 {
    if (<i64>(<i32>value) !== <i64>value) return signal(EXC_OV);
    return this.set(register, <u32>value);
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
    const physical = translate(this.get(SP) + (place << 2), 4, STORE);
    if (physical === NOWHERE) return EXIT;
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

/** It has no state of its own: the value only names the reading. */
export const exact = changetype<Exact>(0);
