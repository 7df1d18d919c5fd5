// A kernel's own ELF file, vmlinux: the symbols come from its symbol table, the exports from its sections,
// and the image is put together from what is loaded.

import {
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHN_ABS,
  SHN_UNDEF,
  SHT_NOBITS,
  STB_LOCAL,
  STB_WEAK,
  STT_FILE,
  STT_OBJECT,
  STT_SECTION,
} from "../elf/numbers.ts";
import type { ElfObject, ElfSymbol, Section } from "../elf/object.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import { findRelease, findVermagic } from "./banner.ts";
import { Image } from "./image.ts";
import { Kernel, type KernelImage, type KernelSymbol } from "./kernel.ts";
import { type ExportTable, readExports, tableAt } from "./ksymtab.ts";
import { LARGEST_IMAGE } from "./output.ts";
import { globalsOf } from "./symbol-list.ts";

/** Whether an ELF file is a linked kernel with its symbols, rather than a vmlinuz in ELF form. */
export function isVmlinux(elf: ElfObject): boolean {
  return elf.symbols.some(({ name, section }) => name === "_text" && section !== SHN_UNDEF);
}

/**
 * Reads a vmlinux.
 * @throws Misuse when its sections don't make an image.
 */
export function readVmlinux(elf: ElfObject): Kernel {
  if (elf.class === 64) {
    throw new Misuse("farjal doesn't read a 64-bit vmlinux: give its vmlinuz or System.map");
  }
  const symbols = elf.symbols
    .flatMap((symbol) => symbolOf(symbol, elf.sections[symbol.section]))
    .sort((a, b) => a.address - b.address);
  const loaded = imageOf(elf);
  const image = new Image(loaded.bytes, elf.endian);
  const tables = exportTables(elf, image, loaded.address);
  const release = findRelease(loaded.bytes);
  return new Kernel({
    source: "vmlinux",
    bits: 32,
    endian: elf.endian,
    symbols,
    exports: tables === null ? globalsOf(symbols) : readExports(image, loaded.address, tables),
    exportsKnown: tables !== null,
    moduleExports: new Map(),
    hasData: true,
    image: loaded,
    release,
    vermagic: release === null ? null : findVermagic(loaded.bytes, release),
  });
}

/** A symbol with nm's letter; nothing for what nm -n and scripts/mksysmap leave out. */
function symbolOf(symbol: ElfSymbol, section: Section | undefined): KernelSymbol[] {
  const { name, value: address, binding, type } = symbol;
  if (name === "" || name.startsWith(".L") || name.startsWith("$")) return [];
  if (type === STT_SECTION || type === STT_FILE) return [];
  const local = binding === STB_LOCAL;
  if (symbol.section === SHN_ABS) return local ? [] : [{ name, address, type: "A" }];
  if (symbol.section === SHN_UNDEF || section === undefined || (section.flags & SHF_ALLOC) === 0)
    return [];
  const letter = binding === STB_WEAK ? (type === STT_OBJECT ? "V" : "W") : letterOf(section);
  return [{ name, address, type: local ? letter.toLowerCase() : letter }];
}

function letterOf({ type, flags }: Section): string {
  if (type === SHT_NOBITS) return "B";
  if ((flags & SHF_EXECINSTR) !== 0) return "T";
  return (flags & SHF_WRITE) !== 0 ? "D" : "R";
}

/** The loaded sections with contents, each at its place. */
function imageOf(elf: ElfObject): KernelImage {
  const loaded = elf.sections.filter(
    ({ type, flags, size }) => type !== SHT_NOBITS && (flags & SHF_ALLOC) !== 0 && size > 0,
  );
  if (loaded.length === 0)
    throw new Misuse("this vmlinux has no contents: it holds debugging information only");
  const address = Math.min(...loaded.map((section) => section.address));
  const end = Math.max(...loaded.map((section) => section.address + section.size));
  if (end > 2 ** 32 || end - address > LARGEST_IMAGE) {
    throw new Misuse(
      `this vmlinux is spread from ${hex(address)} to ${hex(end)}, farther than any kernel`,
    );
  }
  const bytes = new Uint8Array(end - address);
  for (const section of loaded) {
    bytes.set(
      elf.bytes.subarray(section.offset, section.offset + section.size),
      section.address - address,
    );
  }
  return { address, bytes };
}

/** The export tables, by their sections' names; null when the kernel has none. */
function exportTables(elf: ElfObject, image: Image, address: number): ExportTable[] | null {
  const wordsOf = (name: string): { start: number; end: number } | null => {
    const section = elf.sections.find((candidate) => candidate.name === name);
    if (section === undefined || section.type === SHT_NOBITS || (section.flags & SHF_ALLOC) === 0)
      return null;
    const start = (section.address - address) / 4;
    return { start, end: start + section.size / 4 };
  };
  const tables: ExportTable[] = [];
  for (const [suffix, gplOnly] of [
    ["", false],
    ["_gpl", true],
  ] as const) {
    const words = wordsOf(`__ksymtab${suffix}`);
    if (words === null) continue;
    const crcs = wordsOf(`__kcrctab${suffix}`)?.start ?? null;
    const table = tableAt(image, address, words, { crcs, gplOnly });
    if (table === null)
      throw new Misuse(`the export table __ksymtab${suffix} of this vmlinux is damaged`);
    tables.push(table);
  }
  return tables.length === 0 ? null : tables;
}
