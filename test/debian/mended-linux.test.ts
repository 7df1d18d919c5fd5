// Loads mended modules into Debian's running kernel on the board: it must take each module that farjal mended without
// jumps, with the modules it needs, as it takes the shipped one; and trace and probe by name the module of 2009, which
// it refuses as it is.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, suite, test } from "node:test";
import { Linux } from "../../src/board/linux.ts";
import { utf8 } from "../../src/bytes/text.ts";
import { mendModule } from "../../src/index.ts";
import { debian, debianSkip } from "../support/debian.ts";
import { debianImage } from "../support/debian-boot.ts";
import { Random } from "../support/random.ts";
import { repositoryFile } from "../support/repository.ts";
import { thorough } from "../support/thorough.ts";

const SAMPLE = thorough ? 60 : 12;
/** Modules with more than this number below them are left out of the sample, for time. */
const MOST_NEEDED = 6;
const PAGE = 4096;
const TRACING = "/sys/kernel/tracing";

suite("Debian's running kernel and mended modules", { skip: debianSkip }, () => {
  let snapshot: Uint8Array;

  before(async () => {
    snapshot = Linux.boot({ kernel: await debianImage() }).save();
  });

  test("Debian's own, without jumps, load where the shipped ones load", () => {
    const random = new Random(1);
    const candidates = [...(debian?.modules ?? [])];
    let loaded = 0;
    while (loaded < SAMPLE && candidates.length > 0) {
      const [path = ""] = candidates.splice(random.below(candidates.length), 1);
      const shipped = readFileSync(path);
      const { file } = mendModule(shipped, { noJumps: true });
      const needed = debian?.withNeeded(path) ?? [];
      if (file === null || file === shipped || needed.length > MOST_NEEDED) continue;
      const insert = (last: Uint8Array) => {
        const linux = Linux.restore(snapshot);
        for (const one of needed.slice(0, -1)) linux.insmod(readFileSync(one));
        const { errno, dmesg } = linux.insmod(last);
        const [name] = utf8(linux.read("/proc/modules")).split(" ", 1);
        // A mended file has no signature, and the kernel says so.
        const said = dmesg.filter((line) => !line.includes("module verification failed"));
        return { errno, name, lines: said.length };
      };
      const asShipped = insert(shipped);
      // It needs what no module's `depends` names, such as an algorithm of crypto.
      if (asShipped.errno === "ENOENT") continue;
      loaded += 1;
      assert.deepEqual(insert(file), asShipped, path);
    }
    assert.equal(loaded, SAMPLE);
  });

  test("the module of 2009 loads, is traced, and is probed by a function's name", () => {
    const shipped = readFileSync(repositoryFile("test/modules/built/jal2009-little.ko"));
    const linux = Linux.restore(snapshot);
    assert.equal(linux.insmod(shipped).errno, "ENOEXEC");
    for (const noJumps of [false, true]) {
      const { file } = mendModule(shipped, { noJumps });
      assert.ok(file !== null);
      assert.deepEqual(linux.insmod(file).errno, null);
      const functions = utf8(linux.read(`${TRACING}/available_filter_functions`));
      assert.match(functions, /^work_run \[jal2009\]$/m);
      linux.write(`${TRACING}/kprobe_events`, "p:mended/run work_run");
      assert.match(utf8(linux.read(`${TRACING}/kprobe_events`)), /^p:mended\/run work_run$/m);
      linux.write(`${TRACING}/kprobe_events`, "");
      assert.equal(linux.rmmod("jal2009").errno, null);
    }
  });

  test("fat lies across a 256 MiB line only without jumps", () => {
    const fill = readFileSync(repositoryFile("test/mend/referee/built/fill.ko"));
    const shipped = readFileSync(debian?.module("fat") ?? "");
    const { file } = mendModule(shipped, { noJumps: true });
    assert.ok(file !== null);
    const insert = (module: Uint8Array) => {
      const linux = Linux.restore(snapshot);
      // load_module() first copies the file to vmalloc's addresses.
      const copy = PAGE * (Math.ceil(module.length / PAGE) + 1);
      assert.equal(linux.insmod(fill, `target=${0xcfff8000 - copy}`).errno, null);
      const { errno, dmesg } = linux.insmod(module);
      return { errno, last: dmesg.at(-1), modules: utf8(linux.read("/proc/modules")) };
    };
    // Its .fixup section is at the end, behind the line, and jumps into .text.
    const refused = insert(shipped);
    assert.equal(refused.errno, "ENOEXEC");
    assert.equal(refused.last, "module fat: relocation overflow");
    const loaded = insert(file);
    assert.equal(loaded.errno, null, loaded.last);
    const [, size = 0, address = 0] = /^fat (\d+) .* (0x\w+)/m.exec(loaded.modules) ?? [];
    assert.ok(
      Number(address) < 0xd0000000 && Number(address) + Number(size) > 0xd0000000,
      loaded.modules,
    );
  });
});
