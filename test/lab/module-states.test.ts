// Tests the states of a module in a machine: which modules use it, a failing init function, and what rmmod runs and
// refuses. Texts and errnos are those of Linux 6.1's kernel/module/main.c and of kmod.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import type { Endian } from "../../src/bytes/endian.ts";
import { Machine } from "../../src/lab/machine.ts";
import { readModule } from "../../src/module/file/file.ts";
import type { LoadedModule } from "../../src/module/loaded.ts";
import { refusal } from "../support/refusal.ts";
import { repositoryFile } from "../support/repository.ts";

function built(name: string, endian: Endian): string {
  return repositoryFile(`test/modules/built/${name}-${endian}.ko`);
}

/** The first word of struct module. */
function stateWord(machine: Machine, module: LoadedModule): number {
  const section = module.sections.find(({ name }) => name === ".gnu.linkonce.this_module");
  return machine.memory.u32(section?.address ?? 0);
}

for (const endian of ["little", "big"] as const) {
  suite(`a module's life, ${endian} endian`, () => {
    test("is COMING while init runs and LIVE afterwards, for the guest too", async () => {
      const machine = await Machine.create({ endian });
      const seen: unknown[] = [];
      machine.provide("_printk", () => {
        const [module] = machine.modules;
        if (module !== undefined) seen.push(stateWord(machine, module), ...machine.lsmod());
        return 0;
      });
      const module = await machine.insmod(built("init", endian), { init: true });
      const size = module.core.size;
      const coming = { name: "init", size: size + module.init.size, references: 1, users: [] };
      const { base } = module.core;
      assert.deepEqual(seen, [1, { ...coming, state: "COMING", base }]);
      assert.equal(stateWord(machine, module), 0);
      const live = { name: "init", size, references: 0, users: [], state: "LIVE", base };
      assert.deepEqual(machine.lsmod(), [live]);
      seen.length = 0;
      machine.rmmod("init");
      assert.deepEqual(seen, [2, { ...live, state: "GOING" }]);
      assert.deepEqual(machine.lsmod(), []);
    });

    test("lists the newest first, and the users of each", async () => {
      const machine = await Machine.create({ endian });
      await machine.insmod(built("init", endian), { init: true });
      await machine.insmod(built("imports", endian));
      assert.deepEqual(
        machine.lsmod().map(({ name, references, users }) => [name, references, users]),
        [
          ["imports", 0, []],
          ["init", 1, ["imports"]],
        ],
      );
    });

    test("can't be unloaded while another module imports from it", async () => {
      const machine = await Machine.create({ endian });
      const init = await machine.insmod(built("init", endian), { init: true });
      await machine.insmod(built("imports", endian));
      const used = refusal(() => machine.rmmod(init));
      assert.equal(used.errno, "EAGAIN");
      assert.match(used.explanation, /^Module init is in use by: imports;/);
      machine.rmmod("imports");
      machine.rmmod(init);
      const gone = refusal(() => machine.rmmod(init));
      assert.equal(gone.errno, "ENOENT");
      assert.equal(gone.explanation, "Module init is not currently loaded");
    });

    test("can't be unloaded without an exit function once init has run", async () => {
      const machine = await Machine.create({ endian });
      await machine.insmod(built("lost", endian), { init: true });
      const { initFunction, exitFunction } = machine.modules[0] as LoadedModule;
      assert.deepEqual([initFunction !== null, exitFunction], [true, null]);
      assert.equal(refusal(() => machine.rmmod("lost")).errno, "EBUSY");
    });

    test("can't be unloaded before it is LIVE, nor once it is GOING", async () => {
      const machine = await Machine.create({ endian });
      const said: unknown[] = [];
      machine.provide("_printk", () => {
        const { errno, explanation } = refusal(() => machine.rmmod("greet"));
        said.push(errno, explanation);
        return 0;
      });
      await machine.insmod(built("greet", endian), { init: true });
      machine.rmmod("greet");
      const only = "and only a LIVE one can go";
      assert.deepEqual(said, [
        ...["EBUSY", `module greet is COMING, ${only}`],
        ...["EBUSY", `module greet is GOING, ${only}`],
      ]);
    });

    test("runs the exit function only when init has run", async () => {
      const machine = await Machine.create({ endian });
      await machine.insmod(built("init", endian));
      machine.rmmod("init");
      assert.deepEqual(machine.log, []);
      await machine.insmod(built("init", endian), { init: true });
      machine.rmmod("init");
      assert.deepEqual(machine.log, [
        "init: level 3, mask 0xff, label unset",
        "init: gone after 42",
      ]);
    });

    test("is removed with init's errno when init fails, and leaves nothing", async () => {
      const machine = await Machine.create({ endian });
      const file = readModule(readFileSync(built("init", endian)));
      const refused = refusal(() =>
        machine.insmodFile(file, { init: true, parameters: "level=-1" }),
      );
      assert.equal(refused.errno, "EINVAL");
      assert.deepEqual(refused.dmesg.at(-1), "init: level -1, mask 0xff, label unset");
      assert.equal(refused.explanation, "init's init function returned -22 (EINVAL)");
      assert.deepEqual(machine.lsmod(), []);
      assert.equal(machine.insmodFile(file).core.base, 0xc0000000);
    });

    test("stays when init returns more than 0, with the kernel's remark", async () => {
      const machine = await Machine.create({ endian });
      // lost's init function returns whether 5 times the result of _printk, plus 2, is 0.
      machine.provide("_printk", () => 0x66666666);
      const lost = machine.insmodFile(readModule(readFileSync(built("lost", endian))), {
        init: true,
      });
      assert.deepEqual(lost.dmesg.slice(-2), [
        "do_init_module: 'lost'->init suspiciously returned 1, it should follow 0/-E convention",
        "do_init_module: loading module anyway...",
      ]);
      assert.equal(machine.lsmod()[0]?.state, "LIVE");
    });

    test("frees init memory when init has run, and a call into it reports that", async () => {
      const machine = await Machine.create({ endian });
      const module = await machine.insmod(built("init", endian), { init: true });
      const { exception } = machine.call(module.initFunction ?? 0, [], { throws: false });
      assert.match(
        exception?.message ?? "",
        /at 0x\w+ \(init_start\+0x0.*\) in init memory of init, freed when its init function had returned/,
      );
    });
  });
}
