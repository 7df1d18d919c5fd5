// Tests how a guest in QEMU can end abnormally: no QEMU, one that fails, one that never ends, one that leaves nonsense, and a
// signal to farjal. Each is one error, and nothing of the guest remains. A program replaces QEMU and misbehaves.
// Runs alone: it changes PATH and TMPDIR of its process.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as pass } from "node:timers/promises";
import { WIDTH_32, WIDTH_64 } from "../../src/address.ts";
import { Misuse } from "../../src/errors.ts";
import { runGuest } from "../../src/verify/guest.ts";
import { RECORDS } from "../../src/verify/records.ts";
import { repositoryFile } from "../support/repository.ts";

/** No replacement of QEMU looks at it. */
const KERNEL = new Uint8Array(0);

suite("a guest that doesn't end by itself", () => {
  let root = "";
  const { PATH, TMPDIR } = process.env;

  before(() => {
    root = mkdtempSync(join(tmpdir(), "farjal-ends-"));
    mkdirSync(join(root, "tmp"));
    process.env["TMPDIR"] = join(root, "tmp");
  });
  after(() => {
    process.env["PATH"] = PATH;
    if (TMPDIR === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = TMPDIR;
    rmSync(root, { recursive: true });
  });

  /** Replaces QEMU by a program. */
  function qemu(name: string, source: string): string {
    const directory = join(root, name);
    mkdirSync(directory);
    const file = join(directory, "qemu-system-mipsel");
    writeFileSync(file, `#!${process.execPath}\n${source}\n`);
    chmodSync(file, 0o755);
    return [directory, dirname(process.execPath)].join(delimiter);
  }

  async function failure(path: string, timeLimit = 20): Promise<string> {
    process.env["PATH"] = path;
    try {
      await runGuest(KERNEL, [], { machine: "qemu", endian: "little", width: WIDTH_32, timeLimit });
    } catch (error) {
      assert.ok(error instanceof Misuse, String(error));
      assert.deepEqual(readdirSync(join(root, "tmp")), []);
      return error.message;
    }
    assert.fail("the guest came to an end");
  }

  test("QEMU is missing", async () => {
    mkdirSync(join(root, "empty"));
    assert.equal(
      await failure(join(root, "empty")),
      "qemu-system-mipsel isn't installed; Debian has it in qemu-system-mips",
    );
  });

  test("QEMU for a 64-bit kernel is missing", async () => {
    process.env["PATH"] = join(root, "empty");
    const options = { machine: "qemu", endian: "little", width: WIDTH_64, timeLimit: 20 } as const;
    await assert.rejects(runGuest(KERNEL, [], options), {
      message: "qemu-system-mips64el isn't installed; Debian has it in qemu-system-mips",
    });
  });

  test("QEMU fails", async () => {
    const path = qemu("fails", `console.error("no such machine"); process.exitCode = 3;`);
    assert.match(
      await failure(path),
      /^the guest didn't finish: qemu-system-mipsel ended with 3: no such machine\n/,
    );
  });

  test("the time is up", async () => {
    const path = qemu("waits", "setInterval(() => {}, 1000);");
    assert.match(
      await failure(path, 0.5),
      /^the guest didn't finish: after 0.5 seconds it still ran/,
    );
  });

  test("the kernel panics", async () => {
    const path = qemu(
      "panics",
      `const serial = process.argv.find((text) => text.startsWith("file:")).slice(5);
      require("node:fs").writeFileSync(serial, "booting\\nKernel panic - not syncing: no init\\n");`,
    );
    assert.match(
      await failure(path),
      /it stopped early\nits console ended in\n {2}booting\n {2}Kernel panic - not/,
    );
  });

  for (const [says, words] of [
    ["more than there is", [0xffffffff, 0, 3, 1, 0, 0xffffffff, 0, 0]],
    ["a module that wasn't sent", [64, 0, 3, 1, 4096, 4, 0xc0000000, 0, 0]],
    ["nothing known", [64, 0, 0xffff, 0xffff, 0, 0, 0, 0]],
  ] as const) {
    test(`its records end early, reporting ${says}`, async () => {
      const path = qemu(
        says.replaceAll(" ", "-"),
        `const { openSync, writeSync } = require("node:fs");
        const ram = /mem-path=([^,]*)/.exec(process.argv.join(" "))[1];
        const records = Buffer.from(Uint32Array.from(${JSON.stringify(words)}).buffer);
        writeSync(openSync(ram, "w"), records, 0, records.length, ${RECORDS.offset});`,
      );
      assert.match(await failure(path), /^the guest didn't finish: it stopped early/);
    });
  }

  test("a signal ends farjal, the guest and its files", async () => {
    const pidFile = join(root, "pid");
    process.env["PATH"] = qemu(
      "signalled",
      `require("node:fs").writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000);`,
    );
    const guest = new URL("../../src/verify/guest.js", import.meta.url).href;
    const address = new URL("../../src/address.js", import.meta.url).href;
    const program = `import { runGuest } from ${JSON.stringify(guest)};
      import { WIDTH_32 as width } from ${JSON.stringify(address)};
      await runGuest(new Uint8Array(0), [], { machine: "qemu", endian: "little", width, timeLimit: 60 });`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      cwd: repositoryFile("."),
    });
    while (!existsSync(pidFile) || readFileSync(pidFile, "utf8") === "") await pass(20);
    child.kill("SIGTERM");
    const [, signal] = await once(child, "exit");
    assert.equal(signal, "SIGTERM");
    assert.deepEqual(readdirSync(join(root, "tmp")), []);
    const pid = Number(readFileSync(pidFile, "utf8"));
    while (isRunning(pid)) await pass(20);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
