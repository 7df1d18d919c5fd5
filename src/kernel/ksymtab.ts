// Finds the export tables in a kernel's image: __ksymtab and __ksymtab_gpl, struct kernel_symbol after
// struct kernel_symbol, {value, name, namespace} in three words ({value, name} before 5.4), each table
// sorted by name; then __kcrctab and __kcrctab_gpl, a word for each (absent without CONFIG_MODVERSIONS);
// then the names themselves. The linker script (RO_DATA) lays them out in this order, with nothing between.

import type { Image } from "./image.ts";
import type { KernelExport } from "./kernel.ts";

/** Fewer entries are chance, not a kernel's exports. */
const LEAST_EXPORTS = 100;
const LONGEST_NAME = 256;
/** Word numbers in struct kernel_symbol. */
const NAME = 1;
const NAMESPACE = 2;
const ENTRY_WORDS = [3, 2] as const;

/** One table: struct kernel_symbol after struct kernel_symbol. */
export interface ExportTable {
  /** Index of its first word in the image. */
  readonly start: number;
  readonly entryWords: 2 | 3;
  readonly names: readonly string[];
  /** Index of its first CRC in the image, or null. */
  readonly crcs: number | null;
  readonly gplOnly: boolean;
}

interface Run {
  readonly start: number;
  readonly entryWords: 2 | 3;
  readonly names: readonly string[];
}

/** Finds the export tables of an image that lies at `address`, the GPL-only one last. */
export function findExportTables(image: Image, address: number): ExportTable[] {
  const run = ENTRY_WORDS.map((entryWords) => longestRun(image, address, entryWords)).find(
    ({ names }) => names.length >= LEAST_EXPORTS,
  );
  if (run === undefined) return [];
  const { start, entryWords, names } = run;
  // A name out of order begins the second table.
  const order = names.findIndex((name, index) => index > 0 && name <= (names[index - 1] as string));
  const split = order < 0 ? names.length : order;
  const crcs = crcTable(image, address, run);
  const table = (from: number, to: number): ExportTable => ({
    start: start + from * entryWords,
    entryWords,
    names: names.slice(from, to),
    crcs: crcs === null ? null : crcs + from,
    gplOnly: from > 0,
  });
  return [table(0, split), table(split, names.length)];
}

/** The table that fills these words exactly, in a kernel that says where it is; null otherwise. */
export function tableAt(
  image: Image,
  address: number,
  words: { readonly start: number; readonly end: number },
  more: Pick<ExportTable, "crcs" | "gplOnly">,
): ExportTable | null {
  for (const entryWords of ENTRY_WORDS) {
    const names = namesFrom(image, address, words.start, entryWords, words.end);
    if (words.start + names.length * entryWords === words.end)
      return { start: words.start, entryWords, names, ...more };
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
  for (const { start, entryWords, names, crcs, gplOnly } of tables) {
    for (const [index, name] of names.entries()) {
      const entry = start + index * entryWords;
      const namespace =
        entryWords === 3 ? textAt(image, address, words[entry + NAMESPACE] as number) : null;
      exports.set(name, {
        name,
        address: words[entry] as number,
        crc: crcs === null ? null : (words[crcs + index] ?? null),
        gplOnly,
        namespace: namespace || null,
      });
    }
  }
  return exports;
}

function textAt(image: Image, address: number, pointer: number): string | null {
  return image.text(pointer - address, LONGEST_NAME);
}

/** The names of the entries that follow one another from a word on, up to `end` if that comes first. */
function namesFrom(
  image: Image,
  address: number,
  start: number,
  entryWords: 2 | 3,
  end: number,
): string[] {
  const names: string[] = [];
  for (let entry = start; entry + entryWords <= end; entry += entryWords) {
    const name = entryName(image, address, entry, entryWords);
    if (name === null) break;
    names.push(name);
  }
  return names;
}

/** The most entries that follow one another anywhere in the image. */
function longestRun(image: Image, address: number, entryWords: 2 | 3): Run {
  const { length } = image.words;
  let best: Run = { start: 0, entryWords, names: [] };
  // Within a run, the runs that begin at its later entries are shorter: each entry is read once.
  const readUpTo = new Uint32Array(entryWords);
  for (let start = 0; start < length; start++) {
    const phase = start % entryWords;
    if (start < (readUpTo[phase] as number)) continue;
    const names = namesFrom(image, address, start, entryWords, length);
    readUpTo[phase] = start + names.length * entryWords;
    if (names.length > best.names.length) best = { start, entryWords, names };
  }
  return best;
}

/** The name of the entry at a word index, or null when none can be there. */
function entryName(image: Image, address: number, entry: number, entryWords: 2 | 3): string | null {
  const { words, bytes } = image;
  const pointer = (words[entry + NAME] ?? 0) - address;
  if (pointer < 0 || pointer >= bytes.length || words[entry] === 0) return null;
  if (entryWords === 3) {
    const namespace = words[entry + NAMESPACE];
    if (namespace === undefined || (namespace !== 0 && textAt(image, address, namespace) === null))
      return null;
  }
  const name = image.text(pointer, LONGEST_NAME);
  return name !== null && /^[A-Za-z_][\w.$]*$/.test(name) ? name : null;
}

/** Word index of the first CRC: between the entries and the names there is either nothing or the CRCs. */
function crcTable(image: Image, address: number, { start, entryWords, names }: Run): number | null {
  const end = start + names.length * entryWords;
  let firstName = image.words.length;
  for (let entry = start; entry < end; entry += entryWords) {
    firstName = Math.min(firstName, ((image.words[entry + NAME] as number) - address) >>> 2);
  }
  return firstName - end >= names.length && firstName - end < names.length + 4 ? end : null;
}
