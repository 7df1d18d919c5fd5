// Passes damaged modules to mendModule: flipped bits, fields at their extremes, moved pieces, by a fixed seed. Each
// ends in a refusal with a name, or in a file that this reader and readelf read. Where the damaged module still runs in
// the lab, with veneers, the mended file must run too and return the same: no word was changed wrongly without notice.
// A fraction runs everywhere, all of them in .ci/run (test/support/thorough.ts).

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Machine, type Mended, Misuse, mendModule, Refusal, readModule } from "../../src/index.ts";
import { mutate } from "../hostile/mutate.ts";
import { Random } from "../support/random.ts";
import { repositoryFile } from "../support/repository.ts";
import { thorough } from "../support/thorough.ts";

const MUTATIONS = thorough ? 10_000 : 300;
const BUDGET = 20_000;
/** How many of the mended ones are run: each run restores its machine. */
const RUN_ONE_IN = thorough ? 3 : 1;
const MODULES_A_MACHINE = 50;
/** Number of files passed to one readelf. */
const BATCH = 100;
const LONGEST_MILLISECONDS = 5000;
const SEEDS = [
  ["jal2009", "work_run"],
  ["shapes_jal", "shapes_run"],
  ["init_jal", "init_keys"],
  ["optimize0_jal", "work_run"],
  ["frames_jal", "frames_big"],
  ["lost", "lost_leaf"],
] as const;
const readelf = spawnSync("mipsel-linux-gnu-readelf", ["--version"]).error === undefined;

/** A damaged module's file, and that of what was made of it. */
interface Written {
  readonly before: string;
  readonly after: string;
  readonly how: string;
}

/** The result of a call; null when it doesn't return, or the module doesn't load. */
function resultOf(
  machine: Machine,
  bytes: Uint8Array,
  call: string,
  farJumps: "refuse" | "trampoline",
): number | null {
  try {
    const module = machine.insmodFile(readModule(bytes), { farJumps, base: 0xc0000000 });
    try {
      const { v0, exception } = machine.call(call, [3], { budget: BUDGET, throws: false });
      return exception === undefined ? v0 : null;
    } finally {
      machine.rmmod(module);
    }
  } catch (error) {
    if (error instanceof Refusal || error instanceof Misuse) return null;
    throw error;
  }
}

function verdictOf(bytes: Uint8Array, noJumps: boolean, what: string): Mended | null {
  const started = performance.now();
  try {
    return mendModule(bytes, { noJumps });
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw new Error(what, { cause: error });
  } finally {
    const took = performance.now() - started;
    assert.ok(took < LONGEST_MILLISECONDS, `${what}: ${took} ms`);
  }
}

for (const order of ["little", "big"] as const) {
  test(`${MUTATIONS / 2} damaged ${order}-endian modules are mended correctly or refused`, async (context) => {
    const folder = mkdtempSync(join(tmpdir(), "farjal-mend-"));
    context.after(() => rmSync(folder, { recursive: true, force: true }));
    const random = new Random(order === "little" ? 2010 : 2026);
    const seeds = SEEDS.map(([name, call]) => ({
      call,
      bytes: readFileSync(repositoryFile(`test/modules/built/${name}-${order}.ko`)),
    }));
    const ends = new Map<string, number>();
    let machine = await Machine.create({ endian: order, memory: 16 << 20 });
    let batch: Written[] = [];
    const check = (): void => {
      if (readelf && batch.length > 0) checkReadelf(batch);
      batch = [];
    };
    for (let count = 0; count < MUTATIONS / 2; count++) {
      if (count % MODULES_A_MACHINE === 0) {
        machine = await Machine.create({ endian: order, memory: 16 << 20 });
      }
      const { bytes, call } = random.pick(seeds);
      const { bytes: damaged, how } = mutate(bytes, order, random);
      const what = `mutation ${count}, ${how}`;
      const mended = verdictOf(damaged, random.oneIn(2), what);
      const verdict = mended?.report.verdict ?? "refused";
      ends.set(verdict, (ends.get(verdict) ?? 0) + 1);
      if (mended === null || verdict !== "mended" || mended.file === null) {
        if (mended !== null)
          assert.equal(mended.report.refusals.length > 0, verdict === "refused", what);
        continue;
      }
      const again = mendModule(mended.file);
      assert.equal(again.report.verdict, "nothing", `${what}: idempotent`);
      const [before, after] = [join(folder, `${count}.ko`), join(folder, `${count}.mended.ko`)];
      writeFileSync(before, damaged);
      writeFileSync(after, mended.file);
      batch.push({ before, after, how: what });
      if (batch.length === BATCH) check();
      if (!random.oneIn(RUN_ONE_IN)) continue;
      const saved = machine.save();
      const old = resultOf(machine, damaged, call, "trampoline");
      machine.restore(saved);
      const now = resultOf(machine, mended.file, call, "refuse");
      machine.restore(saved);
      if (old !== null) {
        ends.set("ran", (ends.get("ran") ?? 0) + 1);
        assert.equal(now, old, what);
      }
    }
    check();
    for (const end of ["refused", "mended", "ran"]) {
      assert.ok((ends.get(end) ?? 0) > MUTATIONS / 40, `${end}: ${JSON.stringify([...ends])}`);
    }
  });
}

/** readelf's complaints about a mended file must also occur for the damaged one. */
function checkReadelf(batch: readonly Written[]): void {
  if (!complaints(batch.map(({ after }) => after))) return;
  const [first] = batch;
  if (batch.length > 1) {
    const half = batch.length >> 1;
    checkReadelf(batch.slice(0, half));
    checkReadelf(batch.slice(half));
  } else if (first !== undefined) {
    assert.ok(complaints([first.before]), first.how);
  }
}

function complaints(files: readonly string[]): boolean {
  const options = { encoding: "latin1", maxBuffer: 1 << 28 } as const;
  return spawnSync("mipsel-linux-gnu-readelf", ["-aW", ...files], options).stderr !== "";
}
