// Runs the example of a driver's test against a register model on Debian's kernel, and the command that loads a
// module into that kernel. Both boot once, into a cache of their own.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { assertDocument } from "../cli/documents.ts";
import { debian, debianSkip } from "../support/debian.ts";
import { repositoryFile } from "../support/repository.ts";

suite("a driver in Debian's kernel", { skip: debianSkip }, () => {
  const cache = mkdtempSync(join(tmpdir(), "farjal-cache-"));
  after(() => rmSync(cache, { recursive: true }));
  const run = (...args: readonly string[]) => {
    const { NODE_TEST_CONTEXT: _none, ...environment } = process.env;
    return spawnSync(process.execPath, args, {
      encoding: "utf8",
      env: { ...environment, XDG_CACHE_HOME: cache, FARJAL_KERNEL: debian?.vmlinuz },
    });
  };
  const insmod = (module: string) => {
    const farjal = repositoryFile("dist/farjal.cjs");
    const { status, stdout } = run(
      farjal,
      "insmod",
      module,
      "--kernel",
      debian?.vmlinuz ?? "",
      "--json",
    );
    const answer = JSON.parse(stdout);
    assertDocument("insmod", answer);
    return { status, answer };
  };

  test("works against its register model", () => {
    const { status, stdout } = run("--test", repositoryFile("examples/driver.test.mjs"));
    assert.equal(status, 0, stdout);
    assert.match(stdout, /\bpass 2\b/);
  });

  test("is loaded by the command, with its dependencies, from the cache", () => {
    const usbcore = insmod(debian?.module("usbcore") ?? "");
    assert.equal(usbcore.status, 0);
    assert.equal(usbcore.answer.cached, true);
    assert.equal(usbcore.answer.errno, null);
    assert.equal(usbcore.answer.dmesg.at(-1), "usbcore: registered new device driver usb");
    const far = insmod(repositoryFile("test/modules/built/jal2009-little.ko"));
    assert.equal(far.status, 1);
    assert.equal(far.answer.errno, "ENOEXEC");
    assert.equal(far.answer.dmesg.at(-1), "module jal2009: relocation overflow");
  });

  test("boots anew when the cache's file is damaged", () => {
    const directory = join(cache, "farjal", "kernels");
    const [file] = readdirSync(directory);
    writeFileSync(join(directory, file ?? ""), "farjal\x1a\n and no more");
    const { answer } = insmod(debian?.module("crc7") ?? "");
    assert.deepEqual([answer.cached, answer.errno], [false, null]);
  });
});
