// Tests verdicts on small modules, each with one thing that doesn't fit, and with several at once: the kind, the symbol,
// the kernel's line and what differs.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { R_MIPS_26 } from "../../assembly/shared/relocation-types.ts";
import { SHF_ALLOC } from "../../src/elf/numbers.ts";
import { judge } from "../../src/fits/judge.ts";
import { importDifferences } from "../../src/fits/kernel-difference.ts";
import { factsOf, type ModuleFacts } from "../../src/fits/module-facts.ts";
import type { Verdict } from "../../src/fits/reason.ts";
import { Target, type TargetParts } from "../../src/fits/target.ts";
import { magicDifference } from "../../src/fits/vermagic.ts";
import { Misuse } from "../../src/index.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { profileFor, type RuleChoice } from "../../src/kernel/rules/profile.ts";
import { readModule } from "../../src/module/file/file.ts";
import {
  code,
  functionSymbol,
  type ModuleSpec,
  modinfo,
  undefinedSymbol,
  VERMAGIC,
  writeModule,
} from "../support/module-writer.ts";
import { exported, kernelWith } from "./kernels.ts";

const BASE = 0xc0000000;
const LAYOUT = exported("module_layout");

function verdict(
  spec: ModuleSpec,
  kernel: Kernel,
  {
    rules = {},
    ...more
  }: Partial<Pick<TargetParts, "own" | "others">> & { rules?: RuleChoice } = {},
): Verdict {
  const target = new Target({ name: "vmlinuz", kernel, own: [], others: [], ...more });
  const file = readModule(writeModule(spec), { profileOf: () => profileFor(rules, kernel, null) });
  return judge(file, target, { base: BASE, path: "dull.ko" });
}

const facts = (spec: ModuleSpec): ModuleFacts => factsOf(readModule(writeModule(spec)));
const kinds = ({ reasons }: Verdict) => reasons.map(({ kind, symbol }) => [kind, symbol]);
const lines = ({ reasons }: Verdict) => reasons.flatMap(({ dmesg }) => dmesg);
const importing = (...names: readonly string[]): ModuleSpec => ({
  symbols: names.map(undefinedSymbol),
});

suite("a module fits", () => {
  test("when the kernel exports what it imports", () => {
    const { fits, needs, imports } = verdict(importing("a"), kernelWith([exported("a")]));
    assert.deepEqual([fits, needs, imports], [true, [], [{ symbol: "a", from: "kernel" }]]);
  });

  test("when another module exports it, which is then named", () => {
    const other = { name: "giver", symbols: [functionSymbol("give")], sections: [code([0, 0])] };
    const others = [facts({ ...other, exports: [{ name: "give" }] })];
    const { fits, needs } = verdict(importing("give"), kernelWith([]), { others });
    assert.deepEqual([fits, needs], [true, ["giver"]]);
  });

  test("with a weak import that nothing exports, which is noted", () => {
    const spec = { symbols: [{ name: "maybe", section: 0, binding: 2 }] };
    const { fits, notes } = verdict(spec, kernelWith([]));
    assert.equal(fits, true);
    assert.match(notes.join(), /nothing exports the weak maybe/);
  });

  test("with another release, if both have checksums, which is noted", () => {
    const spec = {
      versions: { module_layout: LAYOUT.crc ?? 0 },
      modinfo: modinfo("dull").map((line) => line.replace("6.1.0-50", "6.1.0-47")),
    };
    const { fits, notes } = verdict(spec, kernelWith([LAYOUT]));
    assert.equal(fits, true);
    assert.match(notes.join(), /for 6\.1\.0-47-4kc-malta and the kernel is 6\.1\.0-50-4kc-malta/);
  });
});

