// Tests where a function saves ra, determined from the words that gcc 12 emits at its site and in its prologue.

import assert from "node:assert/strict";
import { test } from "node:test";
import { savedRaByPrologue, savedRaByT4 } from "../../src/ftrace/sites/saved-ra.ts";
import { enterWord, recogniseSite } from "../../src/ftrace/sites/site.ts";

const MOVE_T4_ZERO = 0x00006025;
const ADDIU_T4_SP_36 = 0x27ac0024;
const LI_T4_9C54 = 0x340c9c54; // ori t4,zero,0x9c54
const ADDU_T4_T4_SP = 0x019d6021;
const LUI_T4_1 = 0x3c0c0001;
const ORI_T4_86AC = 0x358c86ac;
const ADDIU_SP_M32 = 0x27bdffe0;
const ADDIU_SP_24 = 0x27bd0018;
const SW_RA_28 = 0xafbf001c;
const SW_S0_24 = 0xafb00018;
const SW_A0_32 = 0xafa40020;
const MOVE_S8_SP = 0x03a0f025;
const SUBU_SP_V1 = 0x03a3e823;
const LUI_V1 = 0x3c030000;

test("t4 gives the place: none in a leaf, else an offset above sp", () => {
  assert.equal(savedRaByT4([MOVE_T4_ZERO]), "ra");
  assert.equal(savedRaByT4([ADDIU_T4_SP_36]), 36);
  assert.equal(savedRaByT4([LI_T4_9C54, ADDU_T4_T4_SP]), 0x9c54);
  assert.equal(savedRaByT4([LUI_T4_1, ORI_T4_86AC, ADDU_T4_T4_SP]), 0x186ac);
  assert.equal(savedRaByT4([LI_T4_9C54]), "unknown");
  assert.equal(savedRaByT4([0x27cc0024]), "unknown", "above another register than sp");
});

test("without t4 the prologue gives the place", () => {
  const prologue = (...words: number[]) => savedRaByPrologue((index) => words.at(index) ?? LUI_V1);
  assert.equal(prologue(ADDIU_SP_M32, SW_RA_28, SW_S0_24), 28);
  assert.equal(prologue(ADDIU_SP_M32, SW_RA_28, SW_S0_24, SW_A0_32, MOVE_S8_SP), 28);
  assert.equal(prologue(ADDIU_SP_M32), "ra");
  assert.equal(prologue(SW_RA_28, ADDIU_SP_24), "ra", "another function's end is no prologue");
  assert.equal(prologue(ADDIU_SP_M32, SW_RA_28, LUI_V1, SUBU_SP_V1), "unknown");
  assert.equal(
    savedRaByPrologue(() => SW_S0_24),
    "unknown",
  );
});

test("the word that enters a function names the place, or there is none", () => {
  const words = new Map<number, number>([
    [0x00, ADDIU_SP_M32],
    [0x04, SW_RA_28],
    [0x08, 0x03e00825], // move at,ra
    [0x0c, 0x27bdfff8], // addiu sp,sp,-8, before the call: -O0
    [0x10, 0x0c000000], // jal _mcount
    [0x14, 0],
  ]);
  const site = recogniseSite(0x10, (address) => words.get(address));
  assert.equal(site?.savedRa, 28);
  // The word is after the push: 28 + 8 bytes are nine words.
  assert.equal(site && enterWord(site, 5), (0x70000013 | (5 << 22) | (9 << 6)) >>> 0);
  assert.equal(site && enterWord({ ...site, savedRa: "ra" }, 0), 0x703fffd3);
  for (const savedRa of ["unknown", 0x40000, 2, -12] as const) {
    assert.equal(site && enterWord({ ...site, savedRa }, 0), undefined, String(savedRa));
  }
});
