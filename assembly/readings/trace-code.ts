// What Ring and Graph (ring.ts, graph.ts) do in the usual case, as WebAssembly for translated code: an event is
// tens of instructions, and a call out of the unit would cost as much again. For the other cases emit.ts and the
// host write a call.

import { RA } from "../cpu/registers.ts";
import { CPU_GPR } from "../shared/cpu-state.ts";
import {
  EMIT_REFUND,
  EMIT_SITE,
  LOCAL_A,
  LOCAL_ADDRESS,
  LOCAL_B,
  LOCAL_COUNT,
  LOCAL_ENTRY,
  LOCAL_FUEL,
  LOCAL_TARGET,
  LOCAL_WIDE,
} from "../shared/emitted-code.ts";
import { RING } from "../shared/memory-map.ts";
import {
  GRAPH_DEPTH,
  GRAPH_FRAME_BITS,
  GRAPH_FRAME_SIZE,
  GRAPH_FRAMES,
  GRAPH_FRAMES_MOST,
  GRAPH_LIMIT,
  GRAPH_OVERRUN,
  GRAPH_RECORDING,
  GRAPH_RETURN,
  RETURN_HOOK,
  RING_BATCH,
  RING_CAPACITY,
  RING_PUBLISHED,
  RING_WRITTEN,
} from "../shared/trace-ring.ts";
import { FUEL_END } from "../shared/translated-code.ts";
import {
  END,
  I32_ADD,
  I32_AND,
  I32_EQ,
  I32_EQZ,
  I32_GT_S,
  I32_LOAD,
  I32_LT_U,
  I32_MUL,
  I32_OR,
  I32_SHL,
  I32_STORE,
  I32_SUB,
  I32_WRAP_I64,
  I64_ADD,
  I64_ATOMIC_STORE,
  I64_CONST,
  I64_EXTEND_I32_U,
  I64_LOAD,
  I64_SHR_U,
  I64_STORE,
  I64_SUB,
} from "../shared/wasm-opcodes.ts";
import { Code } from "./code-writer.ts";

@final
export class TraceCode {
  /** Ring.record(A, B, the present count). */
  static record(): void {
    TraceCode.beginRecord(~0);
    TraceCode.storeInRecord(0, LOCAL_A);
    TraceCode.storeInRecord(4, LOCAL_B);
    Code.get(LOCAL_ADDRESS);
    TraceCode.count(load<u32>(EMIT_REFUND));
    Code.memory(I64_STORE, 3, RING + 8);
    TraceCode.endRecord(1);
  }

  /** Leaves on the stack whether a function without GRAPH_* bits is to be followed. B = how deep it would be. */
  static mayEnter(): void {
    TraceCode.load(GRAPH_DEPTH);
    Code.set(LOCAL_B);
    Code.get(LOCAL_B);
    TraceCode.load(GRAPH_LIMIT);
    Code.op(I32_LT_U);
  }

  /** Its frame, by which it returns to A, and the record of its entry. */
  static enter(): void {
    TraceCode.count(load<u32>(EMIT_REFUND));
    Code.set(LOCAL_COUNT);
    TraceCode.findFrame();
    Code.get(LOCAL_ADDRESS);
    Code.get(LOCAL_A);
    Code.memory(I32_STORE, 2, GRAPH_FRAMES);
    Code.get(LOCAL_ADDRESS);
    Code.constant(load<u32>(EMIT_SITE));
    Code.memory(I32_STORE, 2, GRAPH_FRAMES + 4);
    Code.get(LOCAL_ADDRESS);
    Code.get(LOCAL_COUNT);
    Code.memory(I64_STORE, 3, GRAPH_FRAMES + 8);
    Code.constant(0);
    Code.get(LOCAL_B);
    Code.constant(1);
    Code.op(I32_ADD);
    Code.memory(I32_STORE, 2, GRAPH_DEPTH);
    TraceCode.beginRecord(~1);
    Code.get(LOCAL_ADDRESS);
    Code.constant(load<u32>(EMIT_SITE));
    Code.memory(I32_STORE, 2, RING);
    TraceCode.storeInRecord(4, LOCAL_A);
    TraceCode.storeWideInRecord(8, LOCAL_COUNT);
    TraceCode.storeInRecord(24, LOCAL_B);
    TraceCode.endRecord(2);
  }

  /** If TARGET is RETURN_HOOK and the last frame is one that enter() makes, the return by it: TARGET is where to. */
  static leave(): void {
    Code.get(LOCAL_TARGET);
    Code.constant(RETURN_HOOK);
    Code.op(I32_EQ);
    Code.if();
    TraceCode.load(GRAPH_DEPTH);
    Code.constant(1);
    Code.op(I32_SUB);
    Code.set(LOCAL_B);
    Code.get(LOCAL_B);
    Code.constant(GRAPH_FRAMES_MOST);
    Code.op(I32_LT_U);
    Code.if();
    TraceCode.findFrame();
    Code.get(LOCAL_ADDRESS);
    Code.memory(I32_LOAD, 2, GRAPH_FRAMES + 4);
    Code.set(LOCAL_A);
    // Neither bits in the frame, nor the run's end before TRACE_RETURN, nor returns that aren't recorded.
    Code.get(LOCAL_A);
    Code.constant(GRAPH_FRAME_BITS);
    Code.op(I32_AND);
    Code.op(I32_EQZ);
    Code.get(LOCAL_FUEL);
    Code.constant(0);
    Code.op(I32_GT_S);
    Code.op(I32_AND);
    TraceCode.load(GRAPH_RECORDING);
    Code.op(I32_AND);
    Code.if();
    Code.get(LOCAL_ADDRESS);
    Code.memory(I32_LOAD, 2, GRAPH_FRAMES);
    Code.set(LOCAL_TARGET);
    Code.get(LOCAL_ADDRESS);
    Code.memory(I64_LOAD, 3, GRAPH_FRAMES + 8);
    Code.set(LOCAL_COUNT);
    Code.constant(0);
    Code.get(LOCAL_B);
    Code.memory(I32_STORE, 2, GRAPH_DEPTH);
    Code.constant(0);
    Code.get(LOCAL_TARGET);
    Code.memory(I32_STORE, 2, CPU_GPR + RA);
    TraceCode.beginRecord(~1);
    TraceCode.storeInRecord(0, LOCAL_A);
    TraceCode.storeInRecord(4, LOCAL_TARGET);
    Code.get(LOCAL_ADDRESS);
    TraceCode.count(0);
    Code.memory(I64_STORE, 3, RING + 8);
    TraceCode.storeWideInRecord(16, LOCAL_COUNT);
    Code.get(LOCAL_ADDRESS);
    Code.get(LOCAL_B);
    Code.constant(GRAPH_RETURN);
    Code.op(I32_OR);
    Code.memory(I32_STORE, 2, RING + 24);
    Code.get(LOCAL_ADDRESS);
    TraceCode.load(GRAPH_OVERRUN);
    Code.memory(I32_STORE, 2, RING + 28);
    TraceCode.endRecord(2);
    Code.op(END);
    Code.op(END);
    Code.op(END);
  }