suite("a module doesn't fit", () => {
  test("and every reason is given, in the order of kinds", () => {
    const spec: ModuleSpec = {
      name: "dull",
      modinfo: [
        "license=Proprietary",
        "name=dull",
        `vermagic=${VERMAGIC.replace("SMP ", "SMP preempt ")}`,
        "livepatch=Y",
      ],
      versions: { module_layout: 1, old: 2, spaced: 3 },
      symbols: ["gone", "old", "ours", "spaced", "unlisted"].map(undefinedSymbol),
    };
    const kernel = kernelWith([
      LAYOUT,
      exported("old", { crc: 0x22 }),
      exported("ours", { gplOnly: true }),
      exported("spaced", { crc: 3, namespace: "SPACE" }),
      exported("unlisted", { crc: 4 }),
    ]);
    const found = verdict(spec, kernel);
    assert.equal(found.fits, false);
    assert.deepEqual(kinds(found), [
      ["rule", null],
      ["vermagic", null],
      ["checksum", "module_layout"],
      ["checksum", "old"],
      ["checksum", "unlisted"],
      ["missing-symbol", "gone"],
      ["gpl-only", "ours"],
      ["namespace", "spaced"],
    ]);
    // Each line as Linux 6.1 prints it (kernel/module/main.c, version.c).
    assert.deepEqual(lines(found), [
      "dull: module is marked as livepatch module, but livepatch support is disabled",
      `dull: version magic '${VERMAGIC.replace("SMP ", "SMP preempt ")}' should be '${VERMAGIC}'`,
      "dull: disagrees about version of symbol module_layout",
      "dull: disagrees about version of symbol old",
      "dull: Unknown symbol old (err -22)",
      "dull: no symbol version for unlisted",
      "dull: Unknown symbol unlisted (err -22)",
      "dull: Unknown symbol gone (err -2)",
      "dull: Unknown symbol ours (err -2)",
      "dull: module uses symbol (spaced) from namespace SPACE, but does not import it.",
      "dull: Unknown symbol spaced (err -22)",
    ]);
    for (const { text, dmesg, explanation, remedy } of found.reasons) {
      assert.equal(text, [...dmesg, explanation].join("; "));
      assert.notEqual(remedy, "");
    }
    const old = found.reasons.find(({ symbol }) => symbol === "old");
    assert.match(old?.explanation ?? "", /built with 0x00000002 for old, .*kernel has 0x00000022/);
  });

  test("when one import has two faults, and both are given", () => {
    const spec = { ...importing("a"), versions: { module_layout: LAYOUT.crc ?? 0, a: 1 } };
    const kernel = kernelWith([LAYOUT, exported("a", { crc: 2, namespace: "N" })]);
    assert.deepEqual(kinds(verdict(spec, kernel)), [
      ["checksum", "a"],
      ["namespace", "a"],
    ]);
  });

  test("when the kernel exports what it exports itself", () => {
    const spec = {
      symbols: [functionSymbol("give")],
      sections: [code([0, 0])],
      exports: [{ name: "give" }],
    };
    const found = verdict(spec, kernelWith([exported("give")]));
    assert.deepEqual(kinds(found), [["rule", "give"]]);
    assert.deepEqual(lines(found), ["dull: exports duplicate symbol give (owned by kernel)"]);
  });

  test("when its struct module is another than that of the kernel's modules", () => {
    const shape = { size: 0x340, init: 0xc8, exit: 0x328 };
    const own = [{ ...facts({ name: "other" }), shape }];
    const spec: ModuleSpec = {
      functions: ["init_module", "cleanup_module"],
      symbols: [functionSymbol("init_module"), functionSymbol("cleanup_module")],
      sections: [code([0, 0])],
    };
    const found = verdict(spec, kernelWith([]), { own });
    assert.deepEqual(kinds(found), [["struct-module", null]]);
    assert.match(
      found.reasons[0]?.explanation ?? "",
      /as other shows it: it has 576 bytes in the module and 832 in the kernel; exit is at \+0x210 in the module and at \+0x328/,
    );
    // What most modules have counts, each member by itself, and the others are named.
    const [other] = own as [ModuleFacts];
    const odd = { ...other, name: "odd", shape: { size: 0x240, init: null, exit: null } };
    const tree = [odd, { ...other, shape: { ...shape, exit: null } }, { ...other, name: "third" }];
    assert.match(
      verdict(spec, kernelWith([]), { own: tree }).reasons[0]?.explanation ?? "",
      /as 2 of 3 modules show it: it has 576 bytes in the module and 832 in the kernel; exit is at \+0x210/,
    );
    const target = new Target({ name: "vmlinuz", kernel: kernelWith([]), own: tree, others: [] });
    assert.deepEqual(target.notes, [
      "struct module has 832 bytes in 2 of 3 modules, and another size in odd (576)",
    ]);
    // Modules of other releases show nothing about this kernel.
    const strange = own.map((one) => ({ ...one, vermagic: VERMAGIC.replace("6.1", "6.2") }));
    assert.equal(verdict(spec, kernelWith([]), { own: strange }).fits, true);
  });

  test("when it has the other byte order or class", () => {
    const [order] = verdict({ endian: "big" }, kernelWith([])).reasons;
    assert.deepEqual([order?.kind, order?.dmesg], ["rule", ["Invalid ELF header type: 256 != 1"]]);
    const [bits] = verdict({}, kernelWith([], { bits: 64 })).reasons;
    assert.deepEqual(
      [bits?.kind, bits?.dmesg],
      ["rule", ["Invalid architecture in ELF header: 8"]],
    );
  });

  test("when a jump doesn't reach, also where the kernel's file has no addresses", () => {
    const jumps = [0, 4, 8].map((offset) => ({ offset, type: R_MIPS_26, symbol: "far" }));
    const spec = {
      sections: [code([0x0c000000, 0x0c000000, 0x0c000000, 0], jumps)],
      symbols: [undefinedSymbol("far")],
    };
    for (const address of [0x80200000, null]) {
      const found = verdict(spec, kernelWith([exported("far", { address })]));
      assert.deepEqual(kinds(found), [["far-jump", "far"]]);
      assert.deepEqual(lines(found), ["module dull: relocation overflow"]);
      assert.match(found.reasons[0]?.explanation ?? "", /^3 jumps to far, the first at \.text/);
    }
    // From one module to another in the same region it reaches.
    const giver = { ...facts({ name: "giver" }) };
    const far = { name: "far", gpl: false, crc: null, namespace: null };
    const others = [{ ...giver, exports: [far] }];
    assert.equal(verdict(spec, kernelWith([]), { others }).fits, true);
  });
});

