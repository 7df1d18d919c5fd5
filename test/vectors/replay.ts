// Runs every stored vector, on every reading of the instruction, in one byte order: the core must do what QEMU does,
// to all registers, HI, LO and memory, exceptions included. Each byte order is a test file, so that two processors
// share the work.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { disassemble } from "../../src/isa/disassemble.ts";
import type { Background } from "./cases.ts";
import { programOf } from "./cases.ts";
import type { Section } from "./format.ts";
import { differences, Guest, isSampled, READINGS, type Reading } from "./guest.ts";
import type { Endian, Stop } from "./program.ts";
import { storedFiles } from "./stored.ts";

const files = storedFiles();

/** The vectors with a different outcome, in full, of those given with their numbers. */
function failures(
  guest: Guest,
  endian: Endian,
  start: Background,
  vectors: readonly (readonly [number, Section["vectors"][number]])[],
): string[] {
  const failed: string[] = [];
  for (const [n, vector] of vectors) {
    const program = programOf(vector, start);
    const found = differences(vector.outcome[endian], guest.run(program)[0] as Stop);
    if (found.length === 0) continue;
    const text = vector.words.map((word, i) => disassemble(word, program.entry + 4 * i)).join("; ");
    const inputs = [...vector.inputs]
      .map(([register, value]) => `$${register}=0x${value.toString(16)}`)
      .join(" ");
    failed.push(
      `#${n} ${text} at 0x${program.entry.toString(16)} with ${inputs}: ${found.join("; ")}`,
    );
  }
  return failed;
}

/** Declares the tests of a byte order. */
export function replay(endian: Endian): void {
  for (const reading of Object.keys(READINGS) as Reading[]) {
    describe(`the ${reading} agrees with QEMU, ${endian}-endian`, () => {
      const guest = new Guest(endian, reading);
      for (const { start, sections } of files) {
        for (const section of sections) {
          const vectors = [...section.vectors.entries()].filter(([n]) =>
            isSampled(reading, endian, n),
          );
          it(`${section.name} (${vectors.length})`, () => {
            const failed = failures(guest, endian, start, vectors);
            assert.equal(
              failed.length,
              0,
              `${failed.length} differ:\n${failed.slice(0, 5).join("\n")}`,
            );
          });
        }
      }
    });
  }
}
