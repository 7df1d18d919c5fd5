// Reads a kernel's own ELF file, vmlinux, of either class: the symbols come from its symbol table, the exports from its
// sections, and the image is assembled from the loaded sections.

import { type Address, ascending, lowWord, WIDTH_32, WIDTH_64, type Width } from "../address.ts";
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
import { UNPACKED_BYTES } from "../limits.ts";
import { findRelease, findVermagic } from "./banner.ts";
import { Image } from "./image.ts";
import { type AnyKernel, Kernel, type KernelSymbol, widenedExports } from "./kernel.ts";
import { type CrcTable, type ExportTable, readExports, tableAt } from "./ksymtab.ts";
import { globalsOf } from "./symbol-list.ts";

const WORD = 4;

/** Whether an ELF file is a linked kernel with its symbols, not a vmlinuz in ELF form. */
export function isVmlinux(elf: ElfObject): boolean {
  return elf.symbols.some(({ name, section }) => name === "_text" && section !== SHN_UNDEF);
}

/**
 * Reads a vmlinux.
 * @throws Misuse when its sections don't make an image.
 */
export function readVmlinux(elf: ElfObject): AnyKernel {
  return elf.class === 64 ? kernelOf(elf, WIDTH_64) : kernelOf(elf, WIDTH_32);
}

function kernelOf<A extends Address>(elf: ElfObject, width: Width<A>): Kernel<A> {
  const symbols = elf.symbols
    .flatMap((symbol) => symbolOf(symbol, elf.sections[symbol.section], width))
    .sort((a, b) => ascending(a.address, b.address));
  const { start, bytes } = imageOf(elf);
  const high = Number(start >> 32n);
  const image = new Image(bytes, elf.endian, width.bits === 64 ? high : null);
  const low = lowWord(start);
  const tables = exportTables(elf, image, low);
  const release = findRelease(bytes);
  return new Kernel({
    source: "vmlinux",
    bits: width.bits,
    endian: elf.endian,
    symbols,
    exports:
      tables === null
        ? globalsOf(symbols)
        : widenedExports(readExports(image, low, tables), high, width),
    exportsKnown: tables !== null,
    moduleExports: new Map(),
    hasData: true,
    image: { address: width.of(start), bytes },
    release,
    vermagic: release === null ? null : findVermagic(bytes, release),
  });
}

/** A symbol with nm's letter; an empty list for symbols that nm -n and scripts/mksysmap leave out. */
function symbolOf<A extends Address>(
  symbol: ElfSymbol,
  section: Section | undefined,
  width: Width<A>,
): KernelSymbol<A>[] {
  const { name, binding, type } = symbol;
  const address = width.of(symbol.address);
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

/** The loaded sections that have contents, each at its offset from `start`. All are in the same 4 GiB. */
function imageOf(elf: ElfObject): { start: bigint; bytes: Uint8Array } {
  const loaded = elf.sections
    .filter(({ type, flags, size }) => type !== SHT_NOBITS && (flags & SHF_ALLOC) !== 0 && size > 0)
    .map(({ offset, size, address }) => ({ offset, size, address: BigInt(address) }));
  const [first] = loaded;
  if (first === undefined)
    throw new Misuse("this vmlinux has no contents: it holds debugging information only");
  let start = first.address;
  let end = start;
  for (const { address, size } of loaded) {
    if (address < start) start = address;
    if (address + BigInt(size) > end) end = address + BigInt(size);
  }
  if ((end - 1n) >> 32n !== start >> 32n || end - start > UNPACKED_BYTES) {
    const text = (at: bigint): string => hex(elf.class === 64 ? at : lowWord(at));
    throw new Misuse(
      `this vmlinux is spread from ${text(start)} to ${text(end)}, farther than any kernel`,
    );
  }
  const bytes = new Uint8Array(Number(end - start));
  for (const { offset, size, address } of loaded) {
    bytes.set(elf.bytes.subarray(offset, offset + size), Number(address - start));
  }
  return { start, bytes };
}

/**
 * The export tables, found by their sections' names; null when the kernel has none.
 * @param start the image's address, its low word on 64 bits.
 */
function exportTables(elf: ElfObject, image: Image, start: number): ExportTable[] | null {
  const placeOf = (name: string, unit: number): { start: number; end: number } | null => {
    const section = elf.sections.find((candidate) => candidate.name === name);
    if (section === undefined || section.type === SHT_NOBITS || (section.flags & SHF_ALLOC) === 0)
      return null;
    const first = (lowWord(section.address) - start) / unit;
    return { start: first, end: first + section.size / unit };
  };
  const tables: ExportTable[] = [];
  for (const [suffix, gplOnly] of [
    ["", false],
    ["_gpl", true],
  ] as const) {
    const pointers = placeOf(`__ksymtab${suffix}`, WORD * image.pointerWords);
    if (pointers === null) continue;
    const crcs = crcsOf(placeOf(`__kcrctab${suffix}`, WORD), image, pointers);
    const table = tableAt(image, start, pointers, { crcs, gplOnly });
    if (table === null)
      throw new Misuse(`the export table __ksymtab${suffix} of this vmlinux is damaged`);
    tables.push(table);
  }
  return tables.length === 0 ? null : tables;
}

/**
 * The CRC of an export is a word, or before 4.10 an unsigned long. An entry has two pointers then, so 64-bit CRCs are
 * recognized by their section having as many words as the table has pointers.
 */
function crcsOf(
  place: { start: number; end: number } | null,
  image: Image,
  pointers: { start: number; end: number },
): CrcTable | null {
  if (place === null) return null;
  const isLong =
    image.pointerWords === 2 && place.end - place.start === pointers.end - pointers.start;
  if (!isLong) return { start: place.start, step: 1 };
  return { start: image.endian === "big" ? place.start + 1 : place.start, step: 2 };
}