suite("the kernel's rules decide", () => {
  const shape = { size: 0x2c0, init: 0xc4, exit: 0x28c };
  const own = [{ ...facts({ name: "other" }), shape }];

  test("whether Linux says that struct module has another size, since 6.4", () => {
    for (const [release, wanted] of [
      ["6.1", []],
      [
        "6.12",
        [
          "module dull: .gnu.linkonce.this_module section size must match the kernel's built struct module size at run time",
        ],
      ],
    ] as const) {
      const found = verdict({}, kernelWith([]), { own, rules: { release } });
      assert.deepEqual([kinds(found), lines(found)], [[["struct-module", null]], wanted]);
    }
  });

  test("whether an import without a record in __versions is refused", () => {
    const spec = { ...importing("a"), versions: { module_layout: LAYOUT.crc ?? 0 } };
    const kernel = kernelWith([LAYOUT, exported("a", { crc: 2 })]);
    assert.deepEqual(kinds(verdict(spec, kernel)), [["checksum", "a"]]);
    const rules = { rules: { V20: "accept" } } as const;
    assert.equal(verdict(spec, kernel, { rules }).fits, true);
  });

  test("whether version magics are compared, and far jumps refused: OpenWrt's loader does neither", () => {
    const jumps = [{ offset: 0, type: R_MIPS_26, symbol: "far" }];
    const spec: ModuleSpec = {
      modinfo: modinfo("dull").map((line) => line.replace("6.1.0", "5.15.1")),
      sections: [code([0x0c000000, 0], jumps)],
      symbols: [undefinedSymbol("far")],
    };
    const kernel = kernelWith([exported("far")]);
    assert.deepEqual(kinds(verdict(spec, kernel)), [
      ["vermagic", null],
      ["far-jump", "far"],
    ]);
    const { fits, notes } = verdict(spec, kernel, { rules: { release: "5.15", set: "openwrt" } });
    assert.equal(fits, true);
    assert.match(
      notes.join(),
      /doesn't compare version magics .*; the module is for|: the module is for/,
    );
    assert.match(notes.join(), /slots for the far jumps to far/);
  });
});

test("two kernels differ in what they export to a module", () => {
  const file = readModule(writeModule(importing("same", "gone", "moved", "ours", "typed")));
  const target = (exports: Parameters<typeof kernelWith>[0]) =>
    new Target({ name: "vmlinuz", kernel: kernelWith(exports), own: [], others: [] });
  const one = target([
    exported("same", { crc: 1 }),
    exported("gone"),
    exported("moved"),
    exported("ours"),
    exported("typed", { crc: 1 }),
  ]);
  const other = target([
    exported("same", { crc: 1 }),
    exported("moved", { namespace: "N" }),
    exported("ours", { gplOnly: true }),
    exported("typed", { crc: 2 }),
  ]);
  assert.deepEqual(importDifferences(file, one, other), [
    { what: "exported", symbol: "gone", kernel: "yes", against: "no" },
    { what: "namespace", symbol: "moved", kernel: "none", against: "N" },
    { what: "gpl-only", symbol: "ours", kernel: "no", against: "yes" },
    { what: "checksum", symbol: "typed", kernel: "0x00000001", against: "0x00000002" },
  ]);
});

