// Compares the fast reading and translated code with the exact reading: programs of random words, half of them
// instructions, must end in the same state in every reading and however the run is divided. QEMU's vectors show what
// is right (test/vectors/). This test shows that nothing depends on the reading, and that no word harms the emulator.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CPU } from "../../assembly/shared/memory-map.ts";
import { STOP_LIMIT } from "../../assembly/shared/stops.ts";
import { RING_CAPACITY } from "../../assembly/shared/trace-ring.ts";
import { FARJAL_WORDS, INSTRUCTIONS } from "../../src/isa/table.ts";
import { Random } from "../support/random.ts";
import { thorough } from "../support/thorough.ts";
import { CODE, DATA, ENDIANS, Guest, R } from "./guest.ts";

const PROGRAM_WORDS = 1000;
const STEPS = 3000;
const SEEDS = thorough ? 40 : 20;
const ROWS = [...INSTRUCTIONS, ...FARJAL_WORDS];

function randomWord(random: Random): number {
  const row = ROWS[random.below(ROWS.length)];
  const word = random.word();
  if (row === undefined || random.below(16) === 0) return word;
  const form = (row.match | (word & ~row.mask)) >>> 0;
  // Branches stay near, and most addresses are relative to sp, which points into memory.
  if (row.group === "branch")
    return ((form & 0xffff0000) | ((random.below(16) - 8) & 0xffff)) >>> 0;
  if (row.form.endsWith("simm(rs)") && random.below(8) > 0) {
    return ((form & ~((31 << 21) | 0xffff)) | (R.sp << 21) | random.below(0x100)) >>> 0;
  }
  return form;
}

/** The first place where two states differ. */
function firstDifference(a: Buffer, b: Buffer): number | undefined {
  return a.equals(b) ? undefined : a.findIndex((byte, at) => byte !== b[at]);
}

function prepare(endian: "little" | "big", seed: number, board: boolean): Guest {
  const random = new Random(seed);
  const guest = new Guest(endian, board);
  for (let number = 1; number < 32; number++) {
    guest.core.setGpr(number, random.below(2) === 0 ? random.word() : DATA + 4 * random.below(64));
  }
  guest.core.setGpr(R.sp, DATA);
  guest.put(CODE, ...Array.from({ length: PROGRAM_WORDS }, () => randomWord(random)));
  // A board's exceptions and jumps to unmapped addresses return to the program, two words further.
  if (board) {
    const handler = [0x401a7000, 0x275a0008, 0x409a7000, 0x42000018]; // mfc0, addiu, mtc0 of EPC; eret
    guest.put(0x80000000, ...handler);
    guest.put(0x80000180, ...handler);
  }
  guest.core.words[RING_CAPACITY / 4] = 8;
  guest.core.pc = CODE;
  return guest;
}

/** Skips the instruction that stopped, as a host might. */
function goOn(guest: Guest): void {
  const { core } = guest;
  core.pc = core.pc >= CODE && core.pc < CODE + 4 * PROGRAM_WORDS ? core.pc + 4 : CODE;
}

function play(guest: Guest, run: (limit: number) => number): void {
  for (let stops = 0; guest.core.count < STEPS && stops < STEPS; ) {
    if (run(STEPS - guest.core.count) === STOP_LIMIT) continue;
    goOn(guest);
    stops++;
  }
}

for (const endian of ENDIANS) {
  for (const board of [false, true]) {
    test(`${endian}-endian, ${board ? "exceptions in vectors" : "exceptions for the host"}`, () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const fast = prepare(endian, seed, board);
        const exact = prepare(endian, seed, board);
        const pieces = prepare(endian, seed, board);
        const outside = fast.core.bytes.slice(0, CPU);
        play(fast, (limit) => fast.core.run(limit));
        play(exact, (limit) => exact.core.runExactly(limit));
        play(pieces, (limit) => {
          const size = 1 + (pieces.core.count % 7);
          return pieces.core.run(Math.min(size, limit));
        });
        const translated = prepare(endian, seed, board);
        translated.core.engine = "translator";
        play(translated, (limit) => {
          if (seed % 4 === 0 && translated.core.count % 5 === 0) translated.core.translateCode();
          return translated.core.run(limit % 3 === 0 ? Math.min(limit, 100) : limit);
        });
        assert.equal(
          firstDifference(translated.state(), exact.state()),
          undefined,
          `seed ${seed}, translated`,
        );
        assert.equal(firstDifference(fast.state(), exact.state()), undefined, `seed ${seed}`);
        assert.equal(
          firstDifference(pieces.state(), exact.state()),
          undefined,
          `seed ${seed}, in pieces`,
        );
        for (const { core } of [fast, translated]) {
          assert.deepEqual(core.bytes.subarray(0, CPU), outside);
        }
        assert.ok(fast.core.count >= STEPS / 2, `seed ${seed} ran`);
      }
    });
  }
}
