// The modules that a running Linux has loaded, with the symbols of each, read from the kernel's memory: struct module
// begins with its state, its place in the list of modules, and its name (include/linux/module.h). Its symbols are where a
// member points at a struct mod_kallsyms: {symbols, their number, their names}. What doesn't look so is left out, for the
// memory is the guest's.

import { KSEG0, KSEG2 } from "../../assembly/shared/memory-map.ts";
import { Words } from "../bytes/words.ts";
import { STT_FUNC } from "../elf/numbers.ts";
import { type NamedRange, type SymbolTable, symbolTable } from "../ftrace/symbol-table.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { OBSERVED_MODULES, OBSERVED_NAMES_BYTES, OBSERVED_SYMBOLS } from "../limits.ts";
import type { GuestMemory } from "./guest-memory.ts";

/** Offsets in struct module. */
const LIST = 4;
const NAME = 12;
const NAME_SIZE = 52;
/** The part of a struct module that is searched for its symbols; it has less than 1 KiB. */
const SEARCHED = 0x400;
const SYMBOL_SIZE = 16;

export interface GuestModule {
  /** The address of its struct module. */
  readonly address: number;
  readonly name: string;
  /** The functions, with their module's name. */
  readonly symbols: SymbolTable;
}

/** Reads a struct module; undefined when there is none at the address, or its symbols can't be read. */
export function readGuestModule(memory: GuestMemory, address: number): GuestModule | undefined {
  const name = moduleNameAt(memory, address);
  if (name === undefined) return undefined;
  for (let at = NAME + NAME_SIZE; at < SEARCHED; at += 4) {
    const member = memory.word(address + at);
    const functions = member === undefined ? undefined : functionsAt(memory, member);
    if (functions !== undefined) return { address, name, symbols: symbolTable(name, functions) };
  }
  return undefined;
}

/** The struct modules in the list that this one is in. */
export function modulesListedWith(memory: GuestMemory, address: number): number[] {
  const found: number[] = [];
  const first = address + LIST;
  let at = memory.word(first);
  // A damaged list may lead round without coming back here.
  for (let seen = 0; at !== undefined && at !== first && seen < OBSERVED_MODULES; seen += 1) {
    if (moduleNameAt(memory, at - LIST) !== undefined) found.push(at - LIST);
    at = memory.word(at);
  }
  return found;
}

/**
 * The struct modules of a kernel that has run already. The head of their list is one of the many list heads in the
 * kernel's data, each of which points at itself in the file: the one that now points at a module.
 */
export function modulesOf(memory: GuestMemory, { image, endian }: Kernel, slide: number): number[] {
  if (image === null || endian === null) return [];
  const words = new Words(image.bytes, endian);
  for (let at = 0; at + 8 <= image.bytes.length; at += 4) {
    const head = image.address + at;
    if (words.u32(at) !== head || words.u32(at + 4) !== head) continue;
    const first = memory.word(head + slide);
    if (first === undefined || first < KSEG2 || first % 4 !== 0) continue;
    const isList = memory.word(first + 4) === head + slide;
    if (isList && readGuestModule(memory, first - LIST) !== undefined) {
      return [first - LIST, ...modulesListedWith(memory, first - LIST)];
    }
  }
  return [];
}

function moduleNameAt(memory: GuestMemory, address: number): string | undefined {
  if (address % 4 !== 0 || address < KSEG0) return undefined;
  const name = memory.text(address + NAME, NAME_SIZE);
  return name !== undefined && /^\w[\w-]*$/.test(name) ? name : undefined;
}

/** The functions of the struct mod_kallsyms at an address; undefined when it isn't one. */
function functionsAt(memory: GuestMemory, address: number): NamedRange[] | undefined {
  if (address < KSEG0 || address % 4 !== 0) return undefined;
  const head = memory.words(address, 12);
  if (head === undefined) return undefined;
  const [symbols, count, names] = [head.u32(0), head.u32(4), head.u32(8)];
  if (count < 2 || count > OBSERVED_SYMBOLS || symbols < KSEG0 || names < KSEG0) return undefined;
  if (symbols % 4 !== 0) return undefined;
  const table = memory.words(symbols, SYMBOL_SIZE * count);
  if (table === undefined) return undefined;
  // The first symbol of an ELF file is empty, as is its name.
  if ([0, 4, 8, 12].some((at) => table.u32(at) !== 0)) return undefined;
  const text = namesFrom(memory, names);
  const found = new Map<number, NamedRange>();
  for (let index = 1; index < count; index += 1) {
    const at = SYMBOL_SIZE * index;
    const [name, value, size] = [table.u32(at), table.u32(at + 4), table.u32(at + 8)];
    const isDefined = table.u16(at + 14) !== 0;
    if ((table.u8(at + 12) & 15) !== STT_FUNC || !isDefined || value < KSEG0) continue;
    const named = text(name);
    if (named === undefined || found.has(value)) continue;
    found.set(value, { address: value, end: value + Math.max(size, 4), name: named, size });
  }
  return [...found.values()].sort((a, b) => a.address - b.address);
}

/** Reads names from a string table, each at most 1 KiB long. */
function namesFrom(memory: GuestMemory, start: number): (offset: number) => string | undefined {
  return (offset) =>
    offset > OBSERVED_NAMES_BYTES ? undefined : memory.text(start + offset, 1024);
}
