// Tests far jumps through the whole loader: refused as Linux refuses them, or mended by a plan that is applied as a
// whole.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { R_MIPS_26, R_MIPS_32 } from "../../assembly/shared/relocation-types.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { readModule } from "../../src/module/file/file.ts";
import { loadModule, planModule } from "../../src/module/load.ts";
import { unloadModule } from "../../src/module/loaded.ts";
import { TestHost } from "../support/module-host.ts";
import {
  code,
  data,
  functionSymbol,
  type ModuleSpec,
  undefinedSymbol,
  writeModule,
} from "../support/module-writer.ts";
import { refusal, refusedAs } from "../support/refusal.ts";

const BASE = 0xc0017000;
const ORDERS: readonly Endian[] = ["little", "big"];
const JAL = 0x0c000000;
const MCOUNT = { name: "_mcount", address: 0x801156a0 };
/** t9 loaded with 0x801156a0, and a jump through it. */
const VENEER = [0x3c198011, 0x273956a0, 0x03200008, 0];

function jal(address: number): number {
  return (JAL | ((address >>> 2) & 0x03ffffff)) >>> 0;
}

/** The modules of 2009: two functions and an init function that call _mcount by jal. */
function module2009(endian: Endian, more: ModuleSpec = {}): ModuleSpec {
  const prologue = [0x03e00825, JAL, 0x27bdfff8, 0x03e00008, 0];
  const call = (offset: number) => ({ offset, type: R_MIPS_26, symbol: "_mcount" });
  return {
    endian,
    name: "work",
    sections: [
      code([...prologue, ...prologue], [call(4), call(24)]),
      code(prologue, [call(4)], ".init.text"),
      data(
        [4, 24, 4],
        [0, 4, 8].map((offset) => ({
          offset,
          type: R_MIPS_32,
          symbol: offset === 8 ? ".init.text" : ".text",
        })),
        "__mcount_loc",
      ),
    ],
    symbols: [undefinedSymbol("_mcount"), functionSymbol("first"), functionSymbol("second", 20)],
    ...more,
  };
}

for (const endian of ORDERS) {
  suite(`a module of 2009, ${endian}-endian`, () => {
    const file = readModule(writeModule(module2009(endian)));

    test("is refused by Linux at its first jal", () => {
      const host = new TestHost({ endian, exports: [MCOUNT] });
      const why = refusedAs(
        () => loadModule(file, host, { base: BASE, farJumps: "refuse" }),
        "ENOEXEC",
        "module work: relocation overflow",
      );
      assert.match(
        why,
        /\.text\+0x00000004 .*trampolines would mend it: 1 for 3 far jumps of work/,
      );
      assert.equal(host.allocations, 0);
    });

    test("is refused with the number of veneers that the plan would have, one for each jump", () => {
      const host = new TestHost({ endian, exports: [MCOUNT] });
      const options = { base: BASE, veneers: "each" } as const;
      const why = refusedAs(
        () => loadModule(file, host, { ...options, farJumps: "refuse" }),
        "ENOEXEC",
        "module work: relocation overflow",
      );
      const { plan } = planModule(file, host, options);
      assert.equal(plan.trampolines.length, 3);
      assert.match(why, /trampolines would mend it: 3 for 3 far jumps of work/);
    });

    test("loads with one veneer, after the core's last byte, that all three jumps use", () => {
      const host = new TestHost({ endian, exports: [MCOUNT] });
      const module = loadModule(file, host, { base: BASE, farJumps: "trampoline" });
      const [veneer, ...others] = module.plan.trampolines;
      assert.ok(veneer);
      assert.deepEqual(others, []);
      assert.deepEqual(host.words(veneer.address, 4), VENEER);
      assert.equal(module.core.base + module.core.size, veneer.address + 16);
      const init = module.init.base;
      assert.deepEqual(host.words(BASE + 4, 1), [jal(veneer.address)]);
      assert.deepEqual(host.words(BASE + 24, 1), [jal(veneer.address)]);
      assert.deepEqual(host.words(init + 4, 1), [jal(veneer.address)]);
      assert.deepEqual(
        module.sites.map(({ address, block, recorded }) => [address, block, recorded]),
        [
          [BASE + 4, "core", true],
          [BASE + 24, "core", true],
          [init + 4, "init", true],
        ],
      );
      unloadModule(module, host, false);
      assert.equal(host.allocations, 0);
    });

    test("next to the kernel needs no veneer: the same plan in both modes", () => {
      const host = new TestHost({ endian, exports: [{ name: "_mcount", address: 0xc8000000 }] });
      const module = loadModule(file, host, { base: BASE, farJumps: "trampoline" });
      assert.deepEqual([module.plan.farJumps, module.plan.trampolines], [[], []]);
      assert.deepEqual(host.words(BASE + 4, 1), [jal(0xc8000000)]);
    });

    test("in the last page of a region: its last jump reaches the next region", () => {
      const words = new Array<number>(1024).fill(0);
      words[0] = JAL;
      words[1023] = JAL;
      const spec: ModuleSpec = {
        endian,
        name: "edge",
        sections: [
          code(words, [
            { offset: 0, type: R_MIPS_26, symbol: "_mcount" },
            { offset: 4092, type: R_MIPS_26, symbol: "_mcount" },
          ]),
        ],
        symbols: [undefinedSymbol("_mcount")],
      };
      const host = new TestHost({ endian, exports: [MCOUNT] });
      const base = 0xcffff000;
      const module = loadModule(readModule(writeModule(spec)), host, {
        base,
        farJumps: "trampoline",
      });
      const at = module.sections.find(({ name }) => name === ".text")?.address ?? 0;
      for (const site of [at, at + 4092]) {
        const region = ((site + 4) & 0xf0000000) >>> 0;
        const field = (host.words(site, 1)[0] ?? 0) & 0x03ffffff;
        assert.deepEqual(host.words(region + 4 * field, 4), VENEER);
      }
    });
  });
}

