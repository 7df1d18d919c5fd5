// The loaded lab kernel: our own small kernel (src/lab-kernel/), loaded by the same loader as modules. This file
// reads what its object contains beyond a module's contents (which exports are services, and the names of its
// HYPERCALL codes) and looks up addresses in it.

import { host } from "#host";
import type { Endian } from "../bytes/endian.ts";
import { latin1 } from "../bytes/text.ts";
import { contents } from "../elf/contents.ts";
import { STT_FUNC, STT_OBJECT } from "../elf/numbers.ts";
import { Misuse } from "../errors.ts";
import { type NamedRange, type SymbolTable, symbolTable } from "../ftrace/symbol-table.ts";
import { type ModuleFile, readModule } from "../module/file/file.ts";
import type { MemoryBlock } from "../module/host.ts";
import type { LoadedModule } from "../module/loaded.ts";
import type { GuestMemory } from "../processor/guest-memory.ts";
import { firstAtEach } from "./kernel-symbols.ts";

/** The lab kernel's module name. Its symbols are printed without a module name, as the kernel's are. */
const LAB_NAME = "vmlinux";

/** Reads the built-in lab kernel of a byte order. */
export function readLab(endian: Endian): ModuleFile {
  return readModule(host.resource(`lab-${endian}.o`), { object: true, name: LAB_NAME });
}

/** The names in one of the lab's own tables, `.lab_hypercalls` or `.lab_services`. */
export function labNames(file: ModuleFile, table: string): string[] {
  const section = file.elf.sections.find(({ name }) => name === table);
  if (section === undefined) throw new Misuse(`the lab kernel's object has no ${table}`);
  const text = latin1(contents(file.elf, section).bytes);
  return text.split("\0").filter((name) => name !== "");
}

export class Lab {
  /** Exported name → address. */
  readonly exports: ReadonlyMap<string, number>;
  /** Exports that need a booted kernel: memory, locks, the log, time. */
  readonly services: readonly string[];
  /** Its functions. */
  readonly symbols: SymbolTable;
  readonly #module: LoadedModule;
  readonly #memory: GuestMemory;

  constructor(file: ModuleFile, module: LoadedModule, memory: GuestMemory) {
    this.#module = module;
    this.#memory = memory;
    this.services = labNames(file, ".lab_services");
    this.exports = new Map(module.exports.map(({ name, address }) => [name, address]));
    this.symbols = symbolTable(null, firstAtEach(functionsOf(module)));
  }

  /** The block of memory that it occupies. */
  get memory(): MemoryBlock {
    return this.#module.core;
  }

  addressOf(name: string): number | undefined {
    return this.#module.symbols.find((symbol) => symbol.name === name)?.address;
  }

  /** The address of a symbol that must exist. */
  require(name: string): number {
    const address = this.addressOf(name);
    if (address === undefined) throw new Misuse(`the lab kernel's object has no ${name}`);
    return address;
  }

  /** An exported variable's present bytes; undefined for functions. */
  dataOf(name: string): Uint8Array | undefined {
    const symbol = this.#module.symbols.find((one) => one.name === name);
    if (symbol?.type !== STT_OBJECT || !this.exports.has(name)) return undefined;
    return this.#memory.read(symbol.address, symbol.size);
  }
}

/** Ascending. */
function functionsOf({ symbols }: LoadedModule): NamedRange[] {
  return symbols
    .filter(({ type }) => type === STT_FUNC)
    .map(({ name, address, size }) => ({ name, address, size, end: address + size }))
    .sort((a, b) => a.address - b.address);
}
