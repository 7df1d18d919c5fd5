// README.md's commands and its program, run as they stand there, in a folder that holds files by the names
// they use. What names Debian's files runs when these are here, and is skipped by name otherwise.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { debian, debianSkip } from "../support/debian.ts";
import { repositoryFile } from "../support/repository.ts";

const README = readFileSync(repositoryFile("README.md"), "utf8");
const DEBIAN = /vmlinuz|usbcore|crc16|lz4/;
/** Linux refuses the module: the example shows how. */
const REFUSED = /plan old\.ko --far-jumps refuse/;

/** The fenced blocks of a language. */
function blocks(language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return [...README.matchAll(fence)].map(([, body = ""]) => body);
}

const commands = blocks("sh")
  .flatMap((block) => block.split("\n"))
  .filter((line) => line.includes("npx farjal"));

suite("README.md", () => {
  let folder = "";

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "farjal-readme-"));
    const ours = {
      "old.ko": "jal2009",
      "modern.ko": "modern",
      "plain.ko": "plain",
      "old.o": "jal2009",
    };
    for (const [name, built] of Object.entries(ours)) {
      copyFileSync(repositoryFile(`test/modules/built/${built}-little.ko`), join(folder, name));
    }
    writeFileSync(join(folder, "nine.txt"), "123456789");
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(repositoryFile("."), join(folder, "node_modules/farjal"));
    if (debian === null) return;
    for (const name of ["vmlinuz", "vmlinuz-6.1.0-50-4kc-malta"]) {
      symlinkSync(debian.vmlinuz, join(folder, name));
    }
    for (const name of ["usbcore", "usb-common", "crc16", "lz4_compress"]) {
      symlinkSync(debian.module(name), join(folder, `${name}.ko`));
    }
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  function run(command: string): { code: number | null; output: string } {
    const { status, stdout, stderr } = spawnSync("bash", ["-c", command], {
      cwd: folder,
      encoding: "utf8",
    });
    return { code: status, output: stdout + stderr };
  }

  test("has the commands that are tested here", () => assert.ok(commands.length >= 8));

  for (const command of commands) {
    const skip = DEBIAN.test(command) && debianSkip;
    test(command.trim(), { skip }, () => {
      const program = `node ${repositoryFile("build/src/cli/index.js")}`;
      const line = command
        .replaceAll("npx farjal", program)
        .replace("&& diff new.trace golden.trace", "");
      const { code, output } = run(line);
      assert.equal(code, REFUSED.test(command) ? 1 : 0, output);
    });
  }

  for (const [index, program] of blocks("js").entries()) {
    test(`program ${index + 1}`, { skip: debianSkip }, () => {
      writeFileSync(join(folder, "program.mjs"), program);
      const { code, output } = run("node program.mjs");
      assert.equal(code, 0, output);
      assert.match(output, /\d+ bytes in \d+ instructions\n.*LZ4_compress_default <- host_call/);
    });
  }
});
