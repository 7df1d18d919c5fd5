import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  R_MIPS_26,
  R_MIPS_32,
  R_MIPS_HI16,
  R_MIPS_LO16,
  R_MIPS_PC16,
} from "../../assembly/relocation-types.ts";
import { SHN_ABS, SHN_COMMON, SHT_NOBITS, SHT_RELA, STB_WEAK } from "../../src/elf/numbers.ts";
import type { Endian } from "../../src/elf/object.ts";
import { readModule } from "../../src/module/file.ts";
import type { Export } from "../../src/module/host.ts";
import { type LoadOptions, loadModule } from "../../src/module/load.ts";
import { freeInit, type LoadedModule, unloadModule } from "../../src/module/loaded.ts";
import type { RelocationSpec, SectionSpec } from "../support/elf-writer.ts";
import { TestHost, type TestHostOptions } from "../support/module-host.ts";
import {
  code,
  DATA,
  data,
  functionSymbol,
  type ModuleSpec,
  modinfo,
  READ_ONLY,
  undefinedSymbol,
  VERMAGIC,
  writeModule,
} from "../support/module-writer.ts";
import { refusal, refusedAs } from "../support/refusal.ts";

const ORDERS: readonly Endian[] = ["little", "big"];
const MCOUNT = { name: "_mcount", address: 0x801156a0, crc: 0x9514151a };
const LAYOUT = { name: "module_layout", address: 0x80400000, crc: 0x2154240b };
const PRINTK = { name: "_printk", address: 0x80b0bdb8, crc: 0x92997ed8 };
const BASE = 0xc0017000;

type Options = TestHostOptions & Partial<LoadOptions>;

function load(spec: ModuleSpec, options: Options = {}, host = new TestHost(options)): LoadedModule {
  const { base = BASE, initBase, farJumps = "refuse" } = options;
  return loadModule(readModule(writeModule(spec)), host, { base, initBase, farJumps });
}

/** Loads, and asserts that nothing stays allocated when that is refused. */
function refused(spec: ModuleSpec, options: Options = {}) {
  const host = new TestHost(options);
  const error = refusal(() => load(spec, options, host));
  assert.equal(host.allocations, 0);
  return error;
}

function refusedWith(
  spec: ModuleSpec,
  options: Options,
  errno: Export["name"] | null,
  ...dmesg: string[]
) {
  const error = refused(spec, options);
  assert.deepEqual([error.errno, error.dmesg], [errno, dmesg]);
  return error.explanation;
}

