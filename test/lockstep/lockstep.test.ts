// Compares random programs on every reading, in both byte orders, with QEMU: with its stored outcomes, and with its
// outcomes for new programs.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { disassemble } from "../../src/isa/disassemble.ts";
import { differences, Guest, isSampled, READINGS, type Reading } from "../vectors/guest.ts";
import type { Program, Stop } from "../vectors/program.ts";
import { qemuSkip, runOnQemu } from "../vectors/qemu.ts";
import { programDigest, readDigests, stopDigest } from "./digest.ts";
import { FRESH, programNumber, STORED } from "./seeds.ts";

const ORDERS = ["little", "big"] as const;
const READING_NAMES = Object.keys(READINGS) as Reading[];

/** How many new programs run on QEMU. */
const ASKED = 300;

/** The stopping instruction and those before it. */
function around(program: Program, { epc }: Stop): string {
  return [-12, -8, -4, 0]
    .map((offset) => epc + offset)
    .map((at) => disassemble(program.words[(at - program.address) / 4] ?? 0, at))
    .join("; ");
}

describe("random programs", () => {
  const stored = readDigests();
  const programs = Array.from({ length: STORED }, (_, n) => programNumber(n));

  it("are the ones whose outcomes are stored; if not, npm run lockstep", () => {
    assert.deepEqual(
      programs.map(programDigest),
      stored.map(({ program }) => program),
    );
  });

  for (const endian of ORDERS) {
    for (const reading of READING_NAMES) {
      it(`stop as on QEMU: ${reading}, ${endian}-endian`, () => {
        const guest = new Guest(endian, reading);
        programs.forEach((program, n) => {
          if (!isSampled(reading, endian, n)) return;
          const expected = stored[n]?.stops[endian];
          const stops = guest.run(program);
          stops.forEach((stop, i) => {
            const where = `program ${n}, stop ${i} of ${expected?.length}: ${around(program, stop)}`;
            assert.equal(stopDigest(stop), expected?.[i], where);
          });
          assert.equal(stops.length, expected?.length, `stops of program ${n}`);
        });
      });
    }
  }
});

describe("new random programs", { skip: qemuSkip() }, () => {
  const programs = Array.from({ length: ASKED }, (_, n) => programNumber(FRESH + n));
  for (const endian of ORDERS) {
    it(`stop as on QEMU, ${endian}-endian`, () => {
      const answers = runOnQemu(endian, programs);
      for (const reading of READING_NAMES) {
        const guest = new Guest(endian, reading);
        programs.forEach((program, n) => {
          if (!isSampled(reading, endian, n)) return;
          const expected = answers[n] as Stop[];
          const stops = guest.run(program);
          assert.equal(stops.length, expected.length, `stops of program ${n}`);
          stops.forEach((stop, i) => {
            const found = expected[i] ? differences(expected[i], stop) : ["QEMU has no such stop"];
            const where = `${reading}, program ${n}, stop ${i}: ${around(program, stop)}`;
            assert.deepEqual(found, [], where);
          });
        });
      }
    });
  }
});
