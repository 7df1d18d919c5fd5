// Tests module parameters that the guest's own functions set, with the kernel's messages for values that don't fit
// (kernel/params.c of Linux 6.1).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import type { Endian } from "../../src/bytes/endian.ts";
import { Machine } from "../../src/lab/machine.ts";
import { readModule } from "../../src/module/file/file.ts";
import { refusal } from "../support/refusal.ts";
import { repositoryFile } from "../support/repository.ts";

function built(name: string, endian: Endian): string {
  return repositoryFile(`test/modules/built/${name}-${endian}.ko`);
}

/** Loads init.ko with arguments; returns the machine, and the kernel's lines after the taint lines. */
async function withArguments(endian: Endian, parameters: string) {
  const machine = await Machine.create({ endian });
  const module = await machine.insmod(built("init", endian), { parameters });
  const label = machine.memory.string(machine.call("init_label").v0);
  return {
    machine,
    value: machine.call("init_parameters").v0 | 0,
    label,
    lines: module.dmesg.filter((line) => !line.includes("taint")),
  };
}

for (const endian of ["little", "big"] as const) {
  suite(`module parameters, ${endian} endian`, () => {
    test("are set by type", async () => {
      const { value, label, lines } = await withArguments(
        endian,
        'level=-7 mask=0x10 label="two words" quiet',
      );
      assert.equal(value, -7_000_000 + 160 + 1);
      assert.equal(label, "two words");
      assert.deepEqual(lines, []);
    });

    test("use the last of several values, and true and false in the kernel's spellings", async () => {
      for (const [text, quiet] of [
        ["quiet=y", 1],
        ["quiet=on", 1],
        ["quiet quiet=N", 0],
        ["quiet=1 quiet=oFf", 0],
      ] as const) {
        assert.equal((await withArguments(endian, `level=0 mask=0 ${text}`)).value, quiet, text);
      }
    });

    test("unknown ones are ignored, and so is the text after two dashes", async () => {
      const { value, lines } = await withArguments(
        endian,
        "nosuch=1 level=0 async_probe dyndbg=+p mask=0 other -- level=9",
      );
      assert.equal(value, 0);
      assert.deepEqual(lines, [
        "init: unknown parameter 'nosuch' ignored",
        "init: unknown parameter 'other' ignored",
        "init: parameters 'level=9' after `--' ignored",
      ]);
    });

    test("end the loading when one doesn't fit, in the kernel's words, and nothing stays", async () => {
      const machine = await Machine.create({ endian });
      const file = readModule(readFileSync(built("init", endian)));
      for (const [parameters, errno, ...lines] of [
        ["level=x", "EINVAL", "init: `x' invalid for parameter `level'"],
        ["level", "EINVAL", "init: `' invalid for parameter `level'"],
        ["level=99999999999", "ERANGE", "init: `99999999999' invalid for parameter `level'"],
        ["mask=-1", "EINVAL", "init: `-1' invalid for parameter `mask'"],
        ["quiet=perhaps", "EINVAL", "init: `perhaps' invalid for parameter `quiet'"],
        [
          `label=${"x".repeat(1025)}`,
          "ENOSPC",
          "label: string parameter too long",
          `init: \`${"x".repeat(1025)}' too large for parameter \`label'`,
        ],
        [
          "level=1e mask=z nosuch",
          "EINVAL",
          "init: `1e' invalid for parameter `level'",
          "init: `z' invalid for parameter `mask'",
          "init: unknown parameter 'nosuch' ignored",
        ],
      ] as const) {
        const refused = refusal(() => machine.insmodFile(file, { parameters }));
        assert.equal(refused.errno, errno, parameters);
        const said = refused.dmesg.filter((line) => !line.includes("taint"));
        assert.deepEqual(said, lines);
        assert.match(
          refused.explanation,
          /^init takes quiet \(bool\), label \(charp\), mask \(uint\), level \(int\)$/,
        );
        assert.equal(machine.modules.length, 0);
      }
      assert.equal(machine.insmodFile(file).core.base, 0xc0000000);
    });

    test("of a module without parameters are unknown", async () => {
      const machine = await Machine.create({ endian });
      const module = await machine.insmod(built("leaf", endian), { parameters: "a=1" });
      assert.equal(module.dmesg.at(-1), "leaf: unknown parameter 'a' ignored");
    });
  });
}
