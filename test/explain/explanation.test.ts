// Compares a module's explanation with the machine after loading: addresses, words before and after, which module exports
// each symbol; and tests how far the explanation of a refused module goes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Explanation, explainModule } from "../../src/explain/explanation.ts";
import { filterExplanation } from "../../src/explain/filter.ts";
import { Machine, type ModuleFile, readModule } from "../../src/index.ts";
import { repositoryFile } from "../support/repository.ts";

const ORDERS = ["little", "big"] as const;

function module(name: string, order: "little" | "big"): ModuleFile {
  return readModule(readFileSync(repositoryFile(`test/modules/built/${name}-${order}.ko`)));
}

async function explained(
  name: string,
  order: "little" | "big" = "little",
  farJumps: "refuse" | "trampoline" = "trampoline",
): Promise<{ machine: Machine; explanation: Explanation<number> }> {
  const machine = await Machine.create({ endian: order });
  const file = module(name, order);
  const options = { farJumps, base: 0xc0000000 };
  const explanation = explainModule(machine, file, {
    farJumps,
    plan: () => machine.plan(file, options),
    load: () => machine.insmodFile(file, options),
  });
  return { machine, explanation };
}

for (const order of ORDERS) {
  test(`sections and padding fill the blocks, in Linux's rounds, ${order}-endian`, async () => {
    const { machine, explanation } = await explained("init_jal", order);
    const [loaded] = machine.modules;
    assert.deepEqual(
      Object.fromEntries(explanation.sections.map(({ name, address }) => [name, address])),
      Object.fromEntries(loaded?.sections.map(({ name, address }) => [name, address]) ?? []),
    );
    for (const block of ["core", "init"] as const) {
      const own = explanation.sections.filter(
        (section) => section.block === block && section.round > 0,
      );
      const rounds = own.map(({ round }) => round);
      assert.deepEqual(rounds, rounds.toSorted());
      let end = 0;
      for (const { offset, padding, size, alignment } of own) {
        assert.equal(offset, end + padding);
        assert.ok(padding < alignment);
        end = offset + size;
      }
    }
    assert.equal(explanation.sections.find(({ name }) => name === "__jump_table")?.round, 3);
    assert.ok(
      explanation.leftOut.some(({ name, why }) => name === ".rel.pdr" && /skipped/.test(why)),
    );
  });

  test(`call sites show the words before, and those that memory holds, ${order}-endian`, async () => {
    for (const [name, form, words] of [
      ["modern", "long call, 6 words, with the ra address", 6],
      ["modern_nora", "long call, 5 words", 5],
      ["jal2009", "short call, 3 words", 3],
      ["jal2009ra", "short call, 4 words, with the ra address", 4],
      ["optimize0", "long call, 7 words, with the ra address, empty delay slot", 7],
    ] as const) {
      const { machine, explanation } = await explained(name, order);
      assert.ok(explanation.callSites.length > 0);
      for (const site of explanation.callSites) {
        assert.equal(site.form, form);
        assert.equal(site.before.length, words);
        const now = site.before.map((_, index) => machine.memory.u32(site.start + 4 * index));
        assert.deepEqual(site.after, now);
        assert.notDeepEqual(site.before, site.after);
      }
      const tracer = machine.trace({ way: "guest" });
      for (const { before, start } of explanation.callSites) {
        const calling = before.map((_, index) => machine.memory.u32(start + 4 * index));
        assert.deepEqual(calling, before, "switched on, a site is as relocation left it");
      }
      tracer.stop();
    }
  });
}

test("a site that recordmcount lost is marked", async () => {
  const { explanation } = await explained("lost");
  const lost = explanation.callSites.filter(({ recorded }) => !recorded);
  assert.deepEqual(
    lost.map(({ function: name, lost: why, before, after }) => [
      name,
      why?.startsWith("recordmcount lost it"),
      after?.join() === before.join(),
    ]),
    [["init_module", true, true]],
  );
  const { explanation: exit } = await explained("init_jal");
  assert.ok(exit.callSites.every(({ lost: why }) => why === null));
});

test("imports name their exporter", async () => {
  const machine = await Machine.create();
  const explain = (name: string) => {
    const file = module(name, "little");
    return explainModule(machine, file, {
      farJumps: "trampoline",
      plan: () => machine.plan(file, { stubMissing: true }),
      load: () => machine.insmodFile(file, { stubMissing: true }),
    });
  };
  const from = ({ imports }: Explanation) => new Map(imports.map((one) => [one.name, one]));
  machine.insmodFile(module("init", "little"));
  machine.provide("_printk", () => 0);
  assert.equal(from(explain("greet")).get("_printk")?.from, "host");
  assert.equal(from(explain("weak")).get("weak_absent")?.from, "stub");
  const explanation = explain("imports");
  assert.equal(from(explanation).get("_mcount")?.from, "lab");
  const { from: owner, module: name } = from(explanation).get("init_count") ?? {};
  assert.deepEqual([owner, name], ["module", "init"]);
  assert.ok(explanation.regions.find(({ base }) => base === 0xc0000000)?.holds.includes("init"));
});

test("the explanation of a module that relocation refuses has places, and the file's words", async () => {
  const { explanation } = await explained("jal2009", "little", "refuse");
  assert.deepEqual(
    [explanation.verdict.verdict, explanation.verdict.stage, explanation.verdict.errno],
    ["refused", "placed", "ENOEXEC"],
  );
  assert.equal(explanation.farJumps.length, 14);
  assert.deepEqual(explanation.trampolines, []);
  assert.ok(
    explanation.farJumps.every(({ trampoline, reason }) => trampoline === null && reason !== ""),
  );
  assert.ok(
    explanation.callSites.every(({ after, address }) => after === null && address !== null),
  );
  assert.equal(explanation.callSites[0]?.form, "short call, 3 words");
});

test("the explanation of a module with a missing symbol has a layout and no addresses", async () => {
  const { explanation } = await explained("imports");
  assert.equal(explanation.verdict.stage, "checked");
  assert.equal(explanation.verdict.errno, "ENOENT");
  assert.ok(explanation.sections.length > 0);
  assert.ok(explanation.sections.every(({ address }) => address === null));
  assert.ok(explanation.imports.some(({ name, from }) => name === "init_count" && from === null));
});

test("a filter keeps the entries of a section or a symbol", async () => {
  const { explanation } = await explained("init_jal");
  const exit = filterExplanation(explanation, { section: ".exit.text" });
  assert.deepEqual(
    exit.farJumps.map(({ section }) => section),
    [".exit.text"],
  );
  assert.equal(exit.trampolines.length, 1);
  const one = filterExplanation(explanation, { symbol: "init_keys" });
  assert.deepEqual(
    one.callSites.map((site) => site.function),
    ["init_keys"],
  );
  assert.equal(one.staticKeys.length, 7);
  assert.deepEqual(
    one.exports.map(({ name }) => name),
    ["init_keys"],
  );
  assert.equal(filterExplanation(explanation, { symbol: "off_key" }).staticKeys.length, 3);
});
