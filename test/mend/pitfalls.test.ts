// Tests the problems of moving code, one case each: small modules made of words, in both byte orders, mended and read
// again. The expected words follow from the MIPS manual and gcc's output.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import {
  R_MIPS_26,
  R_MIPS_32,
  R_MIPS_HI16,
  R_MIPS_LO16,
  R_MIPS_PC16,
} from "../../assembly/shared/relocation-types.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { Words } from "../../src/bytes/words.ts";
import { contents, relocationTables } from "../../src/elf/contents.ts";
import { STB_LOCAL, STB_WEAK, STT_FUNC } from "../../src/elf/numbers.ts";
import type { ElfObject } from "../../src/elf/object.ts";
import { readElf } from "../../src/elf/reader.ts";
import { type Mended, mendModule } from "../../src/mend/mend.ts";
import type { MendOptions } from "../../src/mend/plan.ts";
import type { SectionSpec, SymbolSpec } from "../support/elf-writer.ts";
import {
  CODE,
  code,
  data,
  functionSymbol,
  READ_ONLY,
  undefinedSymbol,
  writeModule,
} from "../support/module-writer.ts";
import { repositoryFile } from "../support/repository.ts";

const JAL = 0x0c000000;
const J = 0x08000000;
const NOP = 0;
const JR_RA = 0x03e00008;
const MOVE_AT_RA = 0x03e00825;
const PUSH = 0x27bdfff8;
const SITE = [MOVE_AT_RA, JAL, PUSH];
const LONG_SITE = [0x3c030000, 0x24630000, MOVE_AT_RA, 0x00006025, 0x0060f809, PUSH];
const far = (offset: number, symbol = "far") => ({ offset, type: R_MIPS_26, symbol });
const mcount = (offset: number) => far(offset, "_mcount");

interface Case {
  readonly text: readonly number[];
  readonly relocations?: SectionSpec["relocations"];
  readonly sections?: readonly SectionSpec[];
  readonly symbols?: readonly SymbolSpec[];
  /** Size of the function that fills .text; 0: no function. */
  readonly covered?: number;
  readonly options?: MendOptions;
}

class Result {
  readonly mended: Mended;
  readonly elf: ElfObject;

  constructor(mended: Mended) {
    this.mended = mended;
    assert.ok(mended.file !== null, JSON.stringify(mended.report.refusals));
    this.elf = readElf(mended.file);
  }

  #section(name: string) {
    const section = this.elf.sections.find((one) => one.name === name);
    assert.ok(section !== undefined, name);
    return section;
  }

  words(name = ".text"): number[] {
    const words = contents(this.elf, this.#section(name));
    return Array.from({ length: words.size / 4 }, (_, index) => words.u32(4 * index));
  }

  /** `type symbol` by offset. */
  relocations(name = ".text"): Record<number, string> {
    const found: Record<number, string> = {};
    for (const table of relocationTables(this.elf)) {
      if (table.target.name !== name) continue;
      for (let index = 0; index < table.count; index++) {
        const symbol = this.elf.symbols[table.symbol(index)];
        const what = symbol?.name || this.elf.sections[symbol?.section ?? 0]?.name;
        found[table.offset(index)] = `${table.type(index)} ${what}`;
      }
    }
    return found;
  }

  symbol(name: string): [value: number, size: number] {
    const symbol = this.elf.symbols.find((one) => one.name === name);
    assert.ok(symbol !== undefined);
    return [symbol.value, symbol.size];
  }
}

function bytesOf(one: Case, endian: Endian): Uint8Array {
  const covered = one.covered ?? 4 * one.text.length;
  return writeModule({
    endian,
    sections: [code(one.text, one.relocations ?? []), ...(one.sections ?? [])],
    symbols: [
      ...(covered === 0 ? [] : [functionSymbol("f", 0, ".text", covered)]),
      ...(one.symbols ?? []),
      undefinedSymbol("far"),
      undefinedSymbol("_mcount"),
    ],
  });
}

const ORDERS = ["little", "big"] as const;

