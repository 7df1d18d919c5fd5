// Tests sweeps of a tree of our own modules, some of them broken: each broken one is counted by name, the others are
// loaded, and joined shards give exactly the result of one run.

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, before, suite, test } from "node:test";
import {
  Misuse,
  mergeSweeps,
  type NamedShard,
  type Sweep,
  summariseSweep,
  sweep,
} from "../../src/index.ts";
import type { RuleChoice } from "../../src/kernel/rules/profile.ts";
import { RULE_ROWS } from "../module/rule-messages.ts";
import { writeModule } from "../support/module-writer.ts";
import { repositoryFile } from "../support/repository.ts";

const built = (name: string) => repositoryFile(`test/modules/built/${name}-little.ko`);

/** The part of a result that doesn't depend on the speed of the run. */
const said = ({ subject, total, results }: Sweep) => ({ subject, total, results });

suite("sweep", () => {
  let tree = "";
  let whole: Sweep;

  before(async () => {
    tree = mkdtempSync(join(tmpdir(), "farjal-sweep-"));
    mkdirSync(join(tree, "again"));
    for (const name of ["jal2009", "modern", "leaf"]) {
      copyFileSync(built(name), join(tree, `${name}.ko`));
    }
    copyFileSync(built("leaf"), join(tree, "again/leaf.ko"));
    writeFileSync(join(tree, "truncated.ko"), readFileSync(built("modern")).subarray(0, 2000));
    for (const [name, depends] of [
      ["chicken", "egg"],
      ["egg", "chicken"],
    ] as const) {
      const modinfo = [`name=${name}`, `depends=${depends}`, "license=GPL"];
      writeFileSync(join(tree, `${name}.ko`), writeModule({ name, modinfo }));
    }
    whole = await sweep(tree, { bases: [0xc0000000, 0xcffff000], jobs: 2 });
  });
  after(() => rmSync(tree, { recursive: true, force: true }));

  const result = (path: string) => {
    const found = whole.results.find((one) => one.path === path);
    assert.ok(found, path);
    return found;
  };

  test("lists each module at each base, in the order of bases and paths", () => {
    const paths = ["again/leaf", "chicken", "egg", "jal2009", "leaf", "modern", "truncated"];
    const wanted = ["0xc0000000", "0xcffff000"].flatMap((base) =>
      paths.map((path) => [base, `${path}.ko`]),
    );
    assert.deepEqual(
      whole.results.map(({ base, path }) => [base, path]),
      wanted,
    );
  });

  test("counts the far jumps and veneers of the module of 2009", () => {
    const { verdict, farJumps, veneers } = result("jal2009.ko");
    assert.deepEqual(
      { verdict, farJumps, veneers },
      { verdict: "loads", farJumps: 14, veneers: 5 },
    );
    const { linux, errno, dmesg } = result("jal2009.ko");
    assert.deepEqual([linux, errno], ["refused", "ENOEXEC"]);
    assert.equal(dmesg.at(-1), "module jal2009: relocation overflow");
    assert.deepEqual(
      [result("modern.ko").linux, result("truncated.ko").linux],
      ["loads", "refused"],
    );
    const { linuxLoads, linuxRefused } = summariseSweep(whole.results);
    assert.deepEqual([linuxLoads, linuxRefused], [10, 4]);
  });

  test("refuses a truncated module and goes on", () => {
    assert.deepEqual(
      [result("truncated.ko").verdict, result("truncated.ko").errno],
      ["refused", "ENOEXEC"],
    );
    const { loads, refused, failed } = summariseSweep(whole.results);
    assert.deepEqual({ loads, refused, failed }, { loads: 12, refused: 2, failed: 0 });
  });

  test("shards in any order join to exactly the whole", async () => {
    const shards: NamedShard[] = [];
    for (const index of [3, 1, 2]) {
      const shard = { index, count: 3 };
      const part = await sweep(tree, { bases: [0xc0000000, 0xcffff000], jobs: 1, shard });
      shards.push({ name: `${index}.json`, sweep: part });
    }
    assert.deepEqual(said(mergeSweeps(shards)), said(whole));
    const [one, two] = shards;
    assert.ok(one && two);
    assert.throws(() => mergeSweeps([one, two]), /^Misuse: shard 2\/3 is missing/);
    assert.throws(
      () => mergeSweeps([one, ...shards]),
      /^Misuse: 3.json and 3.json are both shard 3/,
    );
    const other = { ...two.sweep, subject: { ...two.sweep.subject, kernel: "another" } };
    assert.throws(() => mergeSweeps([one, { name: "x", sweep: other }]), /of different kernels/);
  });

  test("finds dependencies in the modules tree that the directory is a part of", async () => {
    const root = mkdtempSync(join(tmpdir(), "farjal-sweep-"));
    try {
      const part = join(root, "kernel/drivers");
      for (const path of ["kernel/lib/init.ko", "kernel/drivers/imports.ko"]) {
        mkdirSync(join(root, dirname(path)), { recursive: true });
        copyFileSync(built(basename(path, ".ko")), join(root, path));
      }
      const verdicts = async () => {
        const { results } = await sweep(part, { jobs: 1 });
        return results.map(({ path, verdict }) => [path, verdict]);
      };
      assert.deepEqual(await verdicts(), [["imports.ko", "refused"]]);
      writeFileSync(join(root, "modules.order"), "");
      assert.deepEqual(await verdicts(), [["imports.ko", "loads"]]);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  test("accepts modules of either class and byte order, each as if it were alone", async () => {
    const mixed = mkdtempSync(join(tmpdir(), "farjal-sweep-"));
    try {
      const files = ["built64/imports-little", "built64/init-little", "built64/jal-big"];
      for (const file of [...files, "built64/composite-little", "built/modern-big"]) {
        const name = file.replace(/.*\/(.*)-.*/, "$1.ko");
        copyFileSync(repositoryFile(`test/modules/${file}.ko`), join(mixed, name));
      }
      const sweepAt = (base: number | bigint) =>
        sweep(mixed, { stubMissing: true, jobs: 1, bases: [base] });
      const { results } = await sweepAt(0xc0000000);
      assert.deepEqual(
        results.map(({ path, verdict, farJumps, veneers, sites, relocations }) => [
          path,
          verdict,
          farJumps,
          veneers,
          sites,
          relocations["R_MIPS_64"] ?? 0,
        ]),
        [
          ["composite.ko", "refused", 0, 0, 0, 0],
          ["imports.ko", "loads", 0, 0, 1, 1],
          ["init.ko", "loads", 0, 0, 10, 64],
          ["jal.ko", "loads", 14, 5, 10, 21],
          ["modern.ko", "loads", 0, 0, 10, 0],
        ],
      );
      const high = await sweepAt(0xffffffff_c0000000n);
      assert.deepEqual(
        high.results.map(({ verdict }) => verdict),
        ["refused", "loads", "loads", "loads", "failed"],
      );
      assert.match(high.results.at(-1)?.explanation ?? "", /the module has 32/);
    } finally {
      rmSync(mixed, { recursive: true });
    }
  });

  test("loads by the rules that are asked for, else by those of each module's release", async () => {
    const row = RULE_ROWS.find(({ what }) => what === "two structs module");
    assert.ok(row !== undefined && !(row.module instanceof Uint8Array));
    const folder = mkdtempSync(join(tmpdir(), "farjal-sweep-"));
    try {
      writeFileSync(join(folder, "m.ko"), writeModule(row.module));
      const linesBy = async (rules?: RuleChoice) => {
        const { results, subject } = await sweep(folder, { rules, jobs: 1, farJumps: "refuse" });
        assert.deepEqual(subject.rules, rules ?? null);
        return results.map(({ linux, dmesg }) => [linux, dmesg]);
      };
      for (const [release, { errno, lines }] of row.answers) {
        assert.deepEqual(await linesBy({ release, set: "mainline" }), [
          [errno === null ? "loads" : "refused", lines],
        ]);
      }
      assert.deepEqual(
        await linesBy({ release: "6.12.117", rules: { V12: "first", V15: "ignore" } }),
        [["loads", []]],
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("counts by name what exceeds its time, and a directory without modules is a wrong call", async () => {
    const { results } = await sweep(tree, {
      timeLimit: 0.001,
      jobs: 1,
      shard: { index: 1, count: 7 },
    });
    assert.deepEqual(
      results.map(({ verdict, explanation }) => [verdict, explanation]),
      [["failed", "it took more than 0.001 s"]],
    );
    await assert.rejects(sweep(join(tree, "none")), Misuse);
  });
});
