// Lists every j and jal of a file: its place, its target by relocation or symbol, and whether it reaches from where the
// file is loaded: a module's two blocks at an address, a linked kernel at its own. Nothing is loaded and no kernel is
// needed: a module's imports count as the kernel's, in kseg0.

import { OP_J, OP_JAL } from "../../assembly/shared/opcodes.ts";
import { R_MIPS_26 } from "../../assembly/shared/relocation-types.ts";
import { type Address, ascending, plus } from "../address.ts";
import { alignUp } from "../bytes/ranges.ts";
import { contents, relocationTables } from "../elf/contents.ts";
import {
  EHDR_SIZE,
  ET_EXEC,
  ET_REL,
  SHF_EXECINSTR,
  SHN_ABS,
  SHN_UNDEF,
  SHT_NOBITS,
  STT_FUNC,
} from "../elf/numbers.ts";
import type { ElfObject, ElfSymbol, Section } from "../elf/object.ts";
import { readElf } from "../elf/reader.ts";
import { type ModuleFile, type ReadModuleOptions, readModule } from "../module/file/file.ts";
import { layOut } from "../module/layout/layout.ts";
import { symbolName } from "../module/relocation/jumps.ts";
import { lastAtOrBelowBy } from "../ordered-list.ts";
import { type Block, blocksOf } from "../trampoline/facts.ts";
import { reachOf, regionOf } from "../trampoline/region.ts";
import { jumpAddend } from "./jump-edits.ts";

/** One j or jal. */
export interface ListedJump<A extends Address = Address> {
  readonly section: string;
  readonly offset: number;
  /** The instruction in the file. */
  readonly word: number;
  /** The target by name: "work_step+0x8"; "" when no symbol names it. */
  readonly symbol: string;
  /** The target's address; null when only a kernel determines it. */
  readonly target: A | null;
  /** Whether the target is in the 256 MiB region of the jump's delay slot. */
  readonly reaches: boolean;
}

/** The kernel's text is in kseg0, which begins a 256 MiB region. */
const KSEG0 = 0x80000000;
const PAGE = 0x1000;

/** @param base the address of the module's first block; the others follow it in order, each with its guard page. */
export function jumpsOfModule(file: ModuleFile, base: Address): ListedJump[] {
  const { elf } = file;
  const layout = layOut(file);
  const first: Address =
    elf.class === 64
      ? BigInt.asUintN(64, BigInt(typeof base === "bigint" ? base : base | 0))
      : base;
  const bases = new Map<Block, Address>();
  let next = first;
  for (const block of blocksOf(layout.blocks)) {
    const size = layout.blocks[block]?.size ?? 0;
    bases.set(block, next);
    if (size > 0) next = plus(next, alignUp(size, PAGE) + PAGE);
  }
  const addressOf = (section: number, offset: number): Address | null => {
    const placed = layout.sections.get(section);
    const block = placed && bases.get(placed.block);
    return placed === undefined || block === undefined ? null : plus(block, placed.offset + offset);
  };
  const jumps: ListedJump[] = [];
  const relocations = jumpRelocations(elf);
  for (const section of code(elf)) {
    const words = contents(elf, section);
    const related = relocations.get(section.index);
    for (let offset = 0; offset + 4 <= words.size; offset += 4) {
      const word = words.u32(offset);
      const at = addressOf(section.index, offset);
      if (!isJump(word) || at === null) continue;
      const relocation = related?.get(offset);
      if (relocation === undefined) {
        jumps.push(bare(section, offset, word, at));
        continue;
      }
      const { symbol, addend = jumpAddend(word) } = relocation;
      const target = targetOf(symbol, addend, addressOf);
      const home =
        target ?? (typeof at === "bigint" ? BigInt.asUintN(64, BigInt(KSEG0 | 0)) : KSEG0);
      jumps.push({
        section: section.name,
        offset,
        word,
        symbol: named(symbolName(elf, symbol), addend),
        target,
        reaches: regionOf(home) === reachOf(at),
      });
    }
  }
  return jumps;
}

/**
 * The jumps of a linked file, a vmlinux. The field gives the target; a jump reaches if the target is in a code section.
 */
