// What farjal knows of a kernel: where its symbols are, what it exports to modules and with which CRCs,
// and, when a file holds it, its code. One value for all sources; what a source doesn't tell is null, and
// whyMissing() says it in words. read.ts makes it, this file only looks things up.

import type { Endian } from "../elf/object.ts";
import { hex } from "../hex.ts";

export type KernelSource = "System.map" | "kallsyms" | "Module.symvers" | "vmlinux" | "vmlinuz";

export interface KernelSymbol {
  readonly name: string;
  readonly address: number;
  /** nm's letter: upper case for global symbols, T text, D data, R read-only data, B bss, W weak. */
  readonly type: string;
}

export interface KernelExport {
  readonly name: string;
  /** null when the source has no addresses (Module.symvers). */
  readonly address: number | null;
  /** The symbol's version (CONFIG_MODVERSIONS), or null when the source or the kernel has none. */
  readonly crc: number | null;
  /** EXPORT_SYMBOL_GPL: invisible to modules with another licence. */
  readonly gplOnly: boolean;
  /** The namespace a module must import, or null. */
  readonly namespace: string | null;
}

/** An export of a module that was built with the kernel, as Module.symvers lists them. */
export interface ModuleExport extends KernelExport {
  /** The exporting module's path without .ko: "drivers/usb/core/usbcore". */
  readonly module: string;
}

/** The kernel's code and data as they lie in memory, .bss left out. */
export interface KernelImage {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface KernelFacts {
  readonly source: KernelSource;
  /** null when the source doesn't tell (text files). */
  readonly endian: Endian | null;
  /** Ascending by address; the source's order among equal addresses. */
  readonly symbols: readonly KernelSymbol[];
  readonly exports: ReadonlyMap<string, KernelExport>;
  /**
   * Whether `exports` is the kernel's own table. When false the source has none, and every global symbol
   * counts as exported.
   */
  readonly exportsKnown: boolean;
  readonly moduleExports: ReadonlyMap<string, ModuleExport>;
  /** Whether data symbols are among `symbols`: kallsyms leaves them out when CONFIG_KALLSYMS_ALL=n. */
  readonly hasData: boolean;
  readonly image: KernelImage | null;
  /** "6.1.0-50-4kc-malta", from linux_banner. */
  readonly release: string | null;
  /** The string a module's vermagic is compared with, trailing space included. */
  readonly vermagic: string | null;
}

/** A symbol and how far into it an address lies, as kallsyms_lookup() gives them. */
export interface Containing {
  readonly symbol: KernelSymbol;
  readonly offset: number;
}

export class Kernel implements KernelFacts {
  readonly source: KernelSource;
  readonly endian: Endian | null;
  readonly symbols: readonly KernelSymbol[];
  readonly exports: ReadonlyMap<string, KernelExport>;
  readonly exportsKnown: boolean;
  readonly moduleExports: ReadonlyMap<string, ModuleExport>;
  readonly hasData: boolean;
  readonly image: KernelImage | null;
  readonly release: string | null;
  readonly vermagic: string | null;
  readonly #byName = new Map<string, KernelSymbol>();

  constructor(facts: KernelFacts) {
    this.source = facts.source;
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

  /** A symbol by its name, exported or not; the one at the lowest address when several have it. */
  symbol(name: string): KernelSymbol | undefined {
    return this.#byName.get(name);
  }

  /** The address of a symbol or an export, or undefined. */
  addressOf(name: string): number | undefined {
    return this.exports.get(name)?.address ?? this.#byName.get(name)?.address;
  }

  /**
   * The symbol that an address lies in: the nearest one at or below it, the first of several at one address.
   * null below the first symbol and beyond the image or, without one, beyond the last symbol.
   */
  symbolAt(address: number): Containing | null {
    let low = 0;
    let high = this.symbols.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.symbols[middle] as KernelSymbol).address <= address) low = middle + 1;
      else high = middle;
    }
    const last = this.symbols[low - 1];
    if (last === undefined || (low === this.symbols.length && address > this.#lastAddress()))
      return null;
    let first = low - 1;
    while (this.symbols[first - 1]?.address === last.address) first -= 1;
    return { symbol: this.symbols[first] as KernelSymbol, offset: address - last.address };
  }

  /** Why a name isn't among the exports, in a sentence that tells what would help. */
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
      "data, the kernel's vmlinuz, vmlinux or System.map tells where"
    );
  }

  #lastAddress(): number {
    const last = this.symbols.at(-1)?.address ?? 0;
    return this.image === null
      ? last
      : Math.max(last, this.image.address + this.image.bytes.length - 1);
  }
}
