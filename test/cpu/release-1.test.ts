// Compares a processor of Release 1 with QEMU's 4Kc: instructions and CP0 registers that are new in Release 2 are
// reserved, and no others are. One departure: QEMU runs rotr and rotrv as srl and srlv. The manual calls both
// UNPREDICTABLE there; here they are reserved, so that a rotation fails visibly.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { DIRECT_SIZE, RAM } from "../../assembly/shared/memory-map.ts";
import { EXC_RI } from "../../assembly/shared/opcodes.ts";
import { STOP_RETURN } from "../../assembly/shared/stops.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { labProcessor } from "../../src/lab/lab-processor.ts";
import { ENDIANS } from "./guest.ts";
import {
  answers,
  askQemu,
  emulator,
  isHint,
  linesOf,
  PROBES,
  RELEASE_2,
  RESULTS,
  ROM,
  recordedPath,
  rom,
} from "./release-1.ts";

const PHYSICAL = 0x1fffffff;
const LIMIT = 100_000;
const RESERVED = `exception ${EXC_RI}`;

function ours(endian: Endian, reading: "run" | "runExactly", model: "4Kc" | "4KEc"): string[] {
  const core = labProcessor(endian, DIRECT_SIZE);
  core.reset(model);
  const { words, printing } = rom();
  core.words.set(words, (RAM + (ROM & PHYSICAL)) / 4);
  core.returnTo = printing;
  assert.equal(core[reading](LIMIT), STOP_RETURN, "the ROM comes to its end");
  const results = core.readBytes(RESULTS & PHYSICAL, 8 * PROBES.length);
  return linesOf(answers(Buffer.from(results), endian));
}

function recorded(endian: Endian): string[] {
  return readFileSync(recordedPath(endian), "utf8").trimEnd().split("\n");
}

/** QEMU's lines with the departure applied. */
function expected(endian: Endian): string[] {
  return recorded(endian).map((line) => line.replace(/^(rotrv?): .*/, `$1: ${RESERVED}`));
}

for (const endian of ENDIANS) {
  for (const reading of ["run", "runExactly"] as const) {
    test(`a 4Kc answers as QEMU's, ${endian}-endian, ${reading}`, () => {
      assert.deepEqual(ours(endian, reading, "4Kc"), expected(endian));
    });

    test(`every instruction new in Release 2 is reserved, and on a 4KEc none is, ${endian}-endian, ${reading}`, () => {
      const reserved = (model: "4Kc" | "4KEc"): string[] => {
        const lines = ours(endian, reading, model);
        return RELEASE_2.map(({ name }) => `${name}: ${RESERVED}`).filter((line) =>
          lines.includes(line),
        );
      };
      assert.deepEqual(
        reserved("4Kc"),
        RELEASE_2.filter((row) => !isHint(row)).map(({ name }) => `${name}: ${RESERVED}`),
      );
      assert.deepEqual(reserved("4KEc"), []);
    });
  }
}

describe("QEMU answers as recorded; if not, node build/test/cpu/release-1-write.js", () => {
  for (const endian of ENDIANS) {
    const missing = spawnSync(emulator(endian), ["--version"]).error !== undefined;
    test(`${endian}-endian`, { skip: missing && `${emulator(endian)} isn't installed` }, () => {
      assert.deepEqual(linesOf(askQemu(endian)), recorded(endian));
    });
  }
});
