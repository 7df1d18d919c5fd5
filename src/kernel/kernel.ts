// What farjal knows about a kernel: where its symbols are, what it exports to modules and with which CRCs, and, when a
// file holds it, its code. All sources give this one type. A fact that a source lacks is null, and whyMissing()
// explains it in words. read.ts builds the value; this file only looks things up.

import { type Address, distance, isSignExtended, lowWord, type Width } from "../address.ts";
import type { Endian } from "../bytes/endian.ts";
import { hex } from "../hex.ts";
import { lastAtOrBelow } from "../ordered-list.ts";

export type KernelSource = "System.map" | "kallsyms" | "Module.symvers" | "vmlinux" | "vmlinuz";

export interface KernelSymbol<A extends Address = number> {
  readonly name: string;
  readonly address: A;
  /** nm's letter: upper case for global symbols, T text, D data, R read-only data, B bss, W weak. */
  readonly type: string;
}

export interface KernelExport<A extends Address = number> {
  readonly name: string;
  /** null when the source has no addresses (Module.symvers). */
  readonly address: A | null;
  /** The symbol's version (CONFIG_MODVERSIONS), or null when the source or the kernel has none. */
  readonly crc: number | null;
  /** EXPORT_SYMBOL_GPL: invisible to modules with another licence. */
  readonly gplOnly: boolean;
  /** The namespace a module must import, or null. */
  readonly namespace: string | null;
}

/** An export of a module that was built with the kernel, as Module.symvers lists them. */
export interface ModuleExport extends Omit<KernelExport, "address"> {
  readonly address: null;
  /** The exporting module's path without .ko: "drivers/usb/core/usbcore". */
  readonly module: string;
}

/** The kernel's code and data as they are in memory, without .bss. */
export interface KernelImage<A extends Address = number> {
  readonly address: A;
  readonly bytes: Uint8Array;
}

export interface KernelFacts<A extends Address = number> {
  readonly source: KernelSource;
  /** The class of its addresses; null when the source has none. */
  readonly bits: 32 | 64 | null;
  /** null when the source doesn't say (text files). */
  readonly endian: Endian | null;
  /** Ascending by address; the source's order among equal addresses. */
  readonly symbols: readonly KernelSymbol<A>[];
  readonly exports: ReadonlyMap<string, KernelExport<A>>;
  /**
   * Whether `exports` is the kernel's own table. When false, the source has no such table, and every global symbol
   * counts as exported.
   */
  readonly exportsKnown: boolean;
  readonly moduleExports: ReadonlyMap<string, ModuleExport>;
  /** Whether data symbols are among `symbols`: kallsyms leaves them out when CONFIG_KALLSYMS_ALL=n. */
  readonly hasData: boolean;
  readonly image: KernelImage<A> | null;
  /** "6.1.0-50-4kc-malta", from linux_banner. */
  readonly release: string | null;
  /** The string a module's vermagic is compared with, trailing space included. */
  readonly vermagic: string | null;
}

/** A symbol and the offset of an address in it, as kallsyms_lookup() gives them. */
export interface Containing<A extends Address = number> {
  readonly symbol: KernelSymbol<A>;
  readonly offset: number;
}

export class Kernel<A extends Address = number> implements KernelFacts<A> {
  readonly source: KernelSource;
  readonly bits: 32 | 64 | null;
  readonly endian: Endian | null;
  readonly symbols: readonly KernelSymbol<A>[];
  readonly exports: ReadonlyMap<string, KernelExport<A>>;
  readonly exportsKnown: boolean;
  readonly moduleExports: ReadonlyMap<string, ModuleExport>;
  readonly hasData: boolean;
  readonly image: KernelImage<A> | null;
  readonly release: string | null;
  readonly vermagic: string | null;
  readonly #byName = new Map<string, KernelSymbol<A>>();
  /** The symbols' addresses, built by the first search. */
  #addresses: readonly A[] | undefined;