suite("a plan is made and applied as a whole", () => {
  const host = () => new TestHost({ exports: [MCOUNT] });

  test("planModule leaves the machine as it was", () => {
    const machine = host();
    const file = readModule(writeModule(module2009("little", { modinfo: ["name=work"] })));
    const { plan, memories } = planModule(file, machine, { base: BASE });
    assert.deepEqual([plan.farJumps.length, plan.trampolines.length], [3, 1]);
    assert.equal(memories[0]?.base, BASE);
    assert.deepEqual([machine.allocations, machine.taints.size], [0, 0]);
    const loaded = loadModule(file, machine, { base: BASE, farJumps: "trampoline" });
    assert.deepEqual(loaded.plan, plan);
  });

  test("veneers that don't fit behind the core get more memory, and init moves up", () => {
    const count = 600;
    const symbols = Array.from({ length: count }, (_, index) => undefinedSymbol(`f${index}`));
    const file = readModule(
      writeModule({
        name: "busy",
        sections: [
          code(
            new Array<number>(count).fill(JAL),
            symbols.map(({ name }, index) => ({
              offset: 4 * index,
              type: R_MIPS_26,
              symbol: name,
            })),
          ),
          code([0], [], ".init.text"),
        ],
        symbols,
      }),
    );
    const machine = new TestHost({ everything: (name) => 0x80100000 + 16 * Number(name.slice(1)) });
    const module = loadModule(file, machine, { farJumps: "trampoline" });
    assert.equal(module.plan.trampolines.length, count);
    assert.ok(module.init.base >= module.core.base + module.core.size + 4096);
    const last = module.plan.trampolines.find(({ symbol }) => symbol === "f599");
    assert.deepEqual(machine.words(module.core.base + 4 * 599, 1), [jal(last?.address ?? 0)]);
    unloadModule(module, machine, false);
    assert.equal(machine.allocations, 0);
  });

  test("a block across a region's line: every call still reaches its target", () => {
    const count = 2000;
    const targetOf = (index: number): number => 0x80100000 + 16 * (index % 300);
    const symbols = Array.from({ length: 300 }, (_, index) => undefinedSymbol(`f${index}`));
    const file = readModule(
      writeModule({
        name: "wide",
        sections: [
          code(
            new Array<number>(count).fill(JAL),
            Array.from({ length: count }, (_, index) => ({
              offset: 4 * index,
              type: R_MIPS_26,
              symbol: `f${index % 300}`,
            })),
          ),
        ],
        symbols,
      }),
    );
    const machine = new TestHost({ everything: (name) => targetOf(Number(name.slice(1))) });
    for (const base of [0xcffff000, 0xcfffe000]) {
      const module = loadModule(file, machine, { base, farJumps: "trampoline" });
      const text = module.sections.find(({ name }) => name === ".text")?.address ?? 0;
      assert.ok((module.plan.shift.core ?? 0) > 0);
      for (const [index, word] of machine.words(text, count).entries()) {
        const region = ((text + 4 * index + 4) & 0xf0000000) >>> 0;
        const [lui = 0, addiu = 0] = machine.words(region + 4 * (word & 0x03ffffff), 2);
        assert.equal(((lui << 16) + ((addiu << 16) >> 16)) >>> 0, targetOf(index));
      }
      unloadModule(module, machine, false);
      assert.equal(machine.allocations, 0);
    }
  });

  test("an addend that leaves the region: Linux jumps to a wrong address, a veneer to the right one", () => {
    // f is the last function of its region; the next one, eight bytes further, is in the next region.
    const spec: ModuleSpec = {
      name: "astray",
      sections: [code([JAL + 4], [{ offset: 0, type: R_MIPS_26, symbol: "f" }])],
      symbols: [undefinedSymbol("f")],
    };
    const exports = [{ name: "f", address: 0xcffffff8 }];
    const file = readModule(writeModule(spec));
    const linux = new TestHost({ exports });
    loadModule(file, linux, { base: BASE, farJumps: "refuse" });
    assert.deepEqual(linux.words(BASE, 1), [JAL + 2]);
    const farjal = new TestHost({ exports });
    const module = loadModule(file, farjal, { base: BASE, farJumps: "trampoline" });
    const [veneer] = module.plan.trampolines;
    assert.equal(veneer?.target, 0xd0000008);
    assert.deepEqual(farjal.words(BASE, 1), [jal(veneer?.address ?? 0)]);
  });

  test("a negative addend that leads back into the region: Linux refuses, farjal's jump is correct", () => {
    const file = readModule(
      writeModule({
        name: "back",
        sections: [code([JAL + 0x03fffffe], [{ offset: 0, type: R_MIPS_26, symbol: "f" }])],
        symbols: [undefinedSymbol("f")],
      }),
    );
    const machine = new TestHost({ exports: [{ name: "f", address: 0xd0000000 }] });
    refusedAs(
      () => loadModule(file, machine, { base: BASE, farJumps: "refuse" }),
      "ENOEXEC",
      "module back: relocation overflow",
    );
    const module = loadModule(file, machine, { base: BASE, farJumps: "trampoline" });
    assert.deepEqual(module.plan.trampolines, []);
    assert.deepEqual(machine.words(BASE, 1), [jal(0xcffffff8)]);
  });

  test("a jump with a wrong target that only farjal detects, and no veneer mends, is refused without an errno", () => {
    const J = 0x08000000;
    const file = readModule(
      writeModule({
        name: "astray",
        sections: [code([J + 4], [{ offset: 0, type: R_MIPS_26, symbol: "middle" }])],
        symbols: [{ name: "middle", section: 0xfff1, value: 0xcffffff8 }],
      }),
    );
    const machine = host();
    assert.ok(loadModule(file, machine, { base: BASE, farJumps: "refuse" }));
    const error = refusal(() =>
      loadModule(file, machine, { base: 0xc0100000, farJumps: "trampoline" }),
    );
    assert.deepEqual([error.errno, error.dmesg], [null, []]);
    assert.match(error.explanation, /middle/);
  });

  test("without room for the veneers loading fails with ENOMEM, and nothing stays allocated", () => {
    const machine = host();
    const core = machine.allocate({ type: "core", size: 4096, base: BASE + 0x2000 });
    const file = readModule(
      writeModule({
        name: "tight",
        sections: [
          code(
            new Array<number>(900).fill(JAL),
            Array.from({ length: 900 }, (_, index) => ({
              offset: 4 * index,
              type: R_MIPS_26,
              symbol: `f${index}`,
            })),
          ),
        ],
        symbols: Array.from({ length: 900 }, (_, index) => undefinedSymbol(`f${index}`)),
      }),
    );
    for (let index = 0; index < 900; index++) {
      machine.provide({ name: `f${index}`, address: 0x80100000 + 16 * index });
    }
    const error = refusal(() => loadModule(file, machine, { base: BASE, farJumps: "trampoline" }));
    assert.equal(error.errno, "ENOMEM");
    assert.equal(machine.allocations, 1);
    machine.free(core);
  });
});
