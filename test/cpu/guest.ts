// A CPU with a program in it, for the tests of this folder: words from mnemonics, and memory by guest address. Code
// is at CODE and data at DATA, both in kseg0.

import {
  CPU_BRANCH_TARGET,
  CPU_RECORD_IP,
  CPU_RECORD_PARENT,
  CPU_STOP,
} from "../../assembly/shared/cpu-state.ts";
import { CPU, RAM } from "../../assembly/shared/memory-map.ts";
import { CP0_CAUSE } from "../../assembly/shared/opcodes.ts";
import { CPU_END } from "../../assembly/shared/trace-ring.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { assemble } from "../../src/isa/assemble.ts";
import { labProcessor } from "../../src/lab/lab-processor.ts";
import type { Processor } from "../../src/processor/processor.ts";

export { assemble as asm, NOP } from "../../src/isa/assemble.ts";
export { R } from "../../src/isa/registers.ts";

export const ENDIANS: readonly Endian[] = ["little", "big"];
export const CODE = 0x80001000;
export const DATA = 0x80008000;

/** lui and ori. */
export function li(register: number, value: number): number[] {
  return [
    assemble("lui", register, value >>> 16),
    assemble("ori", register, register, value & 0xffff),
  ];
}

/** All state that a program can change: registers, CP0, TLB, the ring's header, and memory. */
export function guestState(core: Processor): Buffer {
  const registers = core.words.slice(CPU / 4, CPU_END / 4);
  // Not compared: words that are valid only during one instruction, and the arguments of the run.
  for (const word of [CPU_STOP, CPU_BRANCH_TARGET, CPU_RECORD_IP, CPU_RECORD_PARENT]) {
    registers[(word - CPU) / 4] = 0;
  }
  return Buffer.concat([Buffer.from(registers.buffer), core.bytes.subarray(RAM)]);
}

export class Guest {
  readonly core: Processor;

  /** The module lab's CPU (exceptions stop it); with `board`, a CPU whose exceptions enter vectors at 80000000. */
  constructor(endian: Endian, board = false, memory = 1 << 20) {
    this.core = labProcessor(endian, memory);
    if (!board) return;
    this.core.reset("24Kc");
    this.core.setCp0(12, 0, 0);
  }

  /** Stores words from va on. */
  put(va: number, ...words: readonly number[]): void {
    words.forEach((word, index) => {
      this.core.words[this.#index(va + 4 * index)] = word;
    });
  }

  word(va: number): number {
    return this.core.words[this.#index(va)] ?? 0;
  }

  /** The bytes of memory from va on, in their order. */
  bytes(va: number, size: number): number[] {
    return [...this.core.readBytes(this.#physical(va), size)];
  }

  /** Puts the program at CODE and runs this many instructions, default: the program's length. */
  run(program: readonly number[], limit = program.length): number {
    this.put(CODE, ...program);
    this.core.pc = CODE;
    return this.core.run(limit);
  }

  get cause(): { code: number; delayed: boolean; coprocessor: number } {
    const cause = this.core.cp0(CP0_CAUSE / 8);
    return {
      code: (cause >>> 2) & 31,
      delayed: cause >>> 31 === 1,
      coprocessor: (cause >>> 28) & 3,
    };
  }

  /** All state that a program can change. */
  state(): Buffer {
    return guestState(this.core);
  }

  #physical(va: number): number {
    const physical = this.core.physicalOf(va, false);
    if (physical === undefined) throw new Error(`nothing at ${va.toString(16)}`);
    return physical;
  }

  #index(va: number): number {
    return (RAM + this.#physical(va)) / 4;
  }
}