function jumpsOfKernel(elf: ElfObject): ListedJump[] {
  const sections = code(elf);
  const ranges = addressRanges(sections);
  const functions = elf.symbols
    .filter(({ type, section }) => type === STT_FUNC && section !== SHN_UNDEF)
    .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  return sections.flatMap((section) => {
    const words = contents(elf, section);
    const jumps: ListedJump[] = [];
    for (let offset = 0; offset + 4 <= words.size; offset += 4) {
      const word = words.u32(offset);
      if (!isJump(word)) continue;
      const jump = bare(section, offset, word, plus(section.address, offset));
      const target = jump.target as Address;
      const own = lastBefore(functions, target);
      const into = own === undefined ? 0 : Number(BigInt(target) - BigInt(own.address));
      const name = own === undefined || into >= Math.max(own.size, 1) ? "" : named(own.name, into);
      const there = ranges[lastAtOrBelowBy(ranges, ({ start }) => start, target)];
      jumps.push({ ...jump, symbol: name, reaches: there !== undefined && target < there.end });
    }
    return jumps;
  });
}

/**
 * The jumps of a module or a vmlinux.
 * @param bytes a module or a vmlinux, uncompressed.
 * @param base the address of a module's first block.
 * @throws Refusal for any other file.
 */
export function jumpsOfFile(
  bytes: Uint8Array,
  base: Address,
  options: ReadModuleOptions = {},
): ListedJump[] {
  const type =
    bytes.length < EHDR_SIZE ? ET_REL : (bytes[TYPE] as number) | (bytes[TYPE + 1] as number);
  if (type === ET_EXEC) return jumpsOfKernel(readElf(bytes));
  return jumpsOfModule(readModule(bytes, options), base);
}

/** The offset of e_type. One of its two bytes is 0 in either byte order. */
const TYPE = 16;

function code(elf: ElfObject): Section[] {
  return elf.sections.filter(
    ({ flags, type }) => (flags & SHF_EXECINSTR) !== 0 && type !== SHT_NOBITS,
  );
}

/** The addresses of sections, in ascending order, joined where they overlap. */
function addressRanges(sections: readonly Section[]): { start: Address; end: Address }[] {
  const ranges: { start: Address; end: Address }[] = [];
  const ends = sections.map(({ address, size }) => ({ start: address, end: plus(address, size) }));
  for (const range of ends.sort((a, b) => ascending(a.start, b.start))) {
    const last = ranges.at(-1);
    if (last === undefined || range.start > last.end) ranges.push(range);
    else if (range.end > last.end) last.end = range.end;
  }
  return ranges;
}

function isJump(word: number): boolean {
  return word >>> 26 === OP_J || word >>> 26 === OP_JAL;
}

interface Related {
  readonly symbol: ElfSymbol;
  /** The relocation's own addend (RELA). */
  readonly addend?: number;
}

/** The R_MIPS_26 of each section, by the section's index and their offset in it. The last one of a word counts. */
function jumpRelocations(elf: ElfObject): Map<number, Map<number, Related>> {
  const bySection = new Map<number, Map<number, Related>>();
  for (const table of relocationTables(elf)) {
    const related = bySection.get(table.target.index) ?? new Map<number, Related>();
    bySection.set(table.target.index, related);
    for (let index = 0; index < table.count; index++) {
      const symbol = elf.symbols[table.symbol(index)];
      if (table.type(index) !== R_MIPS_26 || symbol === undefined) continue;
      const addend = table.hasAddends ? { addend: table.addend(index) } : {};
      related.set(table.offset(index), { symbol, ...addend });
    }
  }
  return bySection;
}

function targetOf(
  symbol: ElfSymbol,
  addend: number,
  addressOf: (section: number, offset: number) => Address | null,
): Address | null {
  if (symbol.section === SHN_UNDEF) return null;
  if (symbol.section === SHN_ABS) return plus(symbol.address, addend);
  return addressOf(symbol.section, symbol.value + addend);
}

/** A jump without a relocation: its target is in the region of its delay slot. */
function bare(section: Section, offset: number, word: number, at: Address): ListedJump {
  const target = plus(reachOf(at), (word & 0x03ffffff) * 4);
  return { section: section.name, offset, word, symbol: "", target, reaches: true };
}

function named(name: string, addend: number): string {
  if (addend === 0) return name;
  return `${name}${addend < 0 ? "-" : "+"}0x${Math.abs(addend).toString(16)}`;
}

/** The last symbol at or before an address, from a list in ascending order. */
function lastBefore(symbols: readonly ElfSymbol[], address: Address): ElfSymbol | undefined {
  return symbols[lastAtOrBelowBy(symbols, (symbol) => symbol.address, address)];
}
