// What the host may do while a run is stopped, done to both engines inside translated code: loops with plans, and
// functions that are read at their calls. It sets breakpoints and watchpoints, saves and restores all state, writes to
// the code, maps pages elsewhere, changes the engine and counts instructions. Each run after that must stop for the same
// reason at the same place, in the same state (stopped-guests.ts).

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import { OP_ADDIU } from "../../assembly/shared/opcodes.ts";
import { STOP_BREAKPOINT, STOP_LIMIT, STOP_WATCHPOINT } from "../../assembly/shared/stops.ts";
import { putState, stateOf } from "../../src/processor/snapshot.ts";
import type { Watch } from "../../src/processor/watches.ts";
import { ENDIANS } from "../cpu/guest.ts";
import { Random } from "../support/random.ts";
import { thorough } from "../support/thorough.ts";
import { MAPPED, MAPPED_SIZE } from "./hot-loops.ts";
import { FIRST_DATA, KINDS, PHYSICAL, StoppedGuests } from "./stopped-guests.ts";

const PROGRAMS = Number(process.env["FARJAL_STOPS"] ?? (thorough ? 30 : 3));
const STOPS = 10;
/** Instructions before the first stop: most loops are translated by then. */
const WARM = 40_000;
/** Instructions between what is done and the comparison that follows it. */
const RUNS = [1, 10, 100, 3000, 20_000];

/** Returns the number of breakpoints or watchpoints met, if it sets any. */
type Intervention = (guests: StoppedGuests, random: Random, at: string) => unknown;

function watched(guests: StoppedGuests, random: Random, at: string, watches: Watch[]): number {
  let met = 0;
  for (const core of guests.cores) core.setWatches(watches);
  for (let runs = 0; runs < 4; runs++) {
    const stop = guests.run(random.pick(RUNS), at);
    if (stop === STOP_BREAKPOINT || stop === STOP_WATCHPOINT) met++;
    else assert.equal(stop, STOP_LIMIT, at);
  }
  for (const core of guests.cores) core.setWatches([]);
  return met;
}

function anyInstruction({ address, words }: StoppedGuests, random: Random): number {
  return address + 4 * random.below(words.length);
}

const INTERVENTIONS: Readonly<Record<string, Intervention>> = {
  breakpoints(guests, random, at) {
    const watches = Array.from({ length: random.between(1, 4) }, () => ({
      address: anyInstruction(guests, random),
      size: 4,
      kind: "execute" as const,
    }));
    return watched(guests, random, at, watches);
  },
  watchpoints(guests, random, at) {
    const address = 0x80000000 + FIRST_DATA + 0x10000 + 4 * random.below(64);
    const kind = random.pick(["read", "write", "access"] as const);
    return watched(guests, random, at, [{ address, size: 4 * random.between(1, 16), kind }]);
  },
  steps(guests, random, at) {
    for (let steps = random.between(1, 12); steps > 0; steps--) guests.run(1, at);
  },
  /** Each continues in the other's state. */
  snapshots({ cores: [right, tried] }) {
    const [ofRight, ofTried] = [stateOf(right), stateOf(tried)];
    putState(right, ofTried);
    putState(tried, ofRight);
  },
  /** Another immediate in one of the program's instructions, as a switched site is another word. */
  writes(guests, random) {
    const places = [...guests.words.keys()].filter(
      (index) => (guests.words[index] as number) >>> 26 === OP_ADDIU,
    );
    if (places.length === 0) return;
    const address = guests.address + 4 * random.pick(places);
    for (const core of guests.cores) {
      const physical = core.physicalOf(address, false) as number;
      const bytes = core.readBytes(physical, 4);
      const low = core.endian === "little" ? 0 : 3;
      bytes[low] = (bytes[low] as number) ^ 4;
      core.writeBytes(physical, bytes);
    }
  },
  /** The second mapped page, at one of two places in memory. */
  mappings({ cores }, random) {
    const physical = PHYSICAL + (random.oneIn(2) ? PAGE_SIZE : 8 * PAGE_SIZE);
    for (const core of cores) {
      core.mapPages(MAPPED + MAPPED_SIZE - PAGE_SIZE, physical, PAGE_SIZE, true);
    }
  },
  engines(guests, random, at) {
    const { core } = guests.tried;
    core.engine = "interpreter";
    guests.run(random.pick(RUNS), at);
    core.engine = "translator";
  },
  counts({ cores }) {
    for (const core of cores) core.counting = !core.counting;
  },
};

describe("the engines stop in the same state after the host", () => {
  for (const endian of ENDIANS) {
    for (const [kind, make] of Object.entries(KINDS)) {
      for (const [name, intervene] of Object.entries(INTERVENTIONS)) {
        test(`${name}: ${kind}, ${endian}-endian`, () => {
          let translated = 0;
          let met = 0;
          for (let seed = 1; seed <= PROGRAMS; seed++) {
            const guests = new StoppedGuests(make, seed, endian);
            const random = new Random(seed * 7907);
            guests.run(WARM, `seed ${seed}, warm`);
            for (let stop = 0; stop < STOPS; stop++) {
              const at = `seed ${seed}, stop ${stop}`;
              met += Number(intervene(guests, random, at) ?? 1);
              guests.run(random.below(random.pick(RUNS)), at);
            }
            translated += guests.tried.core.statistics?.instructions ?? 0;
          }
          assert.ok(met > 0, "nothing was met");
          assert.ok(translated > (PROGRAMS * WARM) / 8, `only ${translated} were translated`);
        });
      }
    }
  }
});
