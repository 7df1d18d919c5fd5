// Tests modprobe(): a module is loaded after what it depends on, found beside it or in its modules tree.

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { Refusal } from "../../src/errors.ts";
import { Machine } from "../../src/lab/machine.ts";
import { modprobe } from "../../src/sweep/modprobe.ts";
import { repositoryFile } from "../support/repository.ts";

suite("modprobe", () => {
  const folder = mkdtempSync(join(tmpdir(), "farjal-modprobe-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const built = (name: string) => repositoryFile(`test/modules/built/${name}-little.ko`);

  test("loads dependencies from beside the module, once", async () => {
    copyFileSync(built("imports"), join(folder, "imports.ko"));
    copyFileSync(built("init"), join(folder, "init.ko"));
    const machine = await Machine.create();
    const module = await modprobe(machine, join(folder, "imports.ko"), { init: true });
    assert.equal(module.core.base, 0xc0000000);
    assert.deepEqual(
      machine.modules.map(({ name }) => name),
      ["init", "imports"],
    );
    assert.equal(machine.call("imports_run", [2]).instructions > 0, true);
    await assert.rejects(modprobe(machine, join(folder, "imports.ko")), Refusal);
  });

  test("loads them from anywhere in the modules tree", async () => {
    const tree = join(folder, "tree");
    mkdirSync(join(tree, "kernel/lib"), { recursive: true });
    mkdirSync(join(tree, "kernel/drivers"), { recursive: true });
    writeFileSync(join(tree, "modules.order"), "");
    copyFileSync(built("init"), join(tree, "kernel/lib/init.ko"));
    copyFileSync(built("imports"), join(tree, "kernel/drivers/imports.ko"));
    const machine = await Machine.create();
    await modprobe(machine, join(tree, "kernel/drivers/imports.ko"));
    assert.equal(machine.modules.length, 2);
  });

  test("names what it doesn't find, and the dependency that is refused", async () => {
    const alone = join(folder, "alone");
    mkdirSync(alone);
    copyFileSync(built("imports"), join(alone, "imports.ko"));
    const machine = await Machine.create();
    await assert.rejects(
      modprobe(machine, join(alone, "imports.ko")),
      /no file was found for init/,
    );
    copyFileSync(built("init_jal"), join(alone, "init.ko"));
    const refused = modprobe(await Machine.create(), join(alone, "imports.ko"), {
      farJumps: "refuse",
    });
    await assert.rejects(refused, /init\.ko, which is loaded first/);
  });
});
