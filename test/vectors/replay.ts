// Runs every stored vector, on every reading of the instruction, in one byte order: the core must do what QEMU does,
// to all registers, HI, LO and memory, exceptions included. Each byte order is a test file, so that two processors
// share the work.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { disassemble } from "../../src/isa/disassemble.ts";
import type { Background } from "./cases.ts";
import { programOf } from "./cases.ts";
import type { Section } from "./format.ts";
import { differences, Guest, READINGS, type Reading, sampling } from "./guest.ts";
import type { Endian, Stop } from "./program.ts";
import { storedFiles } from "./stored.ts";

const files = storedFiles();

/** The first vectors of a section with a different outcome, in full. */
function failures(
  guest: Guest,
  endian: Endian,
  start: Background,
  section: Section,
  every: number,
): string[] {
  const told: string[] = [];
  section.vectors.forEach((vector, n) => {
    if (n % every > 0) return;
    const program = programOf(vector, start);
    const found = differences(vector.outcome[endian], guest.run(program)[0] as Stop);
    if (found.length === 0) return;
    const text = vector.words.map((word, i) => disassemble(word, program.entry + 4 * i)).join("; ");
    const inputs = [...vector.inputs]
      .map(([register, value]) => `$${register}=0x${value.toString(16)}`)
      .join(" ");
    told.push(
      `#${n} ${text} at 0x${program.entry.toString(16)} with ${inputs}: ${found.join("; ")}`,
    );
  });
  return told;
}

/** Declares the tests of a byte order. */
export function replay(endian: Endian): void {
  for (const reading of Object.keys(READINGS) as Reading[]) {
    describe(`the ${reading} agrees with QEMU, ${endian}-endian`, () => {
      const guest = new Guest(endian, reading);
      for (const { start, sections } of files) {
        for (const section of sections) {
          const every = sampling(reading);
          it(`${section.name} (${Math.ceil(section.vectors.length / every)})`, () => {
            const told = failures(guest, endian, start, section, every);
            assert.equal(told.length, 0, `${told.length} differ:\n${told.slice(0, 5).join("\n")}`);
          });
        }
      }
    });
  }
}
