// The ROMs of this folder, a C file each: as build.sh leaves them in built/, with what QEMU printed for
// each beside it. The same ROM runs on the board from reset, and on farjal.

import { readFileSync } from "node:fs";
import type { Endian } from "../../src/elf/object.ts";
import { repositoryFile } from "../support/repository.ts";

export const ROMS = [
  "registers",
  "exceptions",
  "addresses",
  "tlb",
  "modes",
  "interrupts",
  "caches",
] as const;
export type Rom = (typeof ROMS)[number];

export const ENDIANS: readonly Endian[] = ["little", "big"];

export function builtPath(rom: Rom, endian: Endian, extension: "bin" | "txt"): string {
  return repositoryFile(`test/bare/built/${rom}.${endian}.${extension}`);
}

/** The ROM's bytes, as they lie from bfc00000 on. */
export function romBytes(rom: Rom, endian: Endian): Buffer {
  return readFileSync(builtPath(rom, endian, "bin"));
}

/** What it printed on QEMU when it was last recorded. */
export function recorded(rom: Rom, endian: Endian): string[] {
  return lines(readFileSync(builtPath(rom, endian, "txt"), "utf8"));
}

export function lines(transcript: string): string[] {
  return transcript.split("\n");
}
