// Passes a section's relocations to the core: stages symbol values and entries in the shared memory and runs relocate()
// or relocate64() (assembly/) on them, in several calls if there are more entries than the staging area holds. The
// caller prepares the entries and interprets a failure.

import {
  RELOC_ENTRIES,
  RELOC_ENTRIES_SIZE,
  RELOC_SYMBOLS,
  RELOC_SYMBOLS_SIZE,
} from "../../../assembly/shared/memory-map.ts";
import { RELOC_FAILED_AT, RELOC_OK } from "../../../assembly/shared/relocation.ts";
import type { Address } from "../../address.ts";
import { REL_SIZE, RELA64_SIZE } from "../../elf/numbers.ts";
import { Refusal } from "../../errors.ts";
import type { AddressArray, RelocationOutcome, SectionRelocations } from "../host.ts";

/** relocate() with addresses of one width. */
type Relocate<A extends Address> = (
  sectionAddress: A,
  sectionPhysical: number,
  sectionSize: number,
  symbolCount: number,
  entryCount: number,
  first: number,
) => number;

/** The core's exports for relocation, and their memory. */
export interface RelocationCore {
  readonly memory: WebAssembly.Memory;
  readonly relocate: Relocate<number>;
  readonly relocate64: Relocate<bigint>;
  finishSection(): number;
}

/**
 * The values in a core's staging area. All sections of a module share one array, which is never changed after it is
 * made, so it is copied once.
 */
const staged = new WeakMap<WebAssembly.Memory, AddressArray>();

/**
 * Relocates one section of a 32-bit module.
 * @param physical the section's guest physical address; the section is contiguous there.
 * @throws Refusal (ENOEXEC) when the module has more symbols than the staging area holds.
 */
export function relocateSection(
  core: RelocationCore,
  physical: number,
  section: SectionRelocations<number>,
): RelocationOutcome {
  const { code, entry } = apply(core, core.relocate, physical, section, REL_SIZE);
  return code === RELOC_OK ? { code: core.finishSection(), entry } : { code, entry };
}

/** The same for a section of a 64-bit module. */
export function relocateSection64(
  core: RelocationCore,
  physical: number,
  section: SectionRelocations<bigint>,
): RelocationOutcome {
  return apply(core, core.relocate64, physical, section, RELA64_SIZE);
}

function apply<A extends Address>(
  core: RelocationCore,
  relocate: Relocate<A>,
  physical: number,
  { address, size, symbols, entries }: SectionRelocations<A>,
  entrySize: number,
): RelocationOutcome {
  stageSymbols(core, symbols);
  const bytes = new Uint8Array(core.memory.buffer);
  const capacity = Math.floor(RELOC_ENTRIES_SIZE / entrySize);
  const count = entries.length / entrySize;
  for (let done = 0; done === 0 || done < count; done += capacity) {
    const part = entries.subarray(done * entrySize, (done + capacity) * entrySize);
    bytes.set(part, RELOC_ENTRIES);
    const first = done === 0 ? 1 : 0;
    const taken = part.length / entrySize;
    const code = relocate(address, physical, size, symbols.length, taken, first);
    if (code !== RELOC_OK) {
      return { code, entry: new Uint32Array(core.memory.buffer)[RELOC_FAILED_AT / 4] ?? 0 };
    }
  }
  return { code: RELOC_OK, entry: 0 };
}

function stageSymbols(core: RelocationCore, symbols: AddressArray): void {
  if (staged.get(core.memory) === symbols) return;
  const most = RELOC_SYMBOLS_SIZE / symbols.BYTES_PER_ELEMENT;
  if (symbols.length > most) {
    throw new Refusal({
      errno: "ENOEXEC",
      dmesg: [],
      explanation: `the module has ${symbols.length} symbols; farjal takes ${most}`,
    });
  }
  const { buffer } = core.memory;
  if (symbols instanceof BigUint64Array) {
    new BigUint64Array(buffer).set(symbols, RELOC_SYMBOLS / 8);
  } else {
    new Uint32Array(buffer).set(symbols, RELOC_SYMBOLS / 4);
  }
  staged.set(core.memory, symbols);
}
