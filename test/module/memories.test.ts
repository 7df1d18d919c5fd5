// Tests the memories of a module since Linux 6.4: which section goes where, sizes, addresses, and far jumps between
// them. The list of sections is that of a module of ours as built against 6.12.117; the sizes are those that the running
// kernel gave it, big-endian, 32-bit.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { R_MIPS_26 } from "../../assembly/shared/relocation-types.ts";
import { SHF_RO_AFTER_INIT, SHF_WRITE, SHT_NOBITS } from "../../src/elf/numbers.ts";
import { Misuse } from "../../src/errors.ts";
import { profileFor } from "../../src/kernel/rules/profile.ts";
import { type ModuleFile, readModule } from "../../src/module/file/file.ts";
import { layOut } from "../../src/module/layout/layout.ts";
import { loadModule, planModule } from "../../src/module/load.ts";
import { freeInit, unloadModule } from "../../src/module/loaded.ts";
import type { SectionSpec } from "../support/elf-writer.ts";
import { TestHost } from "../support/module-host.ts";
import {
  CODE,
  code,
  DATA,
  functionSymbol,
  type ModuleSpec,
  READ_ONLY,
  undefinedSymbol,
  writeModule,
} from "../support/module-writer.ts";
import { refusal } from "../support/refusal.ts";

const BASE = 0xc0000000;
const PAGE = 0x1000;
const JAL = 0x0c000000;

function bytes(name: string, flags: number, size: number, alignment: number): SectionSpec {
  return { name, flags, alignment, bytes: new Uint8Array(size) };
}

function read(spec: ModuleSpec, release = "6.12.117"): ModuleFile {
  return readModule(writeModule(spec), { profileOf: () => profileFor({ release }, null, null) });
}

/** Name, flags, size, alignment; where it is in memory. */
const MEASURED: readonly (readonly [string, number, number, number, string])[] = [
  [".note.gnu.build-id", READ_ONLY, 0x24, 4, "rodata 0"],
  [".note.Linux", READ_ONLY, 0x30, 4, "rodata 24"],
  [".text", CODE, 0x400, 16, "text 0"],
  [".exit.text", CODE, 0x1c, 4, "text 400"],
  [".init.text", CODE, 0x74, 4, "init_text 0"],
  ["__ksymtab", READ_ONLY, 0xc, 4, "rodata 54"],
  ["__ksymtab_gpl", READ_ONLY, 0x18, 4, "rodata 60"],
  [".reginfo", READ_ONLY, 0x18, 4, "rodata 78"],
  [".MIPS.abiflags", READ_ONLY, 0x18, 8, "rodata 90"],
  [".rodata.str1.4", READ_ONLY, 0x54, 4, "rodata a8"],
  ["__param", READ_ONLY, 0x3c, 4, "rodata fc"],
  [".rodata", READ_ONLY, 0x50, 16, "rodata 140"],
  [".init.rodata", READ_ONLY, 0xc, 4, "init_rodata 0"],
  ["__mcount_loc", READ_ONLY, 0x20, 4, "rodata 190"],
  ["__ksymtab_strings", READ_ONLY, 0x1d, 1, "rodata 1b0"],
  ["__jump_table", DATA, 0xc, 8, "ro_after_init 0"],
  [".data", DATA, 0x10, 16, "data 0"],
  [".exit.data", DATA, 0x4, 4, "data 10"],
  [".init.data", DATA, 0x8, 4, "init_data 0"],
  [".data..ro_after_init", DATA, 0x4, 4, "ro_after_init c"],
  [".gnu.linkonce.this_module", DATA, 0x2c0, 64, "data 40"],
  [".bss", DATA, 0x10, 16, "data 300"],
];
const measured = (): ModuleSpec => ({
  noThisModule: true,
  sections: MEASURED.map(([name, flags, size, alignment]) =>
    name === ".bss"
      ? { name, flags, alignment, type: SHT_NOBITS, size }
      : bytes(name, flags, size, alignment),
  ),
});

