// Finds the export tables in a kernel's image. __ksymtab and __ksymtab_gpl come first: arrays of struct kernel_symbol,
// {value, name, namespace} in three pointers ({value, name} before 5.4), each array sorted by name. Then come __kcrctab
// and __kcrctab_gpl with a word for each entry, an unsigned long before 4.10 (absent without CONFIG_MODVERSIONS), then
// the names themselves. The linker script (RO_DATA) places them in this order, with nothing between.

import { EXPORT_NAME } from "../limits.ts";
import type { Image } from "./image.ts";
import type { KernelExport } from "./kernel.ts";

/** A run with fewer entries is taken for a coincidence, not for a kernel's exports. */
const LEAST_EXPORTS = 100;
/** Indexes of the pointers in struct kernel_symbol. */
const NAME = 1;
const NAMESPACE = 2;
const ENTRY_POINTERS = [3, 2] as const;

/** Where the CRCs of a table are. */
export interface CrcTable {
  /** Index of the first CRC's low word among the image's words. */
  readonly start: number;
  /** Words from one CRC to the next. */
  readonly step: 1 | 2;
}

/** One table: an array of struct kernel_symbol. */
export interface ExportTable {
  /** Index of its first pointer in the image. */
  readonly start: number;
  readonly entryPointers: 2 | 3;
  readonly names: readonly string[];
  /** The CRCs of its entries, or null. */
  readonly crcs: CrcTable | null;
  readonly gplOnly: boolean;
}

interface Run {
  readonly start: number;
  readonly entryPointers: 2 | 3;
  readonly names: readonly string[];
}

/** Finds the export tables of an image that begins at `address`; the GPL-only table is last. */
export function findExportTables(image: Image, address: number): ExportTable[] {
  const run = ENTRY_POINTERS.map((entryPointers) => longestRun(image, address, entryPointers)).find(
    ({ names }) => names.length >= LEAST_EXPORTS,
  );
  if (run === undefined) return [];
  const { start, entryPointers, names } = run;
  // A name that is out of order begins the second table.
  const order = names.findIndex((name, index) => index > 0 && name <= (names[index - 1] as string));
  const split = order < 0 ? names.length : order;
  const crcs = crcTable(image, address, run);
  const table = (from: number, to: number): ExportTable => ({
    start: start + from * entryPointers,
    entryPointers,
    names: names.slice(from, to),
    crcs: crcs === null ? null : { ...crcs, start: crcs.start + from * crcs.step },
    gplOnly: from > 0,
  });
  return [table(0, split), table(split, names.length)];
}

/**
 * The table that fills exactly these pointers, for a kernel whose sections give its place; null when they aren't a
 * table.
 */
export function tableAt(
  image: Image,
  address: number,
  place: { readonly start: number; readonly end: number },
  more: Pick<ExportTable, "crcs" | "gplOnly">,
): ExportTable | null {
  for (const entryPointers of ENTRY_POINTERS) {
    const names = namesFrom(image, address, place.start, entryPointers, place.end);
    if (place.start + names.length * entryPointers === place.end)
      return { start: place.start, entryPointers, names, ...more };
  }
  return null;
}

/** What the tables export, by name. */
export function readExports(
  image: Image,
  address: number,
  tables: readonly ExportTable[],
): Map<string, KernelExport> {
  const { words } = image;
  const exports = new Map<string, KernelExport>();
  for (const { start, entryPointers, names, crcs, gplOnly } of tables) {
    for (const [index, name] of names.entries()) {
      const entry = start + index * entryPointers;
      const namespace =
        entryPointers === 3 ? textAt(image, address, image.pointer(entry + NAMESPACE)) : null;
      exports.set(name, {
        name,
        address: image.pointer(entry),
        crc: crcs === null ? null : (words[crcs.start + index * crcs.step] ?? null),
        gplOnly,
        namespace: namespace || null,
      });
    }
  }
  return exports;
}

function textAt(image: Image, address: number, pointer: number): string | null {
  return image.text(pointer - address, EXPORT_NAME);
}

/** The names of consecutive entries from a pointer on, as far as `end` at most. */
function namesFrom(
  image: Image,
  address: number,
  start: number,
  entryPointers: 2 | 3,
  end: number,
): string[] {
  const names: string[] = [];
  for (let entry = start; entry + entryPointers <= end; entry += entryPointers) {
    const name = entryName(image, address, entry, entryPointers);
    if (name === null) break;
    names.push(name);
  }
  return names;
}

/** The longest run of consecutive entries in the image. */
function longestRun(image: Image, address: number, entryPointers: 2 | 3): Run {
  const length = image.pointers;
  let best: Run = { start: 0, entryPointers, names: [] };
  // A run that begins at a later entry of this run is shorter, so each entry is read once.
  const readUpTo = new Uint32Array(entryPointers);
  for (let start = 0; start < length; start++) {
    const phase = start % entryPointers;
    if (start < (readUpTo[phase] as number)) continue;
    const names = namesFrom(image, address, start, entryPointers, length);
    readUpTo[phase] = start + names.length * entryPointers;
    if (names.length > best.names.length) best = { start, entryPointers, names };
  }
  return best;
}

/** The name of the entry that begins at a pointer's index; null when no entry can begin there. */
function entryName(
  image: Image,
  address: number,
  entry: number,
  entryPointers: 2 | 3,
): string | null {
  const offset = image.pointer(entry + NAME) - address;
  const value = image.pointer(entry);
  if (offset < 0 || offset >= image.bytes.length || value === 0 || value === -1) return null;
  if (entryPointers === 3) {
    const namespace = image.pointer(entry + NAMESPACE);
    if (namespace !== 0 && textAt(image, address, namespace) === null) return null;
  }
  const name = image.text(offset, EXPORT_NAME);
  return name !== null && /^[A-Za-z_][\w.$]*$/.test(name) ? name : null;
}

/** Between the entries and the names there are either the CRCs or nothing. */
function crcTable(
  image: Image,
  address: number,
  { start, entryPointers, names }: Run,
): CrcTable | null {
  const last = start + names.length * entryPointers;
  let firstName = image.words.length;
  for (let entry = start; entry < last; entry += entryPointers) {
    firstName = Math.min(firstName, (image.pointer(entry + NAME) - address) >>> 2);
  }
  const end = last * image.pointerWords;
  for (const step of [1, 2] as const) {
    if (step > image.pointerWords) break;
    const size = names.length * step;
    if (firstName - end < size || firstName - end >= size + 4) continue;
    return { start: step === 2 && image.endian === "big" ? end + 1 : end, step };
  }
  return null;
}