for (const endian of ORDERS) {
  suite(`a good module, ${endian}-endian`, () => {
    const spec: ModuleSpec = {
      endian,
      name: "good",
      sections: [
        code(
          [0x3c020000, 0x8c420000, 0x0c000000, 0x00000000],
          [
            { offset: 0, type: R_MIPS_HI16, symbol: ".data" },
            { offset: 4, type: R_MIPS_LO16, symbol: ".data" },
            { offset: 8, type: R_MIPS_26, symbol: ".text" },
          ],
        ),
        code([0x03e00008, 0], [], ".init.text"),
        data([0x11, 4], [{ offset: 4, type: R_MIPS_32, symbol: "outside" }]),
        { name: ".bss", flags: DATA, type: SHT_NOBITS, size: 32 },
      ],
      symbols: [
        functionSymbol("run"),
        functionSymbol("init_module", 0, ".init.text"),
        undefinedSymbol("outside"),
        { name: "fixed", section: SHN_ABS, value: 0x1234 },
      ],
      functions: ["init_module"],
      exports: [{ name: "run", gpl: true, crc: 99, namespace: "N" }],
    };
    const host = new TestHost({ endian });
    host.provide({ name: "outside", address: 0x80200000 });
    const module = load(spec, { initBase: 0xc0031000 }, host);
    const address = (name: string) => module.sections.find((s) => s.name === name)?.address ?? 0;

    test("lies where its blocks were asked for, relocated", () => {
      assert.deepEqual([module.core.base, module.init.base], [BASE, 0xc0031000]);
      assert.equal(address(".text"), BASE);
      const at = address(".data");
      assert.deepEqual(host.words(BASE, 4), [
        (0x3c020000 | ((at + 0x8000) >>> 16)) >>> 0,
        (0x8c420000 | (at & 0xffff)) >>> 0,
        (0x0c000000 | ((BASE >>> 2) & 0x03ffffff)) >>> 0,
        0,
      ]);
      assert.deepEqual(host.words(at, 2), [0x11, 0x80200004]);
      assert.deepEqual(host.words(address(".bss"), 8), new Array(8).fill(0));
    });

    test("tells its symbols, functions, imports and exports", () => {
      const run = module.symbols.find(({ name }) => name === "run");
      assert.deepEqual([run?.address, run?.size, run?.section.name], [BASE, 8, ".text"]);
      assert.equal(
        module.symbols.some(({ name }) => name === "fixed" || name === "outside"),
        false,
      );
      assert.deepEqual([module.initFunction, module.exitFunction], [0xc0031000, null]);
      assert.deepEqual([...module.imports.keys()], ["outside"]);
      assert.deepEqual(module.exports, [
        {
          name: "run",
          address: BASE,
          crc: 99,
          gpl: true,
          namespace: "N",
          owner: { name: "good", proprietary: false },
        },
      ]);
      assert.deepEqual(module.dmesg, []);
    });

    test("has its symbol tables in memory, as kallsyms reads them", () => {
      const core = host.read(module.core.base, module.core.size) ?? new Uint8Array(0);
      const tail = Buffer.from(core.subarray(core.length - 7)).toString("latin1");
      assert.equal(tail, "\0run\0Ut");
      const index = module.file.elf.symbols.findIndex(({ name }) => name === "outside");
      const symtab = module.init.base + 8;
      assert.equal(host.words(symtab + 16 * index + 4, 1)[0], 0x80200000);
    });

    test("gives its memory back: init first, then the rest", () => {
      freeInit(module, host);
      assert.equal(host.read(0xc0031000, 4), undefined);
      assert.ok(host.read(BASE, 4));
      unloadModule(module, host, true);
      assert.equal(host.allocations, 0);
    });
  });
}

test("without bases the first free pages are taken, init after core and a guard page", () => {
  const host = new TestHost();
  const sections = [code([0, 0]), code([0], [], ".init.text")];
  const first = loadModule(readModule(writeModule({ name: "a", sections })), host, {
    farJumps: "refuse",
  });
  const second = loadModule(readModule(writeModule({ name: "b", sections })), host, {
    farJumps: "refuse",
  });
  assert.deepEqual(
    [first, second].flatMap(({ core, init }) => [core.base, init.base]),
    [0xc0000000, 0xc0002000, 0xc0004000, 0xc0006000],
  );
});

