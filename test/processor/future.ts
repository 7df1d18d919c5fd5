// Runs a snapshot in a process of its own, for snapshot.test.ts to compare: reads the snapshot that the first
// argument names, runs the number of instructions in the second, and prints a digest of the resulting state.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { RAM } from "../../assembly/shared/memory-map.ts";
import { Processor } from "../../src/processor/processor.ts";
import {
  readSnapshot,
  restoreProcessor,
  type Snapshot,
  stateOf,
} from "../../src/processor/snapshot.ts";

/** The path of the built program. */
export const PROGRAM = fileURLToPath(import.meta.url);

/** SHA-256 of all state that a program can change. */
export function stateDigest(core: Processor): string {
  const { cpu } = stateOf(core);
  const memory = core.bytes.subarray(RAM, RAM + core.ramSize);
  return createHash("sha256").update(cpu).update(memory).digest("hex");
}

/** A new processor with a snapshot's state. */
export function coreOf(snapshot: Snapshot): Processor {
  const { endian, ramSize, model, tlbEntries } = snapshot;
  const processor = new Processor(endian, ramSize, model, { tlbEntries });
  restoreProcessor(processor, snapshot);
  return processor;
}

const [, program, path, steps] = process.argv;
if (program === PROGRAM && path !== undefined) {
  const core = coreOf(readSnapshot(readFileSync(path)));
  core.run(Number(steps));
  process.stdout.write(`${core.pc} ${stateDigest(core)}`);
}
