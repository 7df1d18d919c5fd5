// Reads a distribution's kernel file, the only one that most users have: vmlinuz, uImage or a raw vmlinux.bin. The
// kernel in it has lost its ELF headers, so kallsyms and the export tables are found by their shape.

import { WIDTH_64 } from "../address.ts";
import { Misuse } from "../errors.ts";
import { ARCHIVE_DEPTH, VMLINUZ_UNPACKED_BYTES } from "../limits.ts";
import { findRelease, findVermagic } from "./banner.ts";
import { Image } from "./image.ts";
import { findKallsyms, type Kallsyms } from "./kallsyms/find.ts";
import {
  type AnyKernel,
  Kernel,
  type KernelFacts,
  type KernelSymbol,
  widenedExports,
} from "./kernel.ts";
import { findExportTables, readExports } from "./ksymtab.ts";
import { findAddressOfImage, findLoadAddress } from "./load-address.ts";
import { findPayloads } from "./payload.ts";
import { globalsOf } from "./symbol-list.ts";

/** The high word of CKSEG0's addresses. */
const CKSEG_HIGH = 0xffff_ffff;

/**
 * Reads a compressed or raw kernel image.
 * @throws Misuse when it holds no kernel, or one without kallsyms.
 */
export async function readVmlinuz(bytes: Uint8Array): Promise<AnyKernel> {
  const { kallsyms, release } = await findKernel(bytes);
  const located = locate(kallsyms);
  if (located === null) {
    throw new Misuse(
      `Linux ${release} in this file has no load address that farjal finds: give its vmlinux or System.map`,
    );
  }
  const { image, symbols, address } = located;
  const tables = findExportTables(image, address);
  const facts: KernelFacts = {
    source: "vmlinuz",
    bits: 32,
    endian: image.endian,
    symbols,
    exports: tables.length > 0 ? readExports(image, address, tables) : globalsOf(symbols),
    exportsKnown: tables.length > 0,
    moduleExports: new Map(),
    hasData: symbols.some(({ type }) => /[Bb]/.test(type)),
    image: { address, bytes: image.bytes },
    release,
    vermagic: findVermagic(image.bytes, release),
  };
  return image.pointerWords === 1 ? new Kernel(facts) : new Kernel(widened(facts, image.high));
}

interface Located {
  readonly image: Image;
  readonly symbols: readonly KernelSymbol[];
  readonly address: number;
}

/** The image with its address and its symbols' addresses; null when the address can't be determined. */
function locate({ image, symbols, ofImage }: Kallsyms): Located | null {
  if (!ofImage) {
    const address = findLoadAddress(image, symbols);
    return address === null ? null : { image, symbols, address };
  }
  // Offsets alone don't say the class; 64-bit kernels are assumed in CKSEG0, where all kernels with -msym32 are.
  for (const own of [image, new Image(image.bytes, image.endian, CKSEG_HIGH)]) {
    const address = findAddressOfImage(own, symbols);
    if (address === null) continue;
    const placed = symbols.map((symbol) => ({ ...symbol, address: symbol.address + address }));
    return { image: own, symbols: placed, address };
  }
  return null;
}

/** The facts of a 64-bit kernel, made from facts with low words. */
function widened(facts: KernelFacts, high: number): KernelFacts<bigint> {
  const wide = (low: number): bigint => (BigInt(high) << 32n) | BigInt(low);
  const { symbols, exports, image } = facts;
  return {
    ...facts,
    bits: 64,
    symbols: symbols.map((symbol) => ({ ...symbol, address: wide(symbol.address) })),
    exports: widenedExports(exports, high, WIDTH_64),
    image: image && { ...image, address: wide(image.address) },
  };
}

interface Found {
  readonly kallsyms: Kallsyms;
  readonly release: string;
}

/** The most failures that an error lists. */
const MOST_FAILURES = 4;

/** A search through a file, with what it has found so far. */
class KernelSearch {
  readonly failures: string[] = [];
  #unpacked = 0;

  /** The first kernel among the compressed parts, or inside those that aren't kernels; null when there is none. */
  async among(bytes: Uint8Array, depth = 0): Promise<Found | null> {
    for (const { format, unpack } of findPayloads(bytes)) {
      if (this.#unpacked > VMLINUZ_UNPACKED_BYTES) return null;
      const image = await this.#unpack(format, unpack);
      if (image === null) continue;
      const release = findRelease(image);
      if (release !== null) {
        const kallsyms = findKallsyms(image);
        return kallsyms === null ? withoutSymbols(release) : { kallsyms, release };
      }
      const within = depth + 1 < ARCHIVE_DEPTH ? await this.among(image, depth + 1) : null;
      if (within !== null) return within;
    }
    return null;
  }

  async #unpack(format: string, unpack: () => Promise<Uint8Array>): Promise<Uint8Array | null> {
    try {
      const image = await unpack();
      this.#unpacked += image.length;
      return image;
    } catch (error) {
      if (this.failures.length < MOST_FAILURES)
        this.failures.push(`${format}: ${(error as Error).message}`);
      return null;
    }
  }
}

/** The kernel in one of the file's compressed parts or, when none of them is a kernel, in the file itself. */
async function findKernel(bytes: Uint8Array): Promise<Found> {
  const search = new KernelSearch();
  const found = await search.among(bytes);
  if (found !== null) return found;
  const release = findRelease(bytes);
  const kallsyms = release === null ? null : findKallsyms(bytes);
  if (release !== null && kallsyms !== null) return { kallsyms, release };
  if (search.failures.length > 0)
    throw new Misuse(`the compressed kernel can't be unpacked (${search.failures.join("; ")})`);
  if (release !== null) withoutSymbols(release);
  throw new Misuse("no kernel is in this file: it is neither a kernel image nor a list of symbols");
}

function withoutSymbols(release: string): never {
  throw new Misuse(
    `Linux ${release} in this file has no symbol table (CONFIG_KALLSYMS=n, or a form farjal doesn't know): ` +
      "give its vmlinux or System.map",
  );
}