suite("symbols", () => {
  test("every unknown one is named, the last error counts", () => {
    const symbols = [
      undefinedSymbol("one"),
      { name: "shared", section: SHN_COMMON, value: 4, size: 4 },
      { name: "__gnu_lto_slim", section: SHN_COMMON },
      { name: "weak", section: 0, binding: STB_WEAK },
      undefinedSymbol("two"),
    ];
    const why = refusedWith(
      { name: "m", symbols, modinfo: [...modinfo("m"), "depends=base"] },
      {},
      "ENOENT",
      "m: Unknown symbol one (err -2)",
      "m: please compile with -fno-common",
      "m: Unknown symbol two (err -2)",
    );
    for (const name of ["one", "shared", "two"]) assert.match(why, new RegExp(`\\b${name}\\b`));
    refusedWith(
      { name: "m", symbols: symbols.slice(0, 2) },
      {},
      "ENOEXEC",
      "m: Unknown symbol one (err -2)",
      "m: please compile with -fno-common",
    );
  });

  test("one of a section that isn't there", () => {
    const why = refusedWith(
      { name: "m", symbols: [{ name: "odd", section: 0x300 }] },
      {},
      "ENOEXEC",
      "m: Symbol odd has an invalid section index 768 (max 6)",
    );
    assert.match(why, /odd/);
  });

  test("a weak undefined one is 0 through HI16 and LO16, and overflows through jal", () => {
    const symbols = [{ name: "maybe", section: 0, binding: STB_WEAK }];
    const pair = code(
      [0x3c020000, 0x24420000],
      [
        { offset: 0, type: R_MIPS_HI16, symbol: "maybe" },
        { offset: 4, type: R_MIPS_LO16, symbol: "maybe" },
      ],
    );
    const host = new TestHost();
    load({ symbols, sections: [pair] }, {}, host);
    assert.deepEqual(host.words(BASE, 2), [0x3c020000, 0x24420000]);
    const call = code([0x0c000000], [{ offset: 0, type: R_MIPS_26, symbol: "maybe" }]);
    for (const farJumps of ["refuse", "trampoline"] as const) {
      const why = refusedWith(
        { name: "w", symbols, sections: [call] },
        { farJumps },
        "ENOEXEC",
        "module w: relocation overflow",
      );
      assert.match(why, /weak/);
    }
  });

  test("a value in the errno range: weak is left out, strong is unknown", () => {
    const jump = (binding: number): ModuleSpec => ({
      name: "relt",
      symbols: [{ name: "absbad", section: SHN_ABS, value: 0xfffff100, binding }],
      sections: [
        data(
          [5, 6],
          [
            { offset: 0, type: R_MIPS_32, symbol: "absbad" },
            { offset: 4, type: R_MIPS_32, symbol: ".data" },
          ],
        ),
      ],
    });
    const why = refusedWith(jump(1), {}, "ENOENT", "relt: Unknown symbol absbad");
    assert.match(why, /0xfffff100/);
    const host = new TestHost();
    const module = load(jump(STB_WEAK), {}, host);
    const address = module.sections.find(({ name }) => name === ".data")?.address ?? 0;
    assert.deepEqual(host.words(address, 2), [5, address + 6]);
  });

  test("per-CPU symbols count from the module's own area, which holds the file's bytes", () => {
    const host = new TestHost();
    const perCpu: SectionSpec = { name: ".data..percpu", flags: DATA, words: [7, 8] };
    const user = data([0], [{ offset: 0, type: R_MIPS_32, symbol: "counter" }]);
    const module = load(
      {
        sections: [perCpu, user],
        symbols: [{ name: "counter", section: ".data..percpu", value: 4 }],
      },
      {},
      host,
    );
    const area = module.perCpu?.base ?? 0;
    const at = module.sections.find(({ name }) => name === ".data")?.address ?? 0;
    assert.deepEqual(host.words(at, 1), [area + 4]);
    assert.deepEqual(host.words(area, 2), [7, 8]);
    unloadModule(module, host, false);
    assert.equal(host.allocations, 0);
  });
});

