// Compares random programs on every reading with each other: more than can be run on QEMU. A run of the suite takes a
// few of them and a thorough run 500 in each byte order; FARJAL_PROGRAMS=1000 FARJAL_FIRST=3000 takes the thousand after
// the first three thousand, so that many can be run in parts (50 ms each).

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { thorough } from "../support/thorough.ts";
import { differences, Guest, READINGS, type Reading } from "../vectors/guest.ts";
import { FRESH, programNumber } from "./seeds.ts";

const ORDERS = ["little", "big"] as const;
/** The number of programs in each byte order. */
const PROGRAMS = Number(process.env["FARJAL_PROGRAMS"] ?? (thorough ? 500 : 30));
/** Numbers after those of the programs that run on QEMU. */
const FIRST = 2 * FRESH + Number(process.env["FARJAL_FIRST"] ?? 0);

describe("the readings agree about random programs", () => {
  const [reference, ...others] = Object.keys(READINGS) as [Reading, ...Reading[]];
  for (const endian of ORDERS) {
    for (const reading of others) {
      it(`${reading} matches ${reference}, ${endian}-endian`, () => {
        const expected = new Guest(endian, reference);
        const guest = new Guest(endian, reading);
        for (let n = 0; n < PROGRAMS; n++) {
          const program = programNumber(FIRST + n);
          const right = expected.run(program);
          const stops = guest.run(program);
          assert.equal(stops.length, right.length, `stops of program ${FIRST + n}`);
          for (const [i, stop] of stops.entries()) {
            const other = right[i];
            assert.ok(other);
            assert.deepEqual(differences(other, stop), [], `program ${FIRST + n}, stop ${i}`);
          }
        }
      });
    }
  }
});