test("the rules that a module meets are those that differ from its own release's and concern it", () => {
  const met = (
    spec: ModuleSpec,
    release = "6.18",
    exports: Parameters<typeof kernelWith>[0] = [],
  ) =>
    verdict(spec, kernelWith(exports), { rules: { release, set: "mainline" } }).rules.map(
      ({ rule }) => rule,
    );
  const plain = ["L1", "L2"];
  const vermagic = `vermagic=${VERMAGIC}`;
  assert.deepEqual(met({}), plain);
  assert.deepEqual(met({}, "6.1"), []);
  assert.deepEqual(met({ ...importing("a"), versions: { a: 1 } }), plain);
  assert.deepEqual(met({ ...importing("a"), versions: {} }), [...plain, "V20"]);
  assert.deepEqual(met({ modinfo: ["license=GPL", "name=dull", vermagic] }), [...plain, "V21"]);
  const blob = { modinfo: ["license=Proprietary", "intree=Y", "name=dull", vermagic] };
  assert.deepEqual(met(blob), [...plain, "V21", "V22"]);
  const crcs = { name: "__version_ext_crcs", flags: SHF_ALLOC, bytes: new Uint8Array(0) };
  const names = { ...crcs, name: "__version_ext_names" };
  assert.deepEqual(met({ sections: [crcs, names] }), [...plain, "V30"]);
  assert.deepEqual(met({ modinfo: modinfo("dull", "import_ns=module:n") }), [...plain, "V31"]);
  const inner = exported("inner", { namespace: "module:dull" });
  assert.deepEqual(met(importing("inner"), "6.18", [inner]), [...plain, "V31"]);
  assert.deepEqual(met({ modinfo: modinfo("dull", "test=Y") }, "5.15"), ["F15"]);
  const [first] = verdict({}, kernelWith([]), { rules: { release: "6.18" } }).rules;
  assert.deepEqual(first, {
    rule: "L1",
    what: "the memories of a module",
    kernel: "seven",
    against: "two",
  });
});

suite("a missing symbol is explained", () => {
  const reason = (found: Verdict) => found.reasons[0];

  test("by a dependency whose file is missing", () => {
    const spec = { ...importing("give"), modinfo: modinfo("dull", "depends=giver") };
    const depends = spec.modinfo.filter((line) => line !== "depends=");
    const found = reason(verdict({ ...spec, modinfo: depends }, kernelWith([])));
    assert.match(found?.explanation ?? "", /depends on giver, and no such file was found/);
    assert.match(found?.remedy ?? "", /--modules DIR/);
  });

  test("by a module that exports it, but is for another kernel", () => {
    const giver = facts({ name: "giver" });
    const exports = [{ name: "give", gpl: false, crc: null, namespace: null }];
    const others = [{ ...giver, exports, vermagic: "5.10.0 mod_unload MIPS32_R1 32BIT " }];
    const found = reason(verdict(importing("give"), kernelWith([]), { others }));
    assert.equal(found?.kind, "missing-symbol");
    assert.match(found?.explanation ?? "", /giver exports give, but is a module for 5\.10\.0/);
  });
});

suite("a kernel whose version magic is unknown", () => {
  const unknown = kernelWith([], { release: null, vermagic: null, source: "Module.symvers" });

  test("takes it from its own modules", () => {
    const other = modinfo("dull").map((line) => line.replace("6.1.0", "6.2.0"));
    const found = verdict({ modinfo: other }, unknown, { own: [facts({ name: "x" })] });
    assert.deepEqual(kinds(found), [["vermagic", null]]);
  });

  test("is not guessed from modules of two releases", () => {
    const own = [VERMAGIC, VERMAGIC.replace("6.1", "6.2")].map((vermagic) => ({
      ...facts({}),
      vermagic,
    }));
    assert.throws(
      () => verdict({}, unknown, { own }),
      (error) =>
        error instanceof Misuse && /two releases, 6\.1\.0-50.* and 6\.2\.0/.test(error.message),
    );
  });

  test("is noted without them", () => {
    const target = new Target({ name: "Module.symvers", kernel: unknown, own: [], others: [] });
    assert.match(target.notes.join(), /Module\.symvers doesn't say its version magic/);
  });
});

test("version magics are compared word by word", () => {
  const kernel = "6.1.0 SMP preempt mod_unload MIPS32_R2 32BIT ";
  for (const [module, says] of [
    [
      "6.1.1 SMP preempt mod_unload MIPS32_R2 32BIT ",
      "the module is for 6.1.1, and the kernel is 6.1.0",
    ],
    [
      "6.1.0 SMP mod_unload MIPS32_R2 32BIT ",
      "the kernel has preempt (CONFIG_PREEMPT), the module doesn't",
    ],
    [
      "6.1.0 SMP preempt mod_unload extra MIPS32_R2 32BIT ",
      "the module has extra, the kernel doesn't",
    ],
    [
      "6.1.0 SMP preempt mod_unload MIPS32_R1 32BIT ",
      "the module is built for MIPS32_R1, and the kernel for MIPS32_R2",
    ],
    [
      "6.1.0 SMP preempt mod_unload MIPS64_R2 64BIT ",
      "the module is built for MIPS64_R2, and the kernel for MIPS32_R2; the module is built for 64BIT, and the kernel for 32BIT",
    ],
    [
      "6.1.0 SMP preempt  mod_unload MIPS32_R2 32BIT ",
      "the words are the same, in another order or spacing",
    ],
  ] as const) {
    assert.equal(magicDifference(module, kernel, true), says);
  }
});