  constructor(facts: KernelFacts<A>) {
    this.source = facts.source;
    this.bits = facts.bits;
    this.endian = facts.endian;
    this.symbols = facts.symbols;
    this.exports = facts.exports;
    this.exportsKnown = facts.exportsKnown;
    this.moduleExports = facts.moduleExports;
    this.hasData = facts.hasData;
    this.image = facts.image;
    this.release = facts.release;
    this.vermagic = facts.vermagic;
    for (const symbol of facts.symbols) {
      if (!this.#byName.has(symbol.name)) this.#byName.set(symbol.name, symbol);
    }
  }

  /** A symbol by its name, exported or not; the one at the lowest address when several have the name. */
  symbol(name: string): KernelSymbol<A> | undefined {
    return this.#byName.get(name);
  }

  /** The address of a symbol or an export, or undefined. */
  addressOf(name: string): A | undefined {
    return this.exports.get(name)?.address ?? this.#byName.get(name)?.address;
  }

  /**
   * The symbol that contains an address: the nearest one at or below it, the first of several at the same address.
   * null below the first symbol, and beyond the image or, when there is no image, beyond the last symbol.
   */
  symbolAt(address: A): Containing<A> | null {
    this.#addresses ??= this.symbols.map((symbol) => symbol.address);
    const index = lastAtOrBelow(this.#addresses, address);
    const last = this.symbols[index];
    if (last === undefined) return null;
    if (index === this.symbols.length - 1 && this.#isBeyond(address)) return null;
    let first = index;
    while (this.symbols[first - 1]?.address === last.address) first -= 1;
    return {
      symbol: this.symbols[first] as KernelSymbol<A>,
      offset: distance(last.address, address),
    };
  }

  /** The reason why a name isn't among the exports, in a sentence that says what would help. */
  whyMissing(name: string): string {
    const elsewhere = this.moduleExports.get(name);
    if (elsewhere !== undefined)
      return `${name} is exported by the module ${elsewhere.module}: load that first`;
    const symbol = this.#byName.get(name);
    if (symbol !== undefined) {
      return this.exportsKnown
        ? `${name} is in the kernel at ${hex(symbol.address)}, but isn't exported`
        : `${name} is a local symbol of the kernel`;
    }
    if (this.exportsKnown) return `the kernel doesn't export ${name}`;
    if (this.hasData) return `${name} isn't in the ${this.source} file`;
    return (
      `${name} isn't in the ${this.source} file, which has no data symbols (CONFIG_KALLSYMS_ALL=n): if it is ` +
      "data, the kernel's vmlinuz, vmlinux or System.map has its address"
    );
  }

  /** Whether an address is beyond the image or, when there is no image, beyond the last symbol. */
  #isBeyond(address: A): boolean {
    const last = this.symbols.at(-1)?.address;
    if (last !== undefined && address <= last) return false;
    if (this.image === null) return true;
    return distance(this.image.address, address) >= this.image.bytes.length;
  }
}

/** Gives exports that were read from an image as low words the image's high word. */
export function widenedExports<A extends Address>(
  exports: ReadonlyMap<string, KernelExport>,
  high: number,
  width: Width<A>,
): Map<string, KernelExport<A>> {
  const wide = (low: number): A => width.of((BigInt(high) << 32n) | BigInt(low));
  return new Map(
    [...exports].map(([name, one]) => [
      name,
      { ...one, address: one.address === null ? null : wide(one.address) },
    ]),
  );
}

/** A kernel of either class; one without addresses counts as a 32-bit kernel. */
export type AnyKernel = Kernel<number> | Kernel<bigint>;

/** A function of every 64-bit MIPS kernel and of no 32-bit one (arch/mips/kernel/scall64-n64.S). */
const ONLY_IN_64_BITS = "handle_sys64";

/**
 * The kernel as 32-bit modules need it. A 32-bit kernel is returned as it is. binutils' nm prints a 32-bit MIPS
 * kernel's addresses in 16 digits, sign-extended; such a list is returned with 32-bit addresses. null for a 64-bit
 * kernel.
 */
export function narrowed(kernel: AnyKernel): Kernel<number> | null {
  if (isOf32Bits(kernel)) return kernel;
  const known = narrowedKernels.get(kernel);
  if (known !== undefined) return known;
  const narrow = narrowedList(kernel);
  narrowedKernels.set(kernel, narrow);
  return narrow;
}

/** Results of narrowed(), since a sweep calls it for each module. */
const narrowedKernels = new WeakMap<Kernel<bigint>, Kernel<number> | null>();

function narrowedList(kernel: Kernel<bigint>): Kernel<number> | null {
  const isList = kernel.source === "System.map" || kernel.source === "kallsyms";
  if (!isList || kernel.symbol(ONLY_IN_64_BITS) !== undefined) return null;
  if (!kernel.symbols.every(({ address }) => isSignExtended(address))) return null;
  const low = (address: bigint | null): number | null =>
    address === null ? null : lowWord(address);
  return new Kernel({
    ...kernel,
    bits: 32,
    image: null,
    symbols: kernel.symbols.map((symbol) => ({ ...symbol, address: lowWord(symbol.address) })),
    exports: new Map(
      [...kernel.exports].map(([name, one]) => [name, { ...one, address: low(one.address) }]),
    ),
  });
}

/** Whether a kernel fits 32-bit modules; one without addresses fits either. */
export function isOf32Bits(kernel: AnyKernel): kernel is Kernel<number> {
  return kernel.bits !== 64;
}

export function isOf64Bits(kernel: AnyKernel): kernel is Kernel<bigint> {
  return kernel.bits !== 32;
}