function mended(one: Case, check: (result: Result, endian: Endian) => void): void {
  for (const endian of ORDERS) {
    const result = new Result(mendModule(bytesOf(one, endian), one.options));
    assert.equal(result.mended.report.verdict, "mended");
    check(result, endian);
    const again = mendModule(result.mended.file as Uint8Array, one.options);
    assert.equal(again.report.verdict, "nothing", "idempotent");
  }
}

function refused(one: Case, place: string, reason: RegExp): void {
  for (const endian of ORDERS) {
    const { file, report } = mendModule(bytesOf(one, endian), one.options);
    assert.equal(file, null);
    assert.equal(report.verdict, "refused");
    const [first] = report.refusals;
    assert.equal(`${first?.section}+${first?.offset}`, place, JSON.stringify(report.refusals));
    assert.match(first?.reason ?? "", reason);
  }
}

suite("mending", () => {
  test("1: a call whose delay slot uses t9 goes through t8, one whose slot uses both through t7", () => {
    const call = (slot: number) => ({ text: [JAL, slot, JR_RA, NOP], relocations: [far(0)] });
    const through = (slot: number, register: number) =>
      mended(call(slot), (result) => {
        const [lui = 0, addiu = 0, jalr] = result.words();
        assert.equal((lui >>> 16) & 31, register);
        assert.equal(addiu >>> 16, (9 << 10) | (register << 5) | register);
        assert.equal(jalr, (register << 21) | 0xf809);
        assert.equal(result.words()[3], slot);
      });
    through(0x00402025, 25); // move a0,v0
    through(0x03202025, 24); // move a0,t9
    through(0x2419_0001 >>> 0, 24); // li t9,1
    through(0x03382021, 15); // addu a0,t9,t8
  });

  test("1: a j from .fixup through at is refused where its delay slot uses at", () => {
    const fixup = (slot: number): Case => ({
      text: [NOP, NOP, JR_RA, NOP],
      sections: [code([J, slot], [{ offset: 0, type: R_MIPS_26, symbol: "f" }], ".fixup")],
      options: { noJumps: true },
    });
    mended(
      { ...fixup(NOP), sections: [code([(J | 1) >>> 0, NOP], [far(0, "f")], ".fixup")] },
      (result) => {
        assert.deepEqual(result.words(".fixup"), [0x3c010000, 0x24210004, 0x00200008, NOP]);
        assert.deepEqual(result.relocations(".fixup"), { 0: "5 f", 4: "6 f" });
      },
    );
    refused(
      { ...fixup(NOP), sections: [code([(J | 1) >>> 0, 0x24210004], [far(0, "f")], ".fixup")] },
      ".fixup+0",
      /no register is free/,
    );
  });

  test("2: branches to a replaced jal, into its delay slot and over it", () => {
    const text = [0x10000003, NOP, JAL, NOP, 0x1000fffd, NOP, 0x1000fffc, NOP, 0x1000fffd, NOP];
    // 0: b 0x10; 0x10: b 8; 0x18: b 0xc; 0x20: b 0x18
    mended({ text, relocations: [far(8)] }, (result) => {
      const words = result.words();
      const target = (at: number) => at + 4 + 4 * (((words[at / 4] as number) << 16) >> 16);
      assert.equal(target(0), 0x18);
      assert.equal(target(0x18), 8); // the lui
      assert.equal(target(0x20), 0x14); // the delay slot behind the jalr
      assert.equal(target(0x28), 0x20);
    });
  });

  test("2: a branch into the middle of a site is refused", () => {
    refused(
      { text: [...SITE, 0x1000fffd, NOP], relocations: [mcount(4)] },
      ".text+12",
      /middle of a piece that is replaced/,
    );
  });

  /** lui/addiu of .text + addend, in a section of its own. */
  const pair = (addend: number): number[] => [
    (0x3c020000 | (((addend + 0x8000) >>> 16) & 0xffff)) >>> 0,
    (0x24420000 | (addend & 0xffff)) >>> 0,
  ];
  const pairAt = (words: readonly number[], high: number, low: number): number =>
    (((words[high] as number) << 16) + (((words[low] as number) << 16) >> 16)) >>> 0;

  test("3: a LO16 without a HI16 before it belongs to a pair with the same lower half", () => {
    const addend = 0x9004;
    const [high = 0, low = 0] = pair(addend);
    const text = [JAL, NOP, ...new Array<number>(0x3000).fill(NOP)];
    const orphan = { offset: 8, type: R_MIPS_LO16, symbol: ".text" };
    const whole = [
      { offset: 0, type: R_MIPS_HI16, symbol: ".text" },
      { offset: 4, type: R_MIPS_LO16, symbol: ".text" },
    ];
    for (const relocations of [
      [...whole, orphan],
      [orphan, ...whole],
    ]) {
      mended(
        {
          text,
          relocations: [far(0)],
          sections: [code([high, low, low], relocations, ".text.other")],
        },
        (result) => {
          const words = result.words(".text.other");
          assert.equal(pairAt(words, 0, 1), addend + 8);
          assert.equal(words[2], words[1]);
        },
      );
    }
    refused(
      { text, relocations: [far(0)], sections: [code([high, low, low], [orphan], ".text.other")] },
      ".text.other+8",
      /which address it means is not clear/,
    );
  });

  test("4: growth that carries over bit 15 changes the HI16 too", () => {
    const text = [JAL, NOP, ...new Array<number>(0x3000).fill(NOP)];
    for (const addend of [0x7ff4, 0x7ff8, 0x7ffc, 0x8000, 8]) {
      const other = code(
        pair(addend),
        [
          { offset: 0, type: R_MIPS_HI16, symbol: ".text" },
          { offset: 4, type: R_MIPS_LO16, symbol: ".text" },
        ],
        ".text.other",
      );
      mended({ text, relocations: [far(0)], sections: [other] }, (result) => {
        assert.equal(pairAt(result.words(".text.other"), 0, 1), addend + 8);
      });
    }
  });

  test("5: pointers in tables are adjusted, by section symbol and by function", () => {
    const text = [JAL, NOP, JR_RA, NOP];
    const table = data(
      [8, 0, 4],
      [
        { offset: 0, type: R_MIPS_32, symbol: ".text" },
        { offset: 4, type: R_MIPS_32, symbol: ".text" },
        { offset: 8, type: R_MIPS_32, symbol: "f" },
      ],
    );
    mended({ text, relocations: [far(0)], sections: [table] }, (result) => {
      assert.deepEqual(result.words(".data"), [16, 0, 12]);
    });
  });

  test("6: a pointer to the section's end stays one, a pointer past it is refused", () => {
    const at = (word: number) => ({
      text: [JAL, NOP],
      relocations: [far(0)],
      sections: [data([word], [{ offset: 0, type: R_MIPS_32, symbol: ".text" }])],
    });
    mended(at(8), (result) => assert.deepEqual(result.words(".data"), [16]));
    refused(at(12), ".data+0", /outside of the code/);
  });

  test("7: a branch that no longer reaches is refused, a bal within the module becomes long", () => {
    const middle = new Array<number>(0x7ffd).fill(NOP);
    const text = [0x10007fff, NOP, JAL, ...middle, NOP, JR_RA, NOP];
    refused({ text, relocations: [far(8)] }, ".text+0", /farther than 128 KiB/);
    mended(
      {
        text: [JAL, NOP, JAL, ...middle, JR_RA, NOP],
        relocations: [{ offset: 0, type: R_MIPS_26, symbol: "g" }, far(8)],
        symbols: [functionSymbol("g", 0x20000, ".text", 8)],
        options: { noJumps: true },
      },
      (result) => {
        assert.deepEqual(result.words().slice(0, 4), [0x3c010000, 0x24210000, 0x0020f809, NOP]);
        assert.deepEqual(
          result.mended.report.changes.map(({ kind, register }) => [kind, register]),
          [
            ["call", "at"],
            ["call", "t9"],
          ],
        );
      },
    );
  });

  test("8: core and init code call each other without a jump that may not reach", () => {
    mended(
      {
        text: [JAL, NOP, JR_RA, NOP],
        relocations: [far(0, "g")],
        sections: [code([JAL, NOP, J, NOP], [far(0, "f"), far(8, "f")], ".init.text")],
        symbols: [functionSymbol("g", 0, ".init.text", 16)],
      },
      (result) => {
        assert.deepEqual(result.words(), [0x3c010000, 0x24210000, 0x0020f809, NOP, JR_RA, NOP]);
        assert.deepEqual(
          result.words(".init.text").slice(0, 3),
          [0x3c010000, 0x24210000, 0x0020f809],
        );
        assert.deepEqual(
          result.words(".init.text").slice(4, 7),
          [0x3c010000, 0x24210000, 0x00200008],
        );
        assert.deepEqual(result.relocations(".init.text"), {
          0: "5 f",
          4: "6 f",
          16: "5 f",
          20: "6 f",
        });
      },
    );
  });

  test("9, 13: a site without a table gets one, a lost site is added; exit code has none", () => {
    mended(
      {
        text: [...SITE, JR_RA, NOP],
        relocations: [mcount(4)],
        sections: [
          code([NOP, ...SITE], [mcount(8)], ".init.text"),
          code([...SITE, JR_RA, NOP], [mcount(4)], ".exit.text"),
        ],
        symbols: [
          functionSymbol("i", 0, ".init.text", 16),
          functionSymbol("e", 0, ".exit.text", 20),
        ],
      },
      (result) => {
        assert.deepEqual(result.words().slice(0, 6), LONG_SITE);
        assert.deepEqual(result.words("__mcount_loc"), [0, 4]);
        assert.deepEqual(result.relocations("__mcount_loc"), { 0: "2 .text", 4: "2 .init.text" });
        assert.deepEqual(result.words(".exit.text"), [JR_RA, NOP]);
      },
    );
    const listed: SectionSpec = {
      name: "__mcount_loc",
      flags: READ_ONLY,
      words: [4],
      relocations: [{ offset: 0, type: R_MIPS_32, symbol: ".text" }],
    };
    mended(
      {
        text: [...SITE, JR_RA, NOP, ...SITE],
        relocations: [mcount(4), mcount(24)],
        sections: [listed],
        covered: 20,
        symbols: [functionSymbol("g", 20, ".text", 12)],
      },
      (result) => {
        assert.deepEqual(result.words("__mcount_loc"), [0, 32]);
        assert.deepEqual(
          result.mended.report.changes.map(({ newlyListed }) => newlyListed),
          [false, true],
        );
      },
    );
  });

  test("10: a listed site that is no call of _mcount is refused", () => {
    const listed: SectionSpec = {
      name: "__mcount_loc",
      flags: READ_ONLY,
      words: [8],
      relocations: [{ offset: 0, type: R_MIPS_32, symbol: ".text" }],
    };
    refused(
      { text: [...SITE, JR_RA, NOP], relocations: [mcount(4)], sections: [listed] },
      ".text+8",
      /no call of _mcount is there/,
    );
  });

  test("11: t4 is the offset where the prologue saved ra: s8, two adjustments, large frames, leaves", () => {
    const t4 = (prologue: readonly number[], wanted: readonly number[], listed: number) =>
      mended(
        {
          text: [...prologue, ...SITE, JR_RA, NOP],
          relocations: [mcount(4 * prologue.length + 4)],
        },
        (result) => {
          const start = prologue.length + wanted.length - 1;
          assert.deepEqual(result.words().slice(0, start), [...prologue, ...wanted.slice(0, -1)]);
          assert.deepEqual(result.words().slice(start, start + 6), [
            ...LONG_SITE.slice(0, 3),
            wanted.at(-1),
            ...LONG_SITE.slice(4),
          ]);
          assert.deepEqual(result.words("__mcount_loc"), [listed]);
        },
      );
    const LEAF = 0x00006025;
    t4([], [LEAF], 0);
    t4([0x27bdfff0, 0xafb00008], [LEAF], 8); // a leaf with a frame that saves s0
    t4([0x27bdffe8, 0xafbf0014], [0x27ac0014], 8);
    t4([0x27bdffe8, 0xafbf0014, 0xafbe0010, 0x03a0f025], [0x27ac0014], 16); // move s8,sp
    t4([0x27bdffe8, 0xafbf0014, 0x27bdff00], [0x27ac0114], 12); // sp is lowered a second time
    // lui t0,1; subu sp,sp,t0 after the store: 0x10014 above sp.
    t4([0x27bdffe8, 0xafbf0014, 0x3c080001, 0x03a8e823], [0x3c0c0001, 0x358c0014, 0x019d6021], 24);
    refused(
      { text: [0x27bdffe8, 0xafbf0014, 0x03a8e823, ...SITE], relocations: [mcount(16)] },
      ".text+16",
      /can't be read from its prologue/,
    );
  });

  test("12: an -O0 site becomes the six words of -O2", () => {
    mended(
      { text: [MOVE_AT_RA, 0x27ac0014, PUSH, JAL, NOP, JR_RA, NOP], relocations: [mcount(12)] },
      (result) => {
        assert.deepEqual(result.words().slice(0, 6), [
          ...LONG_SITE.slice(0, 3),
          0x27ac0014,
          ...LONG_SITE.slice(4),
        ]);
      },
    );
  });

  test("14: a call of a weak symbol is mended, with a note on the result", () => {
    mended(
      {
        text: [JAL, NOP, JR_RA, NOP],
        relocations: [far(0, "maybe")],
        symbols: [{ name: "maybe", section: 0, binding: STB_WEAK }],
      },
      (result) =>
        assert.ok(result.mended.report.notes.some((note) => /maybe is a weak symbol/.test(note))),
    );
  });

  test("15: a function with a clobber list of its own is called through at, which its delay slot may write", () => {
    mended(
      {
        text: [JAL, 0x00a60821, JR_RA, NOP], // addu at,a1,a2
        relocations: [far(0, "__copy_user")],
        symbols: [undefinedSymbol("__copy_user")],
      },
      (result) =>
        assert.deepEqual(
          result.words().slice(0, 4),
          [0x3c010000, 0x24210000, 0x0020f809, 0x00a60821],
        ),
    );
    refused(
      {
        text: [JAL, 0x00222021, JR_RA, NOP], // addu a0,at,v0
        relocations: [far(0, "__copy_user")],
        symbols: [undefinedSymbol("__copy_user")],
      },
      ".text+0",
      /no register is free/,
    );
  });

  test("16: symbols' values and sizes are adjusted; a symbol inside a replaced piece is refused", () => {
    const text = [...SITE, JAL, NOP, JR_RA, NOP, NOP, JR_RA, NOP];
    const relocations = [mcount(4), far(12)];
    mended(
      { text, relocations, covered: 28, symbols: [functionSymbol("g", 28, ".text", 12)] },
      (result) => {
        assert.deepEqual(result.symbol("f"), [0, 48]);
        assert.deepEqual(result.symbol("g"), [48, 12]);
      },
    );
    refused(
      {
        text,
        relocations,
        symbols: [{ name: "in", value: 8, section: ".text", binding: STB_LOCAL, type: STT_FUNC }],
      },
      ".text+8",
      /begins or ends in the middle/,
    );
  });

  test("17: a word outside every function that looks like a branch is refused when it would change", () => {
    const text = [JAL, NOP, JR_RA, NOP, 0x1000fffb, NOP];
    refused({ text, relocations: [far(0)], covered: 16 }, ".text+16", /in no function/);
    // Its distance stays the same, or its target is outside the section: it is left alone.
    for (const word of [0x10000000, 0x10007000]) {
      const same = [...text.slice(0, 4), word, NOP];
      mended({ text: same, relocations: [far(0)], covered: 16 }, (result) => {
        assert.equal(result.words()[6], word);
      });
    }
  });

  test("18: the report says that alignments and label differences can't be checked", () => {
    mended({ text: [JAL, NOP], relocations: [far(0)] }, (result) =>
      assert.ok(
        result.mended.report.notes.some((note) =>
          /more than 4 bytes.*differences of two labels/.test(note),
        ),
      ),
    );
  });

  test("19: pointers in debugging sections move to the nearest place, and a note says what is wrong then", () => {
    const debug: SectionSpec = {
      name: ".debug_line",
      flags: 0,
      words: [0, 4, 8, 16],
      relocations: [0, 4, 8, 12].map((offset) => ({ offset, type: R_MIPS_32, symbol: ".text" })),
    };
    const one = { text: [...SITE, JR_RA, NOP], relocations: [mcount(4)], sections: [debug] };
    mended(one, (result) => {
      assert.deepEqual(result.words(".debug_line"), [0, 0, 0, 28]);
      assert.ok(result.mended.report.notes.some((note) => note.includes("--strip-debug")));
    });
  });

  test("20: a signature is removed from a changed file and stays on an unchanged one", () => {
    const record = new Uint8Array(12);
    record[2] = 2;
    record[11] = 5;
    const trailer = [new Uint8Array(5), record, Buffer.from("~Module signature appended~\n")];
    const signed = (one: Case) => Buffer.concat([bytesOf(one, "little"), ...trailer]);
    const plain = signed({ text: [JR_RA, NOP] });
    assert.equal(mendModule(plain).file, plain);
    const { file, report } = mendModule(signed({ text: [JAL, NOP], relocations: [far(0)] }));
    assert.equal(report.signatureDropped, 5 + 12 + 28);
    assert.ok(!Buffer.from(file ?? []).includes("signature appended"));
  });

  test("21, 22: sections without bytes keep their size, alignments are kept, code stays whole words", () => {
    const bss: SectionSpec = { name: ".bss", type: 8, flags: 3, size: 4096, alignment: 64 };
    const wide = data([1, 2], [], ".data.wide");
    mended(
      { text: [JAL, NOP], relocations: [far(0)], sections: [bss, { ...wide, alignment: 64 }] },
      ({ elf }) => {
        const section = (name: string) => elf.sections.find((one) => one.name === name);
        assert.equal(section(".bss")?.size, 4096);
        assert.equal((section(".data.wide")?.offset ?? 1) % 64, 0);
        for (const { flags, size } of elf.sections)
          if ((flags & CODE) === CODE) assert.equal(size % 4, 0);
      },
    );
  });

  test("23: a mended file has nothing to mend, with the same options, and stays as it is", () => {
    const names = ["jal2009", "shapes_jal", "frames_jal", "init_jal", "optimize0_jal", "lost"];
    for (const name of names) {
      for (const endian of ORDERS) {
        const bytes = readFileSync(repositoryFile(`test/modules/built/${name}-${endian}.ko`));
        for (const options of [{}, { noJumps: true }, { sites: "remove" } as const]) {
          const { file } = mendModule(bytes, options);
          assert.ok(file !== null);
          assert.notDeepEqual(file, bytes, name);
          const again = mendModule(file, options);
          assert.equal(again.report.verdict, "nothing", name);
          assert.equal(again.file, file);
        }
      }
    }
  });

  test("24: in-place fields are in the file's byte order", () => {
    const bytes = (endian: Endian) =>
      mendModule(bytesOf({ text: [JAL, NOP], relocations: [far(0)] }, endian)).file as Uint8Array;
    for (const endian of ORDERS) {
      const elf = readElf(bytes(endian));
      const text = elf.sections.find(({ name }) => name === ".text");
      const raw = elf.bytes.subarray(text?.offset, (text?.offset ?? 0) + 4);
      assert.deepEqual([...raw], endian === "big" ? [0x3c, 0x19, 0, 0] : [0, 0, 0x19, 0x3c]);
      assert.equal(new Words(raw, endian).u32(0), 0x3c190000);
    }
  });

  test("26: a 64-bit module is returned unchanged, or refused by name with its reason", () => {
    for (const endian of ORDERS) {
      const verdict = (name: string) =>
        mendModule(readFileSync(repositoryFile(`test/modules/built64/${name}-${endian}.ko`)))
          .report;
      for (const name of ["modern", "full", "init", "composite"]) {
        assert.equal(verdict(name).verdict, "nothing", name);
      }
      const { verdict: end, refusals } = verdict("jal");
      assert.equal(end, "refused");
      assert.equal(refusals.filter(({ symbol }) => symbol === "_mcount").length, 10);
      for (const { reason } of refusals) assert.match(reason, /64-bit module/);
    }
  });

  test("a static key's site becomes a branch of one word, and is refused where that can't be", () => {
    const keys = data(
      [0, 16, 0],
      [0, 4, 8].map((offset) => ({ offset, type: R_MIPS_32, symbol: ".text" })),
      "__jump_table",
    );
    const key = (symbol: string, sections: readonly SectionSpec[] = []) => ({
      text: [J, NOP, JAL, NOP, JR_RA, NOP],
      relocations: [{ offset: 0, type: R_MIPS_26, symbol }, far(8)],
      sections: [keys, ...sections],
      symbols: [functionSymbol("target", 16)],
      options: { noJumps: true },
    });
    mended(key("target"), (result) => {
      assert.equal(result.words()[0], 0x10000005);
      assert.deepEqual(result.words("__jump_table"), [0, 24, 0]);
    });
    const cold = code([JR_RA, NOP], [], ".text.unlikely");
    refused(key(".text.unlikely", [cold]), ".text+0", /static key's site.*another section/);
  });

  test("two relocations on a jump, a jump in a delay slot, and jumps that can't be mended are refused", () => {
    refused(
      { text: [JAL, NOP], relocations: [far(0), { offset: 0, type: R_MIPS_32, symbol: "far" }] },
      ".text+0",
      /more than one relocation/,
    );
    refused({ text: [0x10000002, JAL, NOP, NOP], relocations: [far(4)] }, ".text+4", /delay slot/);
    refused({ text: [JAL, JAL, NOP], relocations: [far(0)] }, ".text+0", /another jump or branch/);
    refused({ text: [JAL], relocations: [far(0)] }, ".text+0", /behind the section's end/);
    refused({ text: [0x74000000, NOP], relocations: [far(0)] }, ".text+0", /jalx/);
    refused({ text: [NOP, NOP], relocations: [far(0)] }, ".text+0", /neither j nor jal/);
    refused(
      {
        text: [...SITE],
        relocations: [far(4, "_mcount"), { offset: 8, type: R_MIPS_LO16, symbol: "far" }],
      },
      ".text+4",
      /another relocation/,
    );
    refused(
      { text: [JAL, NOP, J, NOP], relocations: [far(0)], options: { noJumps: true } },
      ".text+8",
      /no relocation/,
    );
    refused(
      {
        text: [JAL, NOP, 0x10000000, NOP],
        relocations: [far(0), { offset: 8, type: R_MIPS_PC16, symbol: ".text" }],
      },
      ".text+8",
      /R_MIPS_PC16/,
    );
    refused(
      {
        text: [(JAL | 4) >>> 0, PUSH, MOVE_AT_RA, (JAL | 4) >>> 0, PUSH],
        relocations: [mcount(12)],
      },
      ".text+12",
      /behind _mcount/,
    );
  });

  test("sites are removed with their table on request", () => {
    const listed: SectionSpec = {
      name: "__mcount_loc",
      flags: READ_ONLY,
      words: [4],
      relocations: [{ offset: 0, type: R_MIPS_32, symbol: ".text" }],
    };
    const long = LONG_SITE.slice();
    mended(
      {
        text: [...SITE, JR_RA, NOP, ...long, JR_RA, NOP],
        relocations: [
          mcount(4),
          { offset: 20, type: R_MIPS_HI16, symbol: "_mcount" },
          { offset: 24, type: R_MIPS_LO16, symbol: "_mcount" },
        ],
        sections: [listed],
        options: { sites: "remove" },
      },
      (result) => {
        assert.deepEqual(result.words(), [JR_RA, NOP, JR_RA, NOP]);
        assert.deepEqual(result.words("__mcount_loc"), []);
        assert.deepEqual(result.relocations(), {});
      },
    );
  });
});
