// Which entries of a relocation section Linux 6.1 applies: all of them, except for one defect. __apply_relocate()
// (arch/mips/kernel/module.c) skips a weak symbol whose value is an error number with `continue` and does not advance
// to the next entry, so that all later iterations see the same entry again. The rest of that section is not relocated,
// and the kernel prints no message.

import type { Address } from "../../address.ts";
import { STB_WEAK } from "../../elf/numbers.ts";
import type { ElfObject, RelocationTable } from "../../elf/object.ts";

/** The lowest values that Linux takes for error numbers: (unsigned long)-4095. */
const FIRST_ERROR_32 = 0xfffff001;
const FIRST_ERROR_64 = 0xfffffffffffff001n;

function isErrorNumber(value: Address): boolean {
  return value >= (typeof value === "bigint" ? FIRST_ERROR_64 : FIRST_ERROR_32);
}

/**
 * The symbols that stop Linux in this way.
 * @param resolved a symbol's final value by its index; undefined for a symbol in memory, which has no such address.
 */
export function stoppingSymbols(
  elf: ElfObject,
  resolved: (index: number) => Address | undefined,
): ReadonlySet<number> {
  const stopping = new Set<number>();
  for (const { index, binding } of elf.symbols) {
    const value = binding === STB_WEAK ? resolved(index) : undefined;
    if (value !== undefined && isErrorNumber(value)) stopping.add(index);
  }
  return stopping;
}

/** The table up to its first entry with one of these symbols. */
export function appliedEntries(
  table: RelocationTable,
  stopping: ReadonlySet<number>,
): RelocationTable {
  if (stopping.size === 0) return table;
  let count = 0;
  while (count < table.count && !stopping.has(table.symbol(count))) count += 1;
  const size = table.count === 0 ? 0 : table.bytes.length / table.count;
  return { ...table, count, bytes: table.bytes.subarray(0, count * size) };
}
