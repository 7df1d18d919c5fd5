// Tests which HI16/LO16 pairs are reported as surprising: small modules with one surprise each, and the memory after
// loading them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { R_MIPS_HI16, R_MIPS_LO16 } from "../../assembly/shared/relocation-types.ts";
import { WIDTH_32 } from "../../src/address.ts";
import { SHN_ABS } from "../../src/elf/numbers.ts";
import { explainPairs, type PairKind } from "../../src/explain/pairs.ts";
import { Places } from "../../src/explain/places.ts";
import { readModule } from "../../src/module/file/file.ts";
import { layOut } from "../../src/module/layout/layout.ts";
import type { RelocationSpec } from "../support/elf-writer.ts";
import { BASE, load } from "../support/load-module.ts";
import { TestHost } from "../support/module-host.ts";
import { code, writeModule } from "../support/module-writer.ts";

const LUI = 0x3c030000;
const ADDIU = 0x24630000;
const hi = (offset: number, symbol = "far"): RelocationSpec => ({
  offset,
  type: R_MIPS_HI16,
  symbol,
});
const lo = (offset: number, symbol = "far"): RelocationSpec => ({
  offset,
  type: R_MIPS_LO16,
  symbol,
});

function spec(words: readonly number[], relocations: readonly RelocationSpec[], value: number) {
  return {
    sections: [code(words, relocations)],
    symbols: [
      { name: "far", section: SHN_ABS, value },
      { name: "other", section: SHN_ABS, value: value + 8 },
    ],
  };
}

function explain(
  words: readonly number[],
  relocations: readonly RelocationSpec[],
  value = 0x80001000,
) {
  const file = readModule(writeModule(spec(words, relocations, value)));
  return explainPairs(new Places(file, WIDTH_32, layOut(file), { core: BASE, init: 0 }, new Map()));
}

function kinds(...args: Parameters<typeof explain>): [PairKind, number][] {
  return explain(...args).findings.map(({ kind, count }) => [kind, count]);
}

test("an ordinary pair is no surprise", () => {
  const explanation = explain([LUI, ADDIU], [hi(0), lo(4)]);
  assert.deepEqual(explanation, { hi16: 1, lo16: 1, mostWaiting: 1, findings: [] });
});

test("each surprise is reported, and no other", () => {
  assert.deepEqual(kinds([LUI, LUI, ADDIU], [hi(0), hi(4), lo(8)]), [["shared", 1]]);
  assert.deepEqual(kinds([ADDIU, LUI], [hi(4), lo(0)]), [["above", 1]]);
  assert.deepEqual(kinds([LUI, ADDIU | 0xfffc], [hi(0), lo(4)]), [["negative", 1]]);
  assert.deepEqual(kinds([LUI, ADDIU, ADDIU], [hi(0), lo(4), lo(8)]), [["alone", 1]]);
  assert.deepEqual(kinds([LUI, ADDIU], [hi(0), lo(4, "other")]), [["mismatch", 1]]);
  assert.deepEqual(kinds([LUI], [hi(0)]), [["unpaired", 1]]);
});

test("the largest number of waiting HI16 is counted, up to that of a real module", () => {
  const count = 273;
  const words = [...new Array<number>(count).fill(LUI), ADDIU];
  const relocations = [
    ...Array.from({ length: count }, (_, index) => hi(4 * index)),
    lo(4 * count),
  ];
  const explanation = explain(words, relocations);
  assert.equal(explanation.mostWaiting, count);
  assert.equal(explanation.findings[0]?.examples[0]?.hi.length, 20);
});

test("an addend across a 32 KiB line is reported, with the resulting memory", () => {
  const words = [LUI, ADDIU, ADDIU | 4];
  const relocations = [hi(0), lo(4), lo(8)];
  const astray = explain(words, relocations, 0x80007ffe);
  const [line] = astray.findings;
  assert.equal(line?.kind, "line");
  assert.equal(line?.count, 1);
  assert.deepEqual(
    line?.examples.map(({ addend, value, hi: [first] }) => [addend, value, first?.address]),
    [[4, 0x80007ffe, BASE]],
  );
  const host = new TestHost();
  load(spec(words, relocations, 0x80007ffe), {}, host);
  const [lui = 0, , addiu = 0] = host.words(BASE, 3);
  const sum = ((lui << 16) + ((addiu << 16) >> 16)) >>> 0;
  assert.equal(sum, 0x80008002 - 0x10000);

  const right = kinds(words, relocations, 0x80007ff0);
  assert.deepEqual(right, [["alone", 1]]);
});
