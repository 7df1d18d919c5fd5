// Checks the privileged architecture against QEMU's 24Kc and 4KEc: every ROM of this folder must print here what it
// printed there, line for line, on every reading and in both byte orders, except for the lines that departures.ts
// names. The ROM starts from reset at bfc00000, so guest memory reaches up to it, in the first 512 MiB.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DIRECT_SIZE } from "../../assembly/shared/memory-map.ts";
import { STOP_WAIT } from "../../assembly/shared/stops.ts";
import { labProcessor } from "../../src/lab/lab-processor.ts";
import type { Processor } from "../../src/processor/processor.ts";
import { everyOther } from "../support/thorough.ts";
import { asOurs, DEPARTURES } from "./departures.ts";
import { qemuSystemSkip, runOnBoard } from "./qemu.ts";
import { lines, nameOf, RUNS, type Run, recorded, romBytes } from "./roms.ts";

/** How a core runs instructions. */
const READINGS: Readonly<Record<string, (core: Processor, limit: number) => number>> = {
  interpreter: (core, limit) => core.run(limit),
  "exact interpreter": (core, limit) => core.runExactly(limit),
  translator: (core, limit) => {
    core.engine = "translator";
    return core.run(limit);
  },
};

const ROM_PHYSICAL = 0x1fc00000;
/** The memory that the ROM prints to: a length, and that many characters. */
const CONSOLE_PHYSICAL = 0x0f000000;
const CONSOLE = 0x80000000 + CONSOLE_PHYSICAL;
const CONSOLE_SIZE = 1 << 20;
const A0 = 4;
/** Many times the instructions of the longest ROM. */
const LIMIT = 50_000_000;

function runOnFarjal(run: Run, read: (core: Processor, limit: number) => number): string[] {
  const core = labProcessor(run.endian, DIRECT_SIZE);
  core.reset(run.cpu);
  core.writeBytes(ROM_PHYSICAL, romBytes(run));
  core.setGpr(A0, CONSOLE);
  assert.equal(read(core, LIMIT), STOP_WAIT, "the ROM comes to its end");
  const printed = Buffer.from(core.readBytes(CONSOLE_PHYSICAL, CONSOLE_SIZE));
  const length = run.endian === "little" ? printed.readUInt32LE() : printed.readUInt32BE();
  return lines(printed.toString("latin1", 4, 4 + length));
}

for (const [index, run] of RUNS.entries()) {
  const expected = asOurs(run.rom, recorded(run));
  for (const [reading, read] of everyOther(Object.entries(READINGS), index)) {
    test(`${nameOf(run)}, ${reading}: ${expected.lines.length - 1} lines`, () => {
      const ours = runOnFarjal(run, read);
      assert.equal(ours.at(-2), "end");
      assert.deepEqual(ours, expected.lines);
    });
  }
  test(`${nameOf(run)}: every listed departure from QEMU occurs`, () => {
    const named = DEPARTURES.filter((departure) => departure.rom === run.rom);
    assert.deepEqual(new Set(expected.met), new Set(named));
  });
}

describe("QEMU prints what is recorded; if not, npm run bare", { skip: qemuSystemSkip() }, () => {
  for (const run of RUNS) {
    test(nameOf(run), () => {
      assert.deepEqual(lines(runOnBoard(run)), recorded(run));
    });
  }
});