  /** TRACE_GRAPH over the locals of its registers; an entry's count is left in high:low. */
  static recordGraph(
    ip: u32,
    parent: u32,
    depth: u32,
    overrun: u32,
    low: u32,
    high: u32,
  ): void {
    TraceCode.count(load<u32>(EMIT_REFUND));
    Code.set(LOCAL_COUNT);
    Code.get(depth);
    Code.constant(GRAPH_RETURN);
    Code.op(I32_AND);
    Code.op(I32_EQZ);
    Code.if();
    Code.get(LOCAL_COUNT);
    Code.op(I32_WRAP_I64);
    Code.set(low);
    Code.get(LOCAL_COUNT);
    Code.op(I64_CONST);
    Code.signed(32);
    Code.op(I64_SHR_U);
    Code.op(I32_WRAP_I64);
    Code.set(high);
    Code.op(END);
    TraceCode.beginRecord(~1);
    TraceCode.storeInRecord(0, ip);
    TraceCode.storeInRecord(4, parent);
    TraceCode.storeWideInRecord(8, LOCAL_COUNT);
    TraceCode.storeInRecord(16, low);
    TraceCode.storeInRecord(20, high);
    TraceCode.storeInRecord(24, depth);
    TraceCode.storeInRecord(28, overrun);
    TraceCode.endRecord(2);
  }

  /** ADDRESS = the B-th frame's, for an access that adds GRAPH_FRAMES. */
  static findFrame(): void {
    Code.get(LOCAL_B);
    Code.constant(GRAPH_FRAME_SIZE);
    Code.op(I32_MUL);
    Code.set(LOCAL_ADDRESS);
  }

  /** CPU_COUNT, with so many instructions that FUEL is ahead by. */
  static count(refund: u32): void {
    Code.constant(0);
    Code.memory(I64_LOAD, 3, FUEL_END);
    Code.get(LOCAL_FUEL);
    if (refund !== 0) {
      Code.constant(refund);
      Code.op(I32_ADD);
    }
    Code.op(I64_EXTEND_I32_U);
    Code.op(I64_SUB);
  }

  /** Begins what is done if there is a ring: ADDRESS = where its next record goes, by slots in the mask. WIDE is RING_WRITTEN. */
  static beginRecord(mask: u32): void {
    TraceCode.load(RING_CAPACITY);
    Code.set(LOCAL_ENTRY);
    Code.get(LOCAL_ENTRY);
    Code.if();
    Code.constant(0);
    Code.memory(I64_LOAD, 3, RING_WRITTEN);
    Code.set(LOCAL_WIDE);
    Code.get(LOCAL_ENTRY);
    Code.constant(1);
    Code.op(I32_SUB);
    if (mask !== ~0) {
      Code.constant(mask);
      Code.op(I32_AND);
    }
    Code.get(LOCAL_WIDE);
    Code.op(I32_WRAP_I64);
    Code.op(I32_AND);
    Code.constant(4);
    Code.op(I32_SHL);
    Code.set(LOCAL_ADDRESS);
  }

  /** The record of so many slots is complete. */
  static endRecord(slots: u32): void {
    Code.get(LOCAL_WIDE);
    Code.op(I64_CONST);
    Code.signed(slots);
    Code.op(I64_ADD);
    Code.set(LOCAL_WIDE);
    Code.constant(0);
    Code.get(LOCAL_WIDE);
    Code.memory(I64_STORE, 3, RING_WRITTEN);
    Code.get(LOCAL_WIDE);
    Code.op(I32_WRAP_I64);
    Code.constant(RING_BATCH - 1);
    Code.op(I32_AND);
    Code.op(I32_EQZ);
    Code.if();
    Code.constant(0);
    Code.get(LOCAL_WIDE);
    Code.memory(I64_ATOMIC_STORE, 3, RING_PUBLISHED);
    Code.op(END);
    Code.op(END);
  }

  static storeInRecord(offset: u32, local: u32): void {
    Code.get(LOCAL_ADDRESS);
    Code.get(local);
    Code.memory(I32_STORE, 2, RING + offset);
  }

  static storeWideInRecord(offset: u32, local: u32): void {
    Code.get(LOCAL_ADDRESS);
    Code.get(local);
    Code.memory(I64_STORE, 3, RING + offset);
  }

  static load(address: u32): void {
    Code.constant(0);
    Code.memory(I32_LOAD, 2, address);
  }
}
