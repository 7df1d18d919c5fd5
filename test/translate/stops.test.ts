// Stops the engines after random numbers of instructions and compares all of their state (stopped-guests.ts). Most stops
// are inside translated code, at any instruction of it. FARJAL_STOPS=1000 takes so many programs in each byte order.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ENDIANS } from "../cpu/guest.ts";
import { Random } from "../support/random.ts";
import { thorough } from "../support/thorough.ts";
import { KINDS, StoppedGuests } from "./stopped-guests.ts";

const PROGRAMS = Number(process.env["FARJAL_STOPS"] ?? (thorough ? 150 : 10));
const FIRST = Number(process.env["FARJAL_FIRST"] ?? 1);
const STOPS = 24;
/** Instructions before the first stop: most loops are translated by then. */
const WARM = 60_000;

describe("the engines stop in the same state", () => {
  for (const endian of ENDIANS) {
    for (const [kind, make] of Object.entries(KINDS)) {
      test(`${kind}, ${endian}-endian`, () => {
        let completed = 0;
        let translated = 0;
        for (let seed = FIRST; seed < FIRST + PROGRAMS; seed++) {
          const guests = new StoppedGuests(make, seed, endian);
          const random = new Random(seed * 7919);
          for (let stop = 0; stop < STOPS; stop++) {
            // A few instructions at a time, so that each place of a turn is met, and many.
            const few = random.below(random.pick([10, 100, 5000, 30_000]));
            guests.run(stop === 0 ? WARM : few, `seed ${seed}, stop ${stop}`);
          }
          const { core } = guests.tried;
          completed += core.count;
          translated += core.statistics?.instructions ?? 0;
        }
        const share = `only ${translated} of ${completed} were translated`;
        assert.ok(translated > completed / 3, share);
      });
    }
  }
});
