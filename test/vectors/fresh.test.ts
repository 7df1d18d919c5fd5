// Checks that the stored vectors are current: their cases are those that cases.ts makes, and QEMU still gives the
// same outcomes.

import assert from "node:assert/strict";
import { it } from "node:test";
import { instruction } from "../../src/isa/table.ts";
import { type Case, casesOf, programOf, reservedCases } from "./cases.ts";
import { qemuSkip, runOnQemu } from "./qemu.ts";
import { storedFiles } from "./stored.ts";

/** Running all of them on QEMU again takes half a minute. */
const SAMPLE = 16;

function inWords({ entry, words, inputs }: Case): string {
  return JSON.stringify([entry, words, [...inputs]]);
}

it("the stored cases are those of cases.ts; if not, npm run vectors", () => {
  for (const { sections } of storedFiles()) {
    for (const { name, vectors } of sections) {
      const cases = name === "reserved" ? reservedCases() : casesOf(instruction(name));
      assert.deepEqual(vectors.map(inWords), cases.map(inWords), name);
    }
  }
});

it("QEMU gives the stored answers", { skip: qemuSkip() }, () => {
  for (const endian of ["little", "big"] as const) {
    const sample = storedFiles().flatMap(({ start, sections }) =>
      sections
        .flatMap(({ vectors }) => vectors.filter((_, n) => n % SAMPLE === 0))
        .map((vector) => ({ program: programOf(vector, start), expected: vector.outcome[endian] })),
    );
    const answers = runOnQemu(
      endian,
      sample.map(({ program }) => program),
    );
    sample.forEach(({ program, expected }, i) => {
      assert.deepEqual(
        answers[i],
        [expected],
        program.words[(program.entry - program.address) / 4]?.toString(16),
      );
    });
  }
});
