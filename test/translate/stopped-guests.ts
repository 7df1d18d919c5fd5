// Two processors with the same random program, one for each engine, that are stopped again and again and must then be in
// the same state: registers, HI and LO, CP0, pc, count, TLB and all of memory. The programs are random loops
// (hot-loops.ts) and calls (hot-calls.ts), at places in kseg0 or in mapped pages. What happens at a stop is the test's.

import assert from "node:assert/strict";
import { CPU_LIMIT } from "../../assembly/shared/cpu-state.ts";
import { RAM } from "../../assembly/shared/memory-map.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import type { Engine } from "../../src/processor/engine.ts";
import type { Processor } from "../../src/processor/processor.ts";
import { CODE, Guest } from "../cpu/guest.ts";
import { Random } from "../support/random.ts";
import { hotCalls } from "./hot-calls.ts";
import { HANDLER, hotLoops, MAPPED, MAPPED_SIZE } from "./hot-loops.ts";

/** The kinds of programs. */
export const KINDS = { loops: hotLoops, calls: hotCalls };
type Make = (seed: number, address: number) => number[];

const MEMORY = 1 << 20;
/** Random data is from here on. */
export const FIRST_DATA = 0x40000;
/** Where the mapped pages are in physical memory. */
export const PHYSICAL = 0xc0000;
/** Programs are in kseg0 or in the mapped pages, beside data that is written. */
const PLACES = [CODE, CODE, MAPPED + 0x800];
const VECTORS = [0x80000000, 0x80000180];
/** CP0's Compare and Status, with the timer's interrupt on. */
const [COMPARE, STATUS, TIMER_ON] = [11, 12, 0x8001] as const;

export class StoppedGuests {
  /** The interpreter's, and the one that is compared with it. */
  readonly right: Guest;
  readonly tried: Guest;
  /** The program. */
  readonly address: number;
  readonly words: readonly number[];

  constructor(make: Make, seed: number, endian: Endian, engine: Engine = "translator") {
    this.address = PLACES[seed % PLACES.length] as number;
    this.words = make(seed, this.address);
    this.right = this.#prepare(seed, endian, "interpreter");
    this.tried = this.#prepare(seed, endian, engine);
  }

  get cores(): readonly [right: Processor, tried: Processor] {
    return [this.right.core, this.tried.core];
  }

  /** Runs both, and compares why and where they stop. Returns STOP_*. */
  run(limit: number, at: string): number {
    const [right, tried] = this.cores;
    const wanted = right.run(limit);
    assert.equal(tried.run(limit), wanted, at);
    this.compare(at);
    return wanted;
  }

  compare(at: string): void {
    const [right, tried] = this.cores;
    assert.equal(tried.count, right.count, at);
    assert.equal(tried.pc, right.pc, at);
    for (const core of this.cores) core.words[CPU_LIMIT / 4] = 0; // the host's word
    assert.ok(this.tried.state().equals(this.right.state()), `another state: ${at}`);
  }

  #prepare(seed: number, endian: Endian, engine: Engine): Guest {
    const guest = new Guest(endian, true, MEMORY);
    const { core } = guest;
    core.mapPages(MAPPED, PHYSICAL, MAPPED_SIZE, true);
    const random = new Random(seed);
    for (let at = FIRST_DATA; at < MEMORY; at += 4) core.words[(RAM + at) / 4] = random.word();
    for (const vector of VECTORS) guest.put(vector, ...HANDLER);
    guest.put(this.address, ...this.words);
    core.setCp0(COMPARE, 0, 5000);
    core.setCp0(STATUS, 0, seed % 2 === 0 ? TIMER_ON : 0);
    core.pc = this.address;
    core.engine = engine;
    return guest;
  }
}
