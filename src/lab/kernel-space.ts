// The kernel that modules import from, and the code of its symbols. The lab kernel is always in memory. Without a
// kernel from the user, modules import from the lab kernel. With one, its symbols and addresses are used; the lab
// kernel is placed above it and supplies code by a `j` at the address in the user's kernel. It does so for every
// service that needs a booted kernel and, if the user's file has no code (System.map, kallsyms, Module.symvers), for
// every function that the lab kernel has. A function without code becomes one HYPERCALL word, which ends the run and
// reports the function's name.

import { host } from "#host";
import { DIRECT_SIZE, KSEG0, PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import type { Address } from "../address.ts";
import { alignUp, type RangeAllocator } from "../bytes/ranges.ts";
import { hexDigits, utf8Bytes } from "../bytes/text.ts";
import { Misuse } from "../errors.ts";
import { type SymbolTable, symbolTable } from "../ftrace/symbol-table.ts";
import { hex } from "../hex.ts";
import { jumpTo, NOP } from "../isa/assemble.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Export } from "../module/host.ts";
import type { GuestMemory } from "../processor/guest-memory.ts";
import type { Processor } from "../processor/processor.ts";
import { GuestEnd } from "./calls/call.ts";
import type { HostFunction, HostFunctions } from "./calls/host-functions.ts";
import { kernelSymbols } from "./kernel-symbols.ts";
import type { Lab } from "./lab-kernel.ts";
import type { ProvideOptions } from "./machine-options.ts";

/** Where a kernel is loaded on MIPS: 1 MiB into kseg0. */
const KERNEL_BASE = KSEG0 + 0x100000;
/** Bytes of an import that has no address of its own: room for a jump and its delay slot. */
const STUB_SIZE = 8;
/** The most names in the explanation; the kernel's lines name every missing symbol. */
const MOST_NAMES_SHOWN = 3;
/** The most arguments that a host function's calls record. */
const MOST_ARGUMENTS = 64;

/** The owner of the code that a call of a kernel export runs. A stub has no code and ends the run. */
export type CodeOwner = "kernel" | "lab" | "host" | "stub";

/** A range of guest memory that belongs to a kernel. */
export interface KernelRange<A extends Address = number> {
  readonly owner: "kernel" | "lab";
  readonly base: A;
  readonly size: number;
}

export class KernelSpace {
  readonly #processor: Processor;
  readonly #memory: GuestMemory;
  readonly #physical: RangeAllocator;
  readonly #functions: HostFunctions;
  /** The user's kernel; null when the lab is the kernel. */
  readonly #kernel: Kernel | null;
  #lab: Lab | null = null;
  /** Names whose address was assigned here: provided by the host, or without an address in the user's file. */
  readonly #stubs = new Map<string, number>();
  #stubTable: SymbolTable | undefined;
  /** Names whose code has been put in place. */
  readonly #placed = new Set<string>();

  constructor(
    processor: Processor,
    memory: GuestMemory,
    physical: RangeAllocator,
    functions: HostFunctions,
    kernel: Kernel | null,
  ) {
    this.#processor = processor;
    this.#memory = memory;
    this.#physical = physical;
    this.#functions = functions;
    this.#kernel = kernel;
  }

  /** The version magic that modules must have; null: unknown. */
  get vermagic(): string | null {
    return this.#kernel?.vermagic ?? null;
  }

  /** Copies the user's kernel into memory, if there is one, and returns the address for the lab kernel. */
  mapImage(): number {
    const kernel = this.#kernel;
    if (kernel === null) return KERNEL_BASE;
    const { image } = kernel;
    if (image !== null) {
      const physical = image.address - KSEG0;
      if (physical < 0 || physical + image.bytes.length > this.#processor.ramSize) {
        throw new Misuse(
          `the kernel's image of ${image.bytes.length} bytes at ${hex(image.address)} does not fit ` +
            `into ${this.#processor.ramSize >>> 20} MiB of guest memory; give the machine more`,
        );
      }
      this.#processor.writeBytes(physical, image.bytes);
    }
    const end = this.#kernelEnd(kernel);
    this.#physical.reserve(KERNEL_BASE - KSEG0, end - (KERNEL_BASE - KSEG0));
    return KSEG0 + end;
  }

  /** The first page of RAM above the kernel and above all its symbols that are in RAM. */
  #kernelEnd(kernel: Kernel): number {
    const addresses = [
      KERNEL_BASE + PAGE_SIZE,
      kernel.image === null ? 0 : kernel.image.address + kernel.image.bytes.length,
      ...[...kernel.exports.values()].map(({ address }) => address ?? 0),
      ...kernel.symbols.map(({ address }) => address),
    ];
    const inRam = addresses.filter((at) => at >= KSEG0 && at - KSEG0 < this.#processor.ramSize);
    const highest = inRam.reduce((a, b) => Math.max(a, b), 0);
    return Math.min(alignUp(highest - KSEG0 + PAGE_SIZE, PAGE_SIZE), DIRECT_SIZE);
  }

  /** Connects the lab kernel: its services implement the user's kernel's symbols, its mcount is ready for tracing. */
  attach(lab: Lab): void {
    this.#lab = lab;
    const kernel = this.#kernel;
    if (kernel?.image != null) {
      for (const name of lab.services) this.#place(name, kernel.addressOf(name));
    }
  }

  /** The kernel's export of a name; supplies code for it if it has none. A symbol made by stub() is not an export. */
  findExport(name: string): Export | undefined {
    const own = this.#stubs.get(name);
    if (own !== undefined && this.ownerOf(name) !== "stub")
      return { ...this.#facts(name), name, address: own };
    const kernel = this.#kernel;
    if (kernel === null) {
      const address = this.#lab?.exports.get(name);
      return address === undefined ? undefined : { ...this.#facts(name), name, address };
    }
    const found = kernel.exports.get(name);
    if (found === undefined) return undefined;
    const address = found.address ?? this.#addressless(name);
    if (kernel.image === null) this.#place(name, address);
    return { ...this.#facts(name), name, address };
  }

  /** A digest of the user's kernel's exports, which identifies it; null when the lab is the kernel. */
  get digest(): string | null {
    if (this.#kernel === null) return null;
    const lines = [...this.#kernel.exports.values()].map(
      ({ name, address }) => `${name} ${address}\n`,
    );
    return hexDigits(host.sha256([utf8Bytes(`${this.#kernel.vermagic ?? ""}${lines.join("")}`)]));
  }

  /** The names whose address was assigned here, and the addresses. */
  get stubs(): [name: string, address: number][] {
    return [...this.#stubs];
  }

  /** Why the kernel doesn't export these names, and what would help. */
  whyMissing(names: readonly string[]): string {
    const shown = names.slice(0, MOST_NAMES_SHOWN);
    const rest = names.length - shown.length;
    const more = rest > 0 ? [`and ${rest} more`] : [];
    const kernel = this.#kernel;
    if (kernel !== null) {
      return [...shown.map((name) => kernel.whyMissing(name)), ...more].join("; ");
    }
    return (
      `the built-in lab kernel has no ${[...shown, ...more].join(", ")}: give the kernel that the ` +
      "module was built for (--kernel vmlinuz), or take stubs for what is missing (--stub-missing)"
    );
  }

  /**
   * An export for a name that is not exported: the lab's function, if it has one, else a stub that ends the run when
   * it is called.
   */
  stub(name: string): Export {
    const own = this.#lab?.exports.get(name);
    const address = own ?? this.#reserveStub(name);
    if (own === undefined) {
      this.#memory.setU32(address, this.#functions.provide(name, unresolved));
    }
    return { ...this.#facts(name), name, address };
  }

  /** The export that stub() made for a name, if any. */
  stubFor(name: string): Export | undefined {
    return this.#stubs.has(name) && this.ownerOf(name) === "stub" ? this.stub(name) : undefined;
  }

  /** The owner of the code behind an export from findExport() or stub(). */
  ownerOf(name: string): CodeOwner {
    const replaced = this.#placed.has(name) || this.#stubs.has(name);
    const run = replaced ? this.#functions.named(name) : undefined;
    if (run !== undefined) return run === unresolved ? "stub" : "host";
    return replaced || this.#kernel === null ? "lab" : "kernel";
  }

  /** The kernels' memory: the user's, from its first symbol in RAM to its last, and the lab's. */
  get ranges(): KernelRange[] {
    const ranges: KernelRange[] = [];
    const lab = this.#lab?.memory;
    if (this.#kernel !== null) {
      const base = this.#kernel.image?.address ?? KERNEL_BASE;
      const end = KSEG0 + this.#kernelEnd(this.#kernel);
      ranges.push({ owner: "kernel", base, size: end - base });
    }
    if (lab !== undefined) ranges.push({ owner: "lab", ...lab });
    return ranges;
  }

  /** Implements a name by a host function, replacing any other code. */
  provide(name: string, run: HostFunction, options: ProvideOptions): void {
    const { args = 0, returns = 32 } = options;
    if (typeof run !== "function") {
      throw new Misuse(`provide("${name}", …) takes a function, not ${typeof run}`);
    }
    if (!(Number.isInteger(args) && args >= 0 && args <= MOST_ARGUMENTS)) {
      throw new Misuse(`a function has from 0 to ${MOST_ARGUMENTS} arguments, not ${args}`);
    }
    if (returns !== 32 && returns !== 64) {
      throw new Misuse(`a result has 32 or 64 bits, not ${String(returns)}`);
    }
    const address = this.addressOf(name) ?? this.#reserveStub(name);
    this.#placed.add(name);
    this.#memory.setU32(address, this.#functions.provide(name, run, options));
  }

  /** The address of any kernel symbol. */
  addressOf(name: string): number | undefined {
    const stub = this.#stubs.get(name);
    if (stub !== undefined) return stub;
    return this.#kernel === null ? this.#lab?.addressOf(name) : this.#kernel.addressOf(name);
  }

  /** The kernel's symbol tables; the first table that has an address names it. Rebuilt after stubs were added. */
  get symbolTables(): readonly SymbolTable[] {
    if (this.#stubTable?.names.length !== this.#stubs.size) {
      const ranges = [...this.#stubs].map(([name, address]) => {
        return { name, address, end: address + STUB_SIZE, size: STUB_SIZE };
      });
      this.#stubTable = symbolTable(
        null,
        ranges.sort((a, b) => a.address - b.address),
      );
    }
    const lab = this.#lab === null ? [] : [this.#lab.symbols];
    const kernel = this.#kernel === null ? [] : [kernelSymbols(this.#kernel)];
    return [this.#stubTable, ...lab, ...kernel];
  }

  /** Supplies code for a kernel function: the lab's if it has the function, else a word that ends the run. */
  #place(name: string, address: number | undefined): void {
    if (address === undefined || this.#placed.has(name)) return;
    this.#placed.add(name);
    if (!this.#memory.mapped(address, STUB_SIZE)) return;
    const lab = this.#requireLab();
    const data = lab.dataOf(name);
    if (data !== undefined) {
      this.#memory.write(address, data);
      return;
    }
    const target = lab.exports.get(name);
    if (target !== undefined) {
      if (target === address) return;
      this.#memory.setU32(address, jumpTo("j", target));
      this.#memory.setU32(address + 4, NOP);
    } else if (this.#mayBeCode(name)) {
      this.#memory.setU32(address, this.#functions.provide(name, unresolved));
    }
  }

  /** Data symbols get no code. A kernel file without symbol types may mean data or code by a name. */
  #mayBeCode(name: string): boolean {
    const type = this.#kernel?.symbol(name)?.type;
    return type === undefined || "tTwW".includes(type);
  }

  /** The address of an export whose kernel file has no addresses: the lab's symbol, or a new stub. */
  #addressless(name: string): number {
    return this.#lab?.exports.get(name) ?? this.#reserveStub(name);
  }

  #reserveStub(name: string): number {
    const known = this.#stubs.get(name);
    if (known !== undefined) return known;
    const address = this.#memory.alloc(STUB_SIZE);
    this.#stubs.set(name, address);
    return address;
  }

  #facts(name: string): Omit<Export, "name" | "address"> {
    const found = this.#kernel?.exports.get(name);
    return {
      crc: found?.crc ?? null,
      gpl: found?.gplOnly ?? false,
      namespace: found?.namespace ?? null,
      owner: null,
    };
  }

  #requireLab(): Lab {
    if (this.#lab === null) throw new Misuse("the lab kernel is not loaded yet");
    return this.#lab;
  }
}

const unresolved: HostFunction = ({ name }) => {
  throw new GuestEnd("unresolved", name);
};
