// Interrupts patches: safe patches must stay safe, and known unsafe ones must fail exactly at the place where they
// have to, in both byte orders.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import type { CallSite } from "../../src/ftrace/sites/site.ts";
import {
  designOf,
  detour,
  type Interruptions,
  interrupt,
  type LoadedModule,
  Machine,
  type Patch,
  patchesOf,
  readModule,
} from "../../src/index.ts";
import type { Trampoline } from "../../src/trampoline/place.ts";
import { costModule, type DesignName, ENDIANS, type Loaded, loaded } from "./modules.ts";

const BUDGET = 100_000;

interface Tried extends Interruptions {
  readonly patch: string;
  readonly words: number;
}

/** Interrupts each of a design's sites in each of its patches. */
function tried({ machine, module }: Loaded, design: DesignName): Tried[] {
  const sites = machine.callSites(module);
  const entries = design.startsWith("nops") ? { addresses: [], nops: 3 } : null;
  const kind = designOf(
    sites.map(({ site }) => site),
    entries,
  );
  const target = machine.addressOf("cost_loop") ?? 0;
  const calls = sites.map(({ site, loaded: call }) =>
    site.kind === "long" ? detour(machine, call) : call,
  );
  const probe = { machine, target, args: [3], budget: BUDGET, saved: machine.save() };
  return sites.flatMap(({ site, loaded: call }, index) =>
    patchesOf(site, calls[index] ?? call, kind, veneerOf(module, site)).map((patch) => {
      const found = interrupt(probe, site, patch);
      assert.ok(found !== null);
      return { patch: patch.name, words: patch.on.length, ...found };
    }),
  );
}

function veneerOf({ plan }: LoadedModule, { address }: CallSite): Trampoline | undefined {
  return plan.trampolines.find(({ sites }) => sites.includes(address));
}

/** The places where a thread can be in a site that is off, and in one that is on. */
const PLACES: readonly [DesignName, string, off: number, on: number][] = [
  // b; before jalr's slot: lui, addiu, move, jalr, and one more for t4.
  ["long", "one word", 1, 4],
  ["long-ra", "one word", 1, 5],
  // nop, nop; jal.
  ["jal", "one word, past the pop", 2, 1],
  // The same.
  ["nops3", "one word", 2, 1],
  // b; lui, addiu, jalr.
  ["nops4", "one word", 1, 3],
];

suite("a patch of one aligned word", () => {
  for (const endian of ENDIANS) {
    for (const [design, name, off, on] of PLACES) {
      test(`is safe at every place where a thread can be: ${design}, ${endian}-endian`, async () => {
        const results = tried(await loaded(design, endian), design);
        const patches = results.filter(({ patch }) => patch === name);
        assert.equal(patches.length, 3);
        for (const { runs, wrong, words } of patches) {
          assert.equal(words, 1);
          assert.deepEqual(wrong, []);
          assert.equal(runs, off + on);
        }
      });
    }
  }
});

suite("a patch of two words", () => {
  for (const endian of ENDIANS) {
    for (const design of ["long", "long-ra"] as const) {
      test(`fails behind a lui in the order that 6.1 writes: ${design}, ${endian}-endian`, async () => {
        const results = tried(await loaded(design, endian), design);
        for (const { wrong } of results.filter(({ patch }) => patch === "as Linux 6.1 does")) {
          // The lui is written, the rest of the address is still a nop: jalr jumps to half of an address.
          const [first, ...others] = wrong;
          assert.deepEqual(others, []);
          assert.deepEqual(
            [first?.direction, first?.stoppedAt, first?.written],
            ["off", 1, { before: 0, after: 2 }],
          );
          assert.match(first?.outcome ?? "", /^exception Bp/);
        }
      });
    }

    test(`of a 2009 site loses or gains stack whenever it is half written, ${endian}-endian`, async () => {
      const results = tried(await loaded("jal", endian), "jal");
      const pushing = results.filter(({ patch }) => patch === "call and push");
      assert.equal(pushing.length, 3);
      for (const { wrong, runs } of pushing) {
        const half = wrong.filter(({ written }) => written.after === 1 || written.before === 1);
        assert.ok(half.length > 0 && wrong.length < runs);
        assert.deepEqual(new Set(half.map(({ direction }) => direction)), new Set(["on", "off"]));
      }
    });
  }
});

suite("interruptions", () => {
  test("detect a patch that forgets a word, and leave the site off", async () => {
    const { machine, module } = await loaded("long-ra", "little");
    const [leaf] = machine.callSites(module);
    assert.ok(leaf !== undefined);
    const { site } = leaf;
    const forgets: Patch = {
      name: "b to the wrong place",
      once: [],
      on: [{ address: site.address, word: leaf.loaded[0] }],
      off: [{ address: site.address, word: 0x10000006 }],
    };
    const target = machine.addressOf("cost_loop") ?? 0;
    const probe = { machine, target, args: [3], budget: BUDGET, saved: machine.save() };
    const found = interrupt(probe, site, forgets);
    assert.ok(found !== null && found.wrong.length > 0);
    assert.equal(machine.memory.u32(site.address), 0x10000006);
  });

  test("aren't tried where the call doesn't pass", async () => {
    const { machine, module } = await loaded("long-ra", "little");
    const step = machine.callSites(module).find(({ name }) => name === "cost_step");
    assert.ok(step !== undefined);
    const { site, loaded: call } = step;
    const [patch] = patchesOf(site, call, { kind: "long-ra" });
    const target = machine.addressOf("cost_leaf") ?? 0;
    assert.ok(patch !== undefined);
    const probe = { machine, target, args: [3], budget: BUDGET, saved: machine.save() };
    assert.equal(interrupt(probe, site, patch), null);
  });

  test("of a jal that reaches _mcount without a veneer are tried too", async () => {
    const machine = await Machine.create({ memory: 64 << 20 });
    const file = readModule(readFileSync(costModule("jal", "little")));
    const module = machine.insmodFile(file, { base: 0x82000000 });
    assert.deepEqual(module.plan.trampolines, []);
    const results = tried({ machine, module }, "jal");
    for (const { patch, wrong } of results)
      assert.equal(wrong.length === 0, patch !== "call and push");
  });
});
