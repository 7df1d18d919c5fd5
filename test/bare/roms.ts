// The ROMs of this folder, one from each C file: built/ has them from build.sh, with what QEMU printed for each. The
// same ROM runs on the board from reset, and on farjal.

import { readFileSync } from "node:fs";
import type { Endian } from "../../src/bytes/endian.ts";
import type { CpuModel } from "../../src/processor/processor.ts";
import { repositoryFile } from "../support/repository.ts";

/** A ROM on a processor. */
export interface Run {
  readonly rom: string;
  readonly cpu: CpuModel;
  readonly endian: Endian;
}

const ROMS = [
  "registers",
  "exceptions",
  "addresses",
  "tlb",
  "storm",
  "boundaries",
  "modes",
  "interrupts",
  "caches",
  "debug",
] as const;

/** All ROMs run on the 24Kc. The ROM that shows how the two processors differ, registers, runs on the 4KEc too. */
export const RUNS: readonly Run[] = (["little", "big"] as const).flatMap((endian) => [
  ...ROMS.map((rom) => ({ rom, cpu: "24Kc", endian }) as const),
  { rom: "registers", cpu: "4KEc", endian } as const,
]);

export function nameOf({ rom, cpu, endian }: Run): string {
  return `${rom}, ${cpu}, ${endian}-endian`;
}

/** The ROM's bytes, in memory from bfc00000 on. */
export function romBytes({ rom, endian }: Run): Buffer {
  return readFileSync(repositoryFile(`test/bare/built/${rom}.${endian}.bin`));
}

export function transcriptPath({ rom, cpu, endian }: Run): string {
  return repositoryFile(`test/bare/built/${rom}.${cpu}.${endian}.txt`);
}

/** The output on QEMU when it was last recorded. */
export function recorded(run: Run): string[] {
  return lines(readFileSync(transcriptPath(run), "utf8"));
}

export function lines(transcript: string): string[] {
  return transcript.split("\n");
}