suite("what the kernel asks before it loads", () => {
  const kernel = { vermagic: VERMAGIC, exports: [LAYOUT, PRINTK, MCOUNT] };
  const uses = { name: "greet", symbols: [undefinedSymbol("_printk")] };
  const good = { module_layout: LAYOUT.crc, _printk: PRINTK.crc };
  const unsigned =
    "greet: module verification failed: signature and/or required key missing - tainting kernel";

  test("a module of the other byte order", () => {
    for (const endian of ORDERS) {
      const other = endian === "little" ? "big" : "little";
      refusedWith({ endian }, { endian: other }, "ENOEXEC", "Invalid ELF header type: 256 != 1");
    }
  });

  test("checksums that fit load, unsigned with one line, once", () => {
    const host = new TestHost(kernel);
    assert.deepEqual(load({ ...uses, versions: good }, {}, host).dmesg, [unsigned]);
    assert.deepEqual(
      load({ ...uses, name: "again", versions: good }, { base: 0xc0100000 }, host).dmesg,
      [],
    );
  });

  test("another struct module", () => {
    refusedWith(
      { ...uses, versions: { ...good, module_layout: 1 } },
      kernel,
      "ENOEXEC",
      "greet: disagrees about version of symbol module_layout",
    );
    refusedWith(
      { ...uses, versions: {} },
      kernel,
      "ENOEXEC",
      "greet: no symbol version for module_layout",
    );
  });

  test("another checksum, or none, for a symbol", () => {
    refusedWith(
      { ...uses, versions: { ...good, _printk: 1 } },
      kernel,
      "EINVAL",
      unsigned,
      "greet: disagrees about version of symbol _printk",
      "greet: Unknown symbol _printk (err -22)",
    );
    refusedWith(
      { ...uses, versions: { module_layout: LAYOUT.crc } },
      kernel,
      "EINVAL",
      unsigned,
      "greet: no symbol version for _printk",
      "greet: Unknown symbol _printk (err -22)",
    );
  });

  test("no checksums at all: loaded by force, said once", () => {
    assert.deepEqual(load(uses, kernel).dmesg, ["greet: module_layout: kernel tainted.", unsigned]);
  });

  test("an exporter without a checksum takes any", () => {
    const exports = [
      { ...LAYOUT, crc: null },
      { ...PRINTK, crc: null },
    ];
    const module = load({ ...uses, versions: {} }, { ...kernel, exports });
    assert.deepEqual(module.dmesg, [unsigned]);
  });

  test("the version magic, without the release when there are checksums", () => {
    const magic = (text: string) => ({
      ...uses,
      modinfo: ["license=GPL", "name=greet", "intree=Y", `vermagic=${text}`],
    });
    const otherRelease = VERMAGIC.replace("-50-", "-49-");
    assert.ok(load({ ...magic(otherRelease), versions: good }, kernel));
    refusedWith(
      magic(otherRelease),
      kernel,
      "ENOEXEC",
      "greet: module_layout: kernel tainted.",
      `greet: version magic '${otherRelease}' should be '${VERMAGIC}'`,
    );
    const preempt = VERMAGIC.replace("SMP", "SMP preempt");
    refusedWith(
      { ...magic(preempt), versions: good },
      kernel,
      "ENOEXEC",
      `greet: version magic '${preempt}' should be '${VERMAGIC}'`,
    );
    assert.ok(
      load({ ...magic("anything") }, { exports: [PRINTK] }),
      "an unknown kernel has no magic",
    );
  });

  test("no version magic: loaded by force", () => {
    const module = load(
      { ...uses, versions: good, modinfo: ["license=GPL", "name=greet"] },
      kernel,
    );
    assert.deepEqual(module.dmesg, [
      "greet: bad vermagic: kernel tainted.",
      "greet: loading out-of-tree module taints kernel.",
      unsigned,
    ]);
  });

  test("vermagic beats symbols, symbols beat relocation, relocation beats duplicate exports", () => {
    const bad: ModuleSpec = {
      name: "m",
      modinfo: ["license=GPL", "name=m", "intree=Y", "vermagic=no"],
      sections: [code([0x0c000000], [{ offset: 0, type: R_MIPS_26, symbol: "_mcount" }])],
      symbols: [undefinedSymbol("_mcount"), undefinedSymbol("nobody"), functionSymbol("_printk")],
      exports: [{ name: "_printk" }],
    };
    const lab = { exports: [PRINTK, MCOUNT] };
    assert.match(refused(bad, { ...lab, vermagic: VERMAGIC }).dmesg.at(-1) ?? "", /version magic/);
    assert.match(refused(bad, lab).dmesg.at(-1) ?? "", /Unknown symbol nobody/);
    const known = { exports: [...lab.exports, { name: "nobody" }] };
    assert.match(refused(bad, known).dmesg.at(-1) ?? "", /relocation overflow/);
    assert.equal(
      refused(bad, { ...known, farJumps: "trampoline" }).dmesg.at(-1),
      "m: exports duplicate symbol _printk (owned by kernel)",
    );
  });

  test("a name that is taken, or an export of another module's", () => {
    const host = new TestHost();
    const spec: ModuleSpec = {
      name: "first",
      sections: [code([0, 0])],
      symbols: [functionSymbol("open")],
      exports: [{ name: "open" }],
    };
    host.keep(load(spec, {}, host));
    const base = { base: 0xc0100000 };
    assert.equal(refusal(() => load(spec, base, host)).errno, "EEXIST");
    refusedAs(
      () => load({ ...spec, name: "second" }, base, host),
      "ENOEXEC",
      "second: exports duplicate symbol open (owned by first)",
    );
  });

  test("licenses: GPL-only symbols are invisible to others, and the taint is told once", () => {
    const proprietary = [
      ...modinfo("blob").filter((text) => !text.startsWith("license")),
      "license=Secret",
    ];
    const spec = { name: "blob", modinfo: proprietary, symbols: [undefinedSymbol("helper")] };
    const line = "blob: module license 'Secret' taints kernel.";
    assert.deepEqual(load(spec, { exports: [{ name: "helper" }] }).dmesg, [line]);
    refusedWith(
      spec,
      { exports: [{ name: "helper", gpl: true }] },
      "ENOENT",
      line,
      "blob: Unknown symbol helper (err -2)",
    );
    const gpl = { name: "free", symbols: [undefinedSymbol("helper")] };
    assert.deepEqual(load(gpl, { exports: [{ name: "helper", gpl: true }] }).dmesg, []);
  });

  test("a proprietary module's symbols taint their users, and GPL-only users can't have them", () => {
    const owner = { name: "blob", proprietary: true };
    const exports = [
      { name: "secret", owner },
      { name: "helper", gpl: true },
    ];
    const module = load({ name: "user", symbols: [undefinedSymbol("secret")] }, { exports });
    assert.equal(module.proprietary, true);
    assert.deepEqual(module.dmesg, [
      "user: module uses symbols secret from proprietary module blob, inheriting taint.",
    ]);
    refusedWith(
      { name: "user", symbols: [undefinedSymbol("helper"), undefinedSymbol("secret")] },
      { exports },
      "ENOENT",
      "user: module using GPL-only symbols uses symbols secret from proprietary module blob.",
      "user: Unknown symbol secret (err -2)",
    );
  });

  test("namespaces must be imported", () => {
    const exports = [{ name: "inner", namespace: "BOX" }];
    const spec = { name: "user", symbols: [undefinedSymbol("inner")] };
    refusedWith(
      spec,
      { exports },
      "EINVAL",
      "user: module uses symbol (inner) from namespace BOX, but does not import it.",
      "user: Unknown symbol inner (err -22)",
    );
    assert.ok(load({ ...spec, modinfo: modinfo("user", "import_ns=BOX") }, { exports }));
  });

  test("staging, test and out-of-tree modules say so", () => {
    const module = load({
      name: "odd",
      modinfo: ["name=odd", "license=GPL", "staging=Y", "test=Y"],
    });
    assert.deepEqual(module.dmesg, [
      "odd: loading out-of-tree module taints kernel.",
      "odd: module is from the staging directory, the quality is unknown, you have been warned.",
      "odd: loading test module taints kernel.",
    ]);
  });

  test("a plain object is asked nothing of the kind", () => {
    const bytes = writeModule({
      modinfo: [],
      noThisModule: true,
      sections: [code([0])],
      symbols: [undefinedSymbol("_printk"), undefinedSymbol("inner")],
    });
    const host = new TestHost({
      ...kernel,
      exports: [LAYOUT, { ...PRINTK, gpl: true }, { name: "inner", namespace: "BOX" }],
    });
    const module = loadModule(readModule(bytes, { object: true }), host, { farJumps: "refuse" });
    assert.deepEqual([module.name, module.dmesg, module.initFunction], ["module", [], null]);
  });
});

