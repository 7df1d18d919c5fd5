// The disassembler against objdump itself: words of the table, words at random, and Debian's modules.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ALIASES, SHORTHANDS } from "../../src/isa/spellings.ts";
import { INSTRUCTIONS } from "../../src/isa/table.ts";
import { debian, debianSkip } from "../support/debian.ts";
import { compare } from "./compare.ts";
import { goldenText, makeGolden } from "./golden.ts";
import { codeOf } from "./modules.ts";
import { objdumpSkip } from "./objdump.ts";
import { anyWords, wordsOfTheTable } from "./words.ts";

/** Every so manieth module; compare-modules.ts takes them all. */
const SAMPLE = 60;

/** With another accumulator than HI and LO, these are instructions of the DSP ASE. */
const DSP_FORMS = ["mult", "multu", "madd", "maddu", "msub", "msubu"];

describe("disassemble agrees with objdump", { skip: objdumpSkip() }, () => {
  for (const endian of ["little", "big"] as const) {
    it(`on the table's instructions and spellings, ${endian}-endian`, () => {
      const { differences, leftOut } = compare(wordsOfTheTable(100), endian);
      assert.deepEqual(differences, []);
      assert.equal(leftOut.size, 0);
    });
  }

  it("on words at random, but for the ASEs and coprocessors that the table leaves out", () => {
    const { differences, leftOut } = compare(anyWords(100_000), "little");
    assert.deepEqual(differences, []);
    const known = [...INSTRUCTIONS, ...SHORTHANDS, ...ALIASES].map(({ name }) => name);
    assert.deepEqual(
      known.filter((name) => leftOut.has(name) && !DSP_FORMS.includes(name)),
      [],
    );
  });

  it("on what golden.txt keeps; if not, npm run golden:isa", () => {
    assert.equal(goldenText(), makeGolden());
  });

  it("on a sample of Debian's modules", { skip: debianSkip }, () => {
    const paths = debian?.modules.filter((_, i) => i % SAMPLE === 0) ?? [];
    const { words, differences, leftOut } = compare(codeOf(paths), "little");
    assert.deepEqual(differences, []);
    assert.deepEqual([...leftOut], []);
    assert.ok(words > 100_000, `only ${words} words in ${paths.length} modules`);
  });
});