suite("the memories since 6.4", () => {
  test("hold the sections of each kind, as in the live kernel", () => {
    const { sections, blocks, kallsyms } = layOut(read(measured()));
    const of = new Map(
      [...sections.values()].map(({ section, block, offset }) => [
        section.name,
        `${block} ${offset.toString(16)}`,
      ]),
    );
    for (const [name, , , , where] of MEASURED) assert.equal(of.get(name), where, name);
    const sizes = [
      blocks.text,
      blocks.rodata,
      blocks.ro_after_init,
      blocks.init_text,
      blocks.init_rodata,
    ];
    assert.deepEqual(
      sizes.map((block) => block?.size),
      [1052, 461, 16, 116, 12],
    );
    // DATA ends with the reduced symbol table, INIT_DATA with the whole one.
    assert.deepEqual(kallsyms.blocks, { core: "data", init: "init_data" });
    assert.equal(kallsyms.core.symtab, 0x310);
    assert.equal(kallsyms.init.symtab, 8);
    assert.equal(of.get(".symtab"), "init_data 8");
    assert.deepEqual(Object.keys(blocks), [
      ...["text", "data", "rodata", "ro_after_init", "init_text", "init_data", "init_rodata"],
    ]);
  });

  test("an init section that is read-only after init goes to init's data", () => {
    const flags = DATA | SHF_RO_AFTER_INIT;
    const { sections } = layOut(read({ sections: [bytes(".init.once", flags, 4, 4)] }));
    assert.equal(sections.get(1)?.block, "init_data");
    const { sections: unwritable } = layOut(
      read({ sections: [bytes(".init.once", flags & ~SHF_WRITE, 4, 4)] }),
    );
    assert.equal(unwritable.get(1)?.block, "init_rodata");
  });

  test("are whole pages, each with a guard page, at the first free addresses in the kernel's order", () => {
    const host = new TestHost();
    const module = loadModule(read(measured()), host, { farJumps: "refuse" });
    assert.deepEqual(
      module.memories,
      ["text", "data", "rodata", "ro_after_init", "init_text", "init_data", "init_rodata"].map(
        (type, index) => ({ type, base: BASE + 2 * PAGE * index, size: PAGE }),
      ),
    );
    assert.deepEqual([module.core, module.init], Array(2).fill({ base: 0, size: 0 }));
    // A hole that is large enough is used, whatever is above it.
    freeInit(module, host);
    const second = loadModule(read({ ...measured(), name: "second" }), host, {
      farJumps: "refuse",
    });
    const bases = second.memories.map(({ base }) => (base - BASE) / PAGE);
    assert.deepEqual(bases, [8, 10, 12, 14, 16, 18, 20]);
    unloadModule(module, host, true);
    unloadModule(second, host, false);
    assert.equal(host.allocations, 0);
  });

  test("have the given addresses, in any order, and the others the first free ones", () => {
    const host = new TestHost();
    const place = { text: 0xc0300000, data: BASE, init_data: 0xc0200000 };
    const module = loadModule(read(measured()), host, { farJumps: "refuse", place });
    const bases = new Map<string, number>(module.memories.map(({ type, base }) => [type, base]));
    assert.deepEqual(Object.fromEntries(bases), {
      ...place,
      rodata: BASE + 2 * PAGE,
      ro_after_init: BASE + 4 * PAGE,
      init_text: BASE + 6 * PAGE,
      init_rodata: BASE + 8 * PAGE,
    });
    for (const [name, , , , where] of MEASURED) {
      const [block = "", offset = ""] = where.split(" ");
      const section = module.sections.find((one) => one.name === name);
      assert.equal(section?.address, (bases.get(block) ?? 0) + Number.parseInt(offset, 16), name);
    }
  });

  test("addresses that contradict the kernel or each other are told in one sentence", () => {
    const place = (placing: object, release?: string) => () =>
      loadModule(read(measured(), release), new TestHost(), { farJumps: "refuse", ...placing });
    const blocks = "text, data, rodata, ro_after_init, init_text, init_data, init_rodata";
    for (const [run, message] of [
      [
        place({ place: { core: BASE } }),
        `this kernel gives a module no core memory, but ${blocks}`,
      ],
      [place({ initBase: BASE }), `this kernel gives a module no init memory, but ${blocks}`],
      [
        place({ place: { text: BASE } }, "6.1"),
        "this kernel gives a module no text memory, but core, init",
      ],
      [place({ base: BASE, place: { text: 0xc0100000 } }), "the text block has two addresses"],
      [place({ initBase: BASE, place: { init: BASE } }, "6.1"), "the init block has two addresses"],
    ] as const) {
      assert.throws(run, (error) => error instanceof Misuse && error.message === message, message);
    }
    const overlapping = refusal(place({ place: { text: BASE, data: BASE } }));
    assert.equal(overlapping.errno, "ENOMEM");
  });

  test("a failed allocation frees what was allocated before it", () => {
    const host = new TestHost();
    const place = { text: BASE, init_rodata: BASE };
    const load = () => loadModule(read(measured()), host, { farJumps: "refuse", place });
    assert.equal(refusal(load).errno, "ENOMEM");
    assert.equal(host.allocations, 0);
  });
});

