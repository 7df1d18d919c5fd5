// Hands a section's relocations to the core: stages symbol values and entries in the shared memory and
// runs relocate() (assembly/relocate.ts) over them, in several calls when there are more entries than the
// staging area holds. What the entries should be is decided before; what a failure means, after.

import {
  RELOC_ENTRIES,
  RELOC_ENTRIES_SIZE,
  RELOC_FAILED_AT,
  RELOC_OK,
  RELOC_SYMBOLS,
  RELOC_SYMBOLS_SIZE,
} from "../../assembly/layout.ts";
import { REL_SIZE } from "../elf/numbers.ts";
import { Refusal } from "../errors.ts";
import type { RelocationOutcome, SectionRelocations } from "./host.ts";

/** The core's exports that relocate, and the memory they work in. */
export interface RelocationCore {
  readonly memory: WebAssembly.Memory;
  relocate(
    sectionAddress: number,
    sectionPhysical: number,
    sectionSize: number,
    symbolCount: number,
    entryCount: number,
    first: number,
  ): number;
  finishSection(): number;
}

/**
 * The values that a core's staging area holds: all sections of a module share one array, which isn't
 * changed once it is made, so it is copied once.
 */
const staged = new WeakMap<WebAssembly.Memory, Uint32Array>();

const MOST_SYMBOLS = RELOC_SYMBOLS_SIZE / 4;
const ENTRIES_A_CALL = RELOC_ENTRIES_SIZE / REL_SIZE;

/**
 * Relocates one section.
 * @param physical where the section lies in guest physical memory, in one piece.
 * @throws Refusal (ENOEXEC) when the module has more symbols than the staging area holds.
 */
export function relocateSection(
  core: RelocationCore,
  physical: number,
  { address, size, symbols, entries }: SectionRelocations,
): RelocationOutcome {
  if (symbols.length > MOST_SYMBOLS) {
    throw new Refusal({
      errno: "ENOEXEC",
      dmesg: [],
      explanation: `the module has ${symbols.length} symbols; farjal takes ${MOST_SYMBOLS}`,
    });
  }
  const words = new Uint32Array(core.memory.buffer);
  if (staged.get(core.memory) !== symbols) words.set(symbols, RELOC_SYMBOLS / 4);
  staged.set(core.memory, symbols);
  for (let done = 0; done === 0 || done * 2 < entries.length; done += ENTRIES_A_CALL) {
    const part = entries.subarray(done * 2, (done + ENTRIES_A_CALL) * 2);
    words.set(part, RELOC_ENTRIES / 4);
    const first = done === 0 ? 1 : 0;
    const code = core.relocate(address, physical, size, symbols.length, part.length / 2, first);
    if (code !== RELOC_OK) return { code, entry: words[RELOC_FAILED_AT / 4] ?? 0 };
  }
  return { code: core.finishSection(), entry: 0 };
}