suite("relocation errors, in the kernel's words", () => {
  const bad = (
    words: readonly number[],
    relocations: readonly RelocationSpec[],
    more: Partial<ModuleSpec> = {},
  ): ModuleSpec => ({
    name: "relt",
    sections: [code(words, relocations)],
    symbols: [
      { name: "odd", section: SHN_ABS, value: 0x801156a2 },
      { name: "far", section: SHN_ABS, value: 0x801156a0 },
    ],
    ...more,
  });

  test("R_MIPS_26 to another region names the site, the symbol, both regions and the way out", () => {
    const why = refusedWith(
      bad([0, 0x0c000000], [{ offset: 4, type: R_MIPS_26, symbol: "far" }]),
      {},
      "ENOEXEC",
      "module relt: relocation overflow",
    );
    for (const part of [
      ".text+0x00000004",
      "0xc0017004",
      "far",
      "0x801156a0",
      "0xc0000000",
      "0x80000000",
      "trampolines would mend it: 1 for 1 far jump of relt",
    ]) {
      assert.ok(why.includes(part), `${part} in: ${why}`);
    }
  });

  test("a misaligned far symbol is dangerous, not far", () => {
    for (const farJumps of ["refuse", "trampoline"] as const) {
      refusedWith(
        bad([0x0c000000], [{ offset: 0, type: R_MIPS_26, symbol: "odd" }]),
        { farJumps },
        "ENOEXEC",
        "module relt: dangerous R_MIPS_26 relocation",
      );
    }
  });

  test("branches", () => {
    for (const [type, bits] of [
      [R_MIPS_PC16, 16],
      [60, 21],
      [61, 26],
    ] as const) {
      refusedWith(
        bad([0x10000000], [{ offset: 0, type, symbol: "odd" }]),
        {},
        "ENOEXEC",
        `module relt: dangerous R_MIPS_PC${bits} relocation`,
      );
      refusedWith(
        bad([0x10000000], [{ offset: 0, type, symbol: "far" }]),
        {},
        "ENOEXEC",
        "module relt: relocation overflow",
      );
    }
  });

  test("LO16 of another address, HI16 alone (silent), also across sections", () => {
    refusedWith(
      bad(
        [0x3c020000, 0x24420000],
        [
          { offset: 0, type: R_MIPS_HI16, symbol: "far" },
          { offset: 4, type: R_MIPS_LO16, symbol: "odd" },
        ],
      ),
      {},
      "ENOEXEC",
      "module relt: dangerous R_MIPS_LO16 relocation",
    );
    const high: RelocationSpec = { offset: 0, type: R_MIPS_HI16, symbol: "far" };
    const low: RelocationSpec = { offset: 0, type: R_MIPS_LO16, symbol: "far" };
    const why = refusedWith(bad([0x3c020000], [high]), {}, "ENOEXEC");
    assert.match(why, /R_MIPS_HI16/);
    const split = [code([0x3c020000], [high]), code([0x24420000], [low], ".text.b")];
    refusedWith(bad([], [], { sections: split }), {}, "ENOEXEC");
    assert.ok(load(bad([0x24420000], [low])));
  });

  test("types the kernel doesn't know, and 64-bit ones", () => {
    for (const type of [7, 37, 248, 255]) {
      refusedWith(
        bad([0], [{ offset: 0, type, symbol: "far" }]),
        {},
        "EINVAL",
        `relt: Unknown relocation type ${type}`,
      );
    }
    for (const type of [18, 28, 29]) {
      refusedWith(bad([0], [{ offset: 0, type, symbol: "far" }]), {}, "EINVAL");
    }
  });

  test("relocations with addends", () => {
    const rela = {
      ...code([0], [{ offset: 0, type: R_MIPS_32, symbol: "far" }]),
      relocationType: SHT_RELA,
    };
    refusedWith(
      bad([], [], { sections: [rela] }),
      {},
      "ENOEXEC",
      "module relt: REL relocation unsupported",
    );
    const dropped = { ...rela, name: ".pdr", flags: 0 };
    assert.ok(
      load(bad([], [], { sections: [dropped] })),
      "of a section that isn't loaded don't matter",
    );
  });

  test("damage that Linux wouldn't see", () => {
    for (const offset of [1, 4, 0xfffffffc]) {
      const why = refusedWith(
        bad([0], [{ offset, type: R_MIPS_32, symbol: "far" }]),
        {},
        "ENOEXEC",
      );
      assert.match(why, /outside the section/);
    }
    const why = refusedWith(
      bad([0], [{ offset: 0, type: R_MIPS_32, symbol: 9999 }]),
      {},
      "ENOEXEC",
    );
    assert.match(why, /symbol 9999/);
  });

  test("relocations of dropped sections are not applied", () => {
    const unknown: RelocationSpec[] = [{ offset: 0, type: 255, symbol: "far" }];
    const dropped: SectionSpec[] = [
      { name: ".pdr", words: [0], relocations: unknown },
      { name: "__versions", flags: READ_ONLY, bytes: new Uint8Array(64), relocations: unknown },
      { name: ".data..percpu", flags: DATA, words: [0], relocations: unknown },
    ];
    assert.ok(load(bad([0], [], { sections: dropped })));
  });
});