suite("far jumps between memories", () => {
  /** A function in .text and one in .init.text, each calling the other's and the kernel's. */
  const calls = (): ModuleSpec => ({
    sections: [
      code(
        [JAL, 0, JAL, 0],
        [
          { offset: 0, type: R_MIPS_26, symbol: "kernel" },
          { offset: 8, type: R_MIPS_26, symbol: "helper" },
        ],
      ),
      code(
        [JAL, 0, JAL, 0],
        [
          { offset: 0, type: R_MIPS_26, symbol: "kernel" },
          { offset: 8, type: R_MIPS_26, symbol: "work" },
        ],
        ".init.text",
      ),
    ],
    symbols: [
      undefinedSymbol("kernel"),
      functionSymbol("work", 0, ".text", 16),
      functionSymbol("helper", 0, ".init.text", 16),
    ],
  });
  const host = () => new TestHost({ exports: [{ name: "kernel", address: 0x80101234 }] });
  const planned = (place: Record<string, number>) =>
    planModule(read(calls()), host(), { place }).plan;

  test("init_text uses text's veneer in one region, never the other way round", () => {
    const plan = planned({ text: BASE, init_text: 0xc0100000 });
    assert.deepEqual(
      plan.trampolines.map(({ block, symbol, sites }) => [block, symbol, sites]),
      [["text", "kernel", [BASE, 0xc0100000]]],
    );
  });

  test("in two regions each has its own, and calls between them go through veneers too", () => {
    const plan = planned({ text: BASE, init_text: 0xd0000000 });
    assert.deepEqual(
      plan.trampolines.map(({ block, symbol }) => [block, symbol]),
      [
        ["text", "kernel"],
        ["text", "helper"],
        ["init_text", "kernel"],
        ["init_text", "work"],
      ],
    );
    assert.deepEqual(plan.refused, []);
  });

  test("a text memory across a line between two regions has veneers on both sides of it", () => {
    const words = new Array<number>((2 * PAGE) / 4).fill(0);
    words[0] = words[words.length - 2] = JAL;
    const spec: ModuleSpec = {
      sections: [
        code(words, [
          { offset: 0, type: R_MIPS_26, symbol: "kernel" },
          { offset: 4 * words.length - 8, type: R_MIPS_26, symbol: "kernel" },
        ]),
      ],
      symbols: [undefinedSymbol("kernel")],
    };
    const machine = host();
    const module = loadModule(read(spec), machine, {
      farJumps: "trampoline",
      place: { text: 0xcffff000 },
    });
    const regions = module.plan.trampolines.map(({ block, region }) => [block, region]);
    assert.deepEqual(regions, [
      ["text", 0xc0000000],
      ["text", 0xd0000000],
    ]);
    // The veneers made the memory larger: whole pages all the same.
    assert.deepEqual(module.memories[0], { type: "text", base: 0xcffff000, size: 3 * PAGE });
  });
});
