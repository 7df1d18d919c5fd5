// Compares the privileged half with QEMU. board/board.S logs every exception, translation and interrupt that it
// causes, and the log must be the one that QEMU's 24Kc wrote, on both readings and in both byte orders. The program
// uses only what QEMU does as the manual says. QEMU departs from the manual in three cases: it doesn't treat a branch
// that can never be taken as a branch, it doesn't translate the address of an sc without a link, and it takes
// coprocessor 2 for reserved. exceptions.test.ts checks these against the manual.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { repositoryFile } from "../support/repository.ts";
import { ENDIANS, Guest } from "./guest.ts";

const PROGRAM = 0x80200000;
const LOG = 0x100000;
const RECORD = 32;
const LIMIT = 200_000;

const stored = (name: string): Buffer =>
  gunzipSync(readFileSync(repositoryFile(`test/cpu/board/${name}.gz`)));

/** The records of a log, one line of words each, up to the empty record at the end. */
function records(log: Uint8Array, endian: "little" | "big"): string[] {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  const lines: string[] = [];
  for (let at = 0; at < log.length && view.getUint32(at, endian === "little") !== 0; at += RECORD) {
    const words = Array.from({ length: RECORD / 4 }, (_, i) =>
      view.getUint32(at + 4 * i, endian === "little"),
    );
    lines.push(words.map((word) => word.toString(16).padStart(8, "0")).join(" "));
  }
  return lines;
}

for (const endian of ENDIANS) {
  for (const reading of ["run", "runExactly"] as const) {
    test(`a board's CPU does what QEMU's does, ${endian}-endian, ${reading}`, () => {
      const { core } = new Guest(endian, true, 4 << 20);
      core.writeBytes(PROGRAM & 0x1fffffff, stored(`board.${endian}.bin`));
      core.pc = PROGRAM;
      core[reading](LIMIT);
      const ours = records(core.readBytes(LOG, 0x4000), endian);
      assert.deepEqual(ours, records(stored(`board.${endian}.log`), endian));
      assert.ok(ours.length > 150);
    });
  }
}