suite("after relocation", () => {
  for (const endian of ORDERS) {
    test(`the exception table is sorted by address, ${endian}-endian`, () => {
      const host = new TestHost({ endian });
      const pairs = [8, 0x100, 0, 0x200, 4, 0x300];
      const module = load(
        {
          endian,
          sections: [
            code([0, 0, 0]),
            {
              name: "__ex_table",
              flags: READ_ONLY,
              words: pairs,
              relocations: pairs.map((_, index) => ({
                offset: 4 * index,
                type: R_MIPS_32,
                symbol: ".text",
              })),
            },
          ],
        },
        {},
        host,
      );
      const table = module.sections.find(({ name }) => name === "__ex_table")?.address ?? 0;
      assert.deepEqual(
        host.words(table, 6).map((word) => word - BASE),
        [0, 0x200, 4, 0x300, 8, 0x100],
      );
    });

    test(`static keys' sites that start as no jump become nops, ${endian}-endian`, () => {
      const BRANCH = 0x10000001; // b to the next instruction but one, as arch_static_branch() leaves it
      const JUMP = 0x08000008;
      const jumpsTo = (JUMP & 0xfc000000) | (((BASE >>> 2) & 0x03ffffff) + 8);
      // A key's offset in .data, and the branch in bit 0; undefined for a key in the kernel.
      const FALSE = 0;
      const TRUE = 8;
      const cases: readonly (readonly [site: number, key: number | undefined, becomes: number])[] =
        [
          [BRANCH, FALSE, 0],
          [JUMP, FALSE + 1, jumpsTo],
          [BRANCH, TRUE + 1, 0],
          [JUMP, TRUE, jumpsTo],
          [JUMP, FALSE, 0], // the key decides, not the site
          [BRANCH, FALSE + 1, BRANCH],
          [BRANCH, undefined, 0],
          [JUMP, undefined, jumpsTo],
        ];
      const host = new TestHost({ endian, exports: [{ name: "kernel_key", address: 0xdeadb000 }] });
      const jumps = cases.flatMap(([site], index) =>
        site === JUMP ? [{ offset: 8 * index, type: R_MIPS_26, symbol: ".text" }] : [],
      );
      const spec: ModuleSpec = {
        endian,
        sections: [
          code(
            cases.flatMap(([site]) => [site, 0]),
            jumps,
          ),
          data([0, 0, 1, 1]),
          data(
            cases.flatMap(([, key], index) => [8 * index, 0, key ?? 0]),
            cases.flatMap(([, key], index) => [
              { offset: 12 * index, type: R_MIPS_32, symbol: ".text" },
              { offset: 12 * index + 4, type: R_MIPS_32, symbol: ".text" },
              {
                offset: 12 * index + 8,
                type: R_MIPS_32,
                symbol: key === undefined ? "kernel_key" : ".data",
              },
            ]),
            "__jump_table",
          ),
        ],
        symbols: [undefinedSymbol("kernel_key")],
      };
      load(spec, {}, host);
      const words = host.words(BASE, 2 * cases.length).filter((_, index) => index % 2 === 0);
      assert.deepEqual(
        words,
        cases.map(([, , becomes]) => becomes),
      );
    });

    test(`call sites are read after relocation: sorted, zeros left out, ${endian}-endian`, () => {
      const module = load(
        {
          endian,
          sections: [
            code(new Array<number>(16).fill(0), [
              { offset: 40, type: R_MIPS_26, symbol: "_mcount" },
            ]),
            code([0, 0], [], ".init.text"),
            data(
              [32, 0, 4, 8],
              [0, 8, 12].map((offset) => ({
                offset,
                type: R_MIPS_32,
                symbol: offset === 12 ? ".text" : offset === 8 ? ".init.text" : ".text",
              })),
              "__mcount_loc",
            ),
          ],
          symbols: [{ name: "_mcount", section: SHN_ABS, value: 0xc0000000 }],
        },
        { endian, initBase: 0xc0031000 },
      );
      assert.deepEqual(module.sites, [
        { address: BASE + 8, block: "core", recorded: true },
        { address: BASE + 32, block: "core", recorded: true },
        { address: BASE + 40, block: "core", recorded: false },
        { address: 0xc0031004, block: "init", recorded: true },
      ]);
    });
  }
});
