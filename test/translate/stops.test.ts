// Stops the engines after random numbers of instructions and compares all of their state: registers, HI and LO, CP0,
// pc, count and memory. The programs are random loops (hot-loops.ts) and calls (hot-calls.ts), so most stops are inside
// translated code, at any instruction of it. FARJAL_STOPS=1000 takes so many programs in each byte order.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CPU_LIMIT } from "../../assembly/shared/cpu-state.ts";
import { RAM } from "../../assembly/shared/memory-map.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import type { Engine } from "../../src/processor/engine.ts";
import { CODE, ENDIANS, Guest } from "../cpu/guest.ts";
import { Random } from "../support/random.ts";
import { thorough } from "../support/thorough.ts";
import { hotCalls } from "./hot-calls.ts";
import { HANDLER, hotLoops, MAPPED, MAPPED_SIZE } from "./hot-loops.ts";

const PROGRAMS = Number(process.env["FARJAL_STOPS"] ?? (thorough ? 150 : 10));
const FIRST = Number(process.env["FARJAL_FIRST"] ?? 1);
const STOPS = 24;
/** Instructions before the first stop: most loops are translated by then. */
const WARM = 60_000;
const MEMORY = 1 << 20;
/** Random data is from here on. */
const FIRST_DATA = 0x40000;
/** Where the mapped pages are in physical memory. */
const PHYSICAL = 0xc0000;
/** Programs are in kseg0 or in the mapped pages, beside data that is written. */
const PLACES = [CODE, CODE, MAPPED + 0x800];
const VECTORS = [0x80000000, 0x80000180];
/** CP0's Compare and Status, with the timer's interrupt on. */
const [COMPARE, STATUS, TIMER_ON] = [11, 12, 0x8001] as const;

const KINDS = { loops: hotLoops, calls: hotCalls };

function prepare(
  make: (seed: number, address: number) => number[],
  seed: number,
  endian: Endian,
  engine: Engine,
): Guest {
  const guest = new Guest(endian, true, MEMORY);
  const { core } = guest;
  core.mapPages(MAPPED, PHYSICAL, MAPPED_SIZE, true);
  const random = new Random(seed);
  for (let at = FIRST_DATA; at < MEMORY; at += 4) core.words[(RAM + at) / 4] = random.word();
  for (const vector of VECTORS) guest.put(vector, ...HANDLER);
  const address = PLACES[seed % PLACES.length] as number;
  guest.put(address, ...make(seed, address));
  core.setCp0(COMPARE, 0, 5000);
  core.setCp0(STATUS, 0, seed % 2 === 0 ? TIMER_ON : 0);
  core.pc = address;
  core.engine = engine;
  return guest;
}

describe("the engines stop in the same state", () => {
  for (const endian of ENDIANS) {
    for (const [kind, make] of Object.entries(KINDS)) {
      test(`${kind}, ${endian}-endian`, () => {
        let completed = 0;
        let translated = 0;
        for (let seed = FIRST; seed < FIRST + PROGRAMS; seed++) {
          const right = prepare(make, seed, endian, "interpreter");
          const tried = prepare(make, seed, endian, "translator");
          const random = new Random(seed * 7919);
          for (let stop = 0; stop < STOPS; stop++) {
            const at = `seed ${seed}, stop ${stop}`;
            // A few instructions at a time, so that each place of a turn is met, and many.
            const few = random.below(random.pick([10, 100, 5000, 30_000]));
            const limit = stop === 0 ? WARM : few;
            const wanted = right.core.run(limit);
            assert.equal(tried.core.run(limit), wanted, at);
            assert.equal(tried.core.count, right.core.count, at);
            for (const { core } of [right, tried]) core.words[CPU_LIMIT / 4] = 0; // the host's word
            assert.ok(tried.state().equals(right.state()), `another state: ${at}`);
          }
          completed += tried.core.count;
          translated += tried.core.statistics?.instructions ?? 0;
        }
        const share = `only ${translated} of ${completed} were translated`;
        assert.ok(translated > completed / 3, share);
      });
    }
  }
});
