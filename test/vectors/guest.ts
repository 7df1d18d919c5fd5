// Runs programs on farjal's core, on each of its readings of an instruction, as qemu.ts does on QEMU.

import { CPU_LL_BIT, MODE_STOP_ON_EXCEPTION } from "../../assembly/shared/cpu-state.ts";
import { PAGE_SIZE, RAM } from "../../assembly/shared/memory-map.ts";
import * as opcodes from "../../assembly/shared/opcodes.ts";
import { STOP_EXCEPTION } from "../../assembly/shared/stops.ts";
import { find, hasDelaySlot, INSTRUCTIONS } from "../../src/isa/table.ts";
import { labProcessor } from "../../src/lab/lab-processor.ts";
import type { CpuModel, Processor } from "../../src/processor/processor.ts";
import { thorough } from "../support/thorough.ts";
import {
  BREAK_LAST,
  DATA,
  type Endian,
  HI,
  LO,
  type Program,
  REGISTERS,
  type Stop,
  setsBadVAddr,
} from "./program.ts";

/** The ways the core runs an instruction. */
export const READINGS = {
  interpreter: (core: Processor, limit: number) => core.run(limit),
  "exact interpreter": (core: Processor, limit: number) => core.runExactly(limit),
  translator: (core: Processor, limit: number) => {
    core.engine = "translator";
    core.translateCode();
    return core.run(limit);
  },
} as const;

export type Reading = keyof typeof READINGS;

/**
 * Whether a reading runs the nth vector in a byte order. In a quick run the byte orders take turns. For the translator
 * each vector is a module of its own, which takes minutes for all of them. Only .ci/run runs all.
 */
export function isSampled(reading: Reading, endian: Endian, n: number): boolean {
  if (thorough) return true;
  return n % (reading === "translator" ? 48 : 2) === (endian === "little" ? 0 : 1);
}

/** Physical memory: the buffer's page, then the code's pages. */
const DATA_AT = 0;
const CODE_AT = PAGE_SIZE;
const RAM_SIZE = 0x1_0000;

/** A program that completes this many instructions without a stop is taken for endless. */
const LIMIT = 1_000_000;

export class Guest {
  readonly #core: Processor;
  readonly #reading: Reading;
  /** Guest address of the page at CODE_AT, and the number of pages mapped there. */
  #code = { page: -1, size: 0 };

  constructor(endian: Endian, reading: Reading, model: CpuModel = "24Kc") {
    this.#core = labProcessor(endian, RAM_SIZE);
    this.#core.reset(model);
    this.#core.setCp0(opcodes.CP0_STATUS >> 3, 0, 0);
    this.#core.mode = MODE_STOP_ON_EXCEPTION;
    this.#core.mapPages(DATA, DATA_AT, PAGE_SIZE, true);
    this.#reading = reading;
  }

  get processor(): Processor {
    return this.#core;
  }

  /** Runs a program to its last stop; returns the stops in runOnQemu's form. */
  run(program: Program): Stop[] {
    const core = this.#core;
    this.#load(program);
    const stops: Stop[] = [];
    for (;;) {
      const reason = READINGS[this.#reading](core, LIMIT);
      if (reason !== STOP_EXCEPTION)
        throw new Error(`run() stopped for reason ${reason} at ${core.pc.toString(16)}`);
      const stop = this.#stop(program);
      stops.push(stop);
      const word = program.words[(stop.epc - program.address) / 4] ?? 0;
      if (stops.length === program.stops || word === BREAK_LAST) return stops;
      const at = find(INSTRUCTIONS, word);
      this.#resume(stop.epc + (at && hasDelaySlot(at) ? 8 : 4));
    }
  }

  #load({ address, words, entry, registers, data }: Program): void {
    const core = this.#core;
    const page = address - (address % PAGE_SIZE);
    const size = Math.ceil((address + 4 * words.length - page) / PAGE_SIZE) * PAGE_SIZE;
    if (page !== this.#code.page || size !== this.#code.size) {
      if (this.#code.size) core.unmapPages(this.#code.page, this.#code.size);
      core.mapPages(page, CODE_AT, size, true);
      this.#code = { page, size };
    }
    this.#store(CODE_AT + address - page, words);
    this.#store(DATA_AT, data);
    for (let i = 0; i < 32; i++) core.setGpr(i, registers[i] as number);
    core.hi = registers[HI] as number;
    core.lo = registers[LO] as number;
    this.#resume(entry);
  }

  /** Continues at an address as after eret: no exception level, no link from ll to sc. */
  #resume(address: number): void {
    this.#core.setCp0(opcodes.CP0_STATUS >> 3, 0, 0);
    this.#core.words[CPU_LL_BIT / 4] = 0;
    this.#core.pc = address;
  }

  #stop(program: Program): Stop {
    const core = this.#core;
    const cp0 = (register: number) => core.cp0(register >> 3, register & 7);
    const exception = (cp0(opcodes.CP0_CAUSE) >>> 2) & 0x1f;
    if (exception !== core.stopValue)
      throw new Error(`ExcCode ${exception}, but stopped for ${core.stopValue}`);
    const registers = new Uint32Array(REGISTERS);
    for (let i = 0; i < 32; i++) registers[i] = core.gpr(i);
    registers[HI] = core.hi;
    registers[LO] = core.lo;
    return {
      exception,
      epc: cp0(opcodes.CP0_EPC),
      badVAddr: setsBadVAddr(exception) ? cp0(opcodes.CP0_BADVADDR) : 0,
      registers,
      data: program.data.map((_, i) => core.words[(RAM + DATA_AT) / 4 + i] as number),
    };
  }

  /** The core keeps aligned words in host order, for either byte order of the guest. */
  #store(physical: number, words: readonly number[]): void {
    this.#core.words.set(words, (RAM + physical) / 4);
    this.#core.wrote(physical, 4 * words.length);
  }
}

/** The differences between two stops as text; empty when there are none. */
export function differences(expected: Stop, actual: Stop): string[] {
  const hex = (value: number | undefined) => `0x${(value ?? 0).toString(16).padStart(8, "0")}`;
  const found: string[] = [];
  const compare = (what: string, a: number | undefined, b: number | undefined) => {
    if (a !== b) found.push(`${what} is ${hex(b)}, QEMU says ${hex(a)}`);
  };
  compare("ExcCode", expected.exception, actual.exception);
  compare("EPC", expected.epc, actual.epc);
  compare("BadVAddr", expected.badVAddr, actual.badVAddr);
  expected.registers.forEach((value, i) => {
    compare(i === HI ? "hi" : i === LO ? "lo" : `$${i}`, value, actual.registers[i]);
  });
  expected.data.forEach((value, i) => {
    compare(`word ${i} of the buffer`, value, actual.data[i]);
  });
  return found;
}
