// Compares the disassembler with objdump itself: words of the table, random words, and Debian's modules.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { COPROCESSOR_1 } from "../../src/isa/coprocessor1.ts";
import { disassemble } from "../../src/isa/disassemble.ts";
import { MIPS64 } from "../../src/isa/mips64.ts";
import { ALIASES, SHORTHANDS } from "../../src/isa/spellings.ts";
import { INSTRUCTIONS } from "../../src/isa/table.ts";
import { debian, debianSkip } from "../support/debian.ts";
import { repositoryFile } from "../support/repository.ts";
import { compare } from "./compare.ts";
import { goldenText, makeGolden } from "./golden.ts";
import { codeOf } from "./modules.ts";
import { objdump, objdumpSkip } from "./objdump.ts";
import { anyWords, coprocessor1Words, wordsOf, wordsOfTheTable } from "./words.ts";

/** The sample takes every module with this step; compare-modules.ts takes all of them. */
const SAMPLE = 60;

/** With another accumulator than HI and LO, these are instructions of the DSP ASE. */
const DSP_FORMS = ["mult", "multu", "madd", "maddu", "msub", "msubu"];

/** objdump prints `c1` for a word without a name. */
const NOT_OF_MIPS32 =
  /^(?:c1|cabs\..*|(?:recip|rsqrt)[12]\..*|(?:addr|mulr)\.ps|bc1any[24][ft]|bn?z\.[bhwdv])$/;

describe("disassemble agrees with objdump", { skip: objdumpSkip() }, () => {
  for (const endian of ["little", "big"] as const) {
    it(`on the table's instructions and spellings, ${endian}-endian`, () => {
      const { differences, leftOut } = compare(wordsOfTheTable(100), endian);
      assert.deepEqual(differences, []);
      assert.equal(leftOut.size, 0);
    });
  }

  it("on MIPS64's integer instructions, and on a module's code at an address of 64 bits", () => {
    for (const endian of ["little", "big"] as const) {
      const name = `test/modules/built64/full-${endian}.ko`;
      const code = codeOf([repositoryFile(name)]);
      for (const words of [wordsOf(MIPS64, 50), code]) {
        const address = 0xffffffff_c0000000n;
        const theirs = objdump(words, { endian, aliases: true, address });
        const ours = [...words].map((word, i) => disassemble(word, address + BigInt(4 * i)));
        assert.deepEqual(ours, theirs);
      }
    }
  });

  it("on every encoding of coprocessor 1, except MIPS-3D and MSA", () => {
    const { differences, leftOut } = compare(coprocessor1Words(), "little");
    assert.deepEqual(differences, []);
    const other = [...leftOut.keys()].filter((name) => !NOT_OF_MIPS32.test(name));
    assert.deepEqual(other, []);
  });

  it("on random words, except the ASEs and coprocessor 2, which the table leaves out", () => {
    const { differences, leftOut } = compare(anyWords(100_000), "little");
    assert.deepEqual(differences, []);
    const known = [...INSTRUCTIONS, ...COPROCESSOR_1, ...SHORTHANDS, ...ALIASES].map(
      ({ name }) => name,
    );
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
