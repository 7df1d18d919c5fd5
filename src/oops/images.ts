// The files of what crashed, as an oops's decoder asks them: a module's file and a kernel's. Each gives names, code and
// lines for addresses. A module's addresses are found through the symbols that the kernel printed, which name their
// sections; an address without a symbol needs the module's block, from a line of /proc/modules or from another address.

import { host } from "#host";
import { type Address, distance, lowWord, plus } from "../address.ts";
import { type DebugInfo, openDebugInfo, type SourceFrame } from "../dwarf/debug-info.ts";
import { contents, relocationTables } from "../elf/contents.ts";
import { SHF_EXECINSTR, SHN_LORESERVE, SHN_UNDEF, STT_FILE, STT_SECTION } from "../elf/numbers.ts";
import type { ElfSymbol, Section } from "../elf/object.ts";
import { readElf } from "../elf/reader.ts";
import { Refusal } from "../errors.ts";
import type { AnyKernel } from "../kernel/kernel.ts";
import { isOf32Bits } from "../kernel/kernel.ts";
import { readAnyKernel } from "../kernel/read.ts";
import { KERNEL_BYTES } from "../limits.ts";
import type { ModuleFile } from "../module/file/file.ts";
import { layOut, type ModuleLayout } from "../module/layout/layout.ts";
import { lastAtOrBelowBy } from "../ordered-list.ts";
import type { Block } from "../trampoline/facts.ts";
import type { PrintedSymbol } from "./oops-text.ts";

const NOTHING: readonly SourceFrame[] = [];

/** A place in a module's file. */
export interface ImagePlace {
  readonly section: Section;
  readonly offset: number;
}

/** A symbol that contains an address, and the offset in it. */
export interface NamedPlace {
  readonly name: string;
  readonly offset: number;
}

export class ModuleImage {
  readonly name: string;
  readonly #file: ModuleFile;
  readonly #debug: DebugInfo | null;
  readonly #layout: ModuleLayout | null;
  /** The address of offset 0 of each block's layout, as far as it is known. */
  readonly #origins = new Map<Block, Address>();
  readonly #symbols = new Map<number, readonly ElfSymbol[]>();
  readonly #relocated = new Map<number, ReadonlySet<number>>();

  /** @param debug its debugging information; null: none was found. */
  constructor(name: string, file: ModuleFile, debug: DebugInfo | null) {
    this.name = name;
    this.#file = file;
    this.#debug = debug;
    this.#layout = layoutOf(file);
  }

  /** Says where its code was, by the address in /proc/modules: that of its core block, or since 6.4 of its text. */
  placeCode(address: Address): void {
    this.#origins.set(this.#file.profile.rules.L1 === "two" ? "core" : "text", address);
  }

  /** Learns a block's address from an address that the kernel has named. */
  learn(symbol: PrintedSymbol, address: Address): void {
    const place = this.placeOfSymbol(symbol);
    const placed = place && this.#layout?.sections.get(place.section.index);
    if (place === null || placed === null || placed === undefined) return;
    if (this.#origins.has(placed.block)) return;
    this.#origins.set(placed.block, plus(address, -(placed.offset + place.offset)));
  }

  /** The place that the kernel has named; null if the file has no such symbol of at least that size. */
  placeOfSymbol({ name, offset, size }: PrintedSymbol): ImagePlace | null {
    let fallback: ImagePlace | null = null;
    for (const symbol of this.#file.elf.symbols) {
      const section = this.#file.elf.sections[symbol.section];
      if (symbol.name !== name || section === undefined || !isNamed(symbol)) continue;
      const place = { section, offset: symbol.value + offset };
      if (place.offset >= section.size) continue;
      // Several static functions may have one name: the size tells them apart.
      if (this.#isSize(symbol, section, size)) return place;
      fallback ??= place;
    }
    return fallback;
  }

  /** Whether the file's symbol is as large as the one that the kernel printed; other builds differ here first. */
  isSameSize(printed: PrintedSymbol): boolean {
    const place = this.placeOfSymbol(printed);
    if (place === null) return false;
    const start = place.offset - printed.offset;
    return this.#symbolsOf(place.section).some(
      (symbol) =>
        symbol.name === printed.name &&
        symbol.value === start &&
        this.#isSize(symbol, place.section, printed.size),
    );
  }

  /** The place of an address, if the block in which it is has a known address. */
  placeOf(address: Address): ImagePlace | null {
    for (const { section, block, offset } of this.#layout?.sections.values() ?? []) {
      const origin = this.#origins.get(block);
      if (origin === undefined || typeof origin !== typeof address) continue;
      const into = distance(origin, address) - offset;
      if (into >= 0 && into < section.size) return { section, offset: into };
    }
    return null;
  }

  /** The symbol that contains a place. */
  nameOf({ section, offset }: ImagePlace): NamedPlace | null {
    const symbols = this.#symbolsOf(section);
    const symbol = symbols[lastAtOrBelowBy(symbols, ({ value }) => value, offset)];
    return symbol === undefined ? null : { name: symbol.name, offset: offset - symbol.value };
  }

  framesAt({ section, offset }: ImagePlace): readonly SourceFrame[] {
    return this.#debug?.framesAt(section, offset) ?? NOTHING;
  }

  /** The word of code in the file; null outside code. */
  wordAt({ section, offset }: ImagePlace): number | null {
    if ((section.flags & SHF_EXECINSTR) === 0 || offset % 4 !== 0) return null;
    const words = contents(this.#file.elf, section);
    return offset >= 0 && offset + 4 <= words.size ? words.u32(offset) : null;
  }

  /** Whether loading changes the word: a relocation, or a call site that ftrace switches off. */
  isPatched({ section, offset }: ImagePlace): boolean {
    const known = this.#relocated.get(section.index);
    if (known !== undefined) return known.has(offset);
    const offsets = new Set<number>();
    for (const table of relocationTables(this.#file.elf)) {
      if (table.target.index !== section.index) continue;
      for (let index = 0; index < table.count; index++) offsets.add(table.offset(index));
    }
    this.#relocated.set(section.index, offsets);
    return offsets.has(offset);
  }

  /** The named symbols of a section, ascending, of several at one place the last. */
  #symbolsOf(section: Section): readonly ElfSymbol[] {
    const known = this.#symbols.get(section.index);
    if (known !== undefined) return known;
    const symbols = this.#file.elf.symbols
      .filter((symbol) => symbol.section === section.index && isNamed(symbol))
      .sort((a, b) => a.value - b.value);
    this.#symbols.set(section.index, symbols);
    return symbols;
  }

  /**
   * Whether kallsyms prints this size: the bytes up to the next symbol. The last one of a section reaches at least to
   * the section's end, and as far as the next section with symbols, or the end of the pages.
   */
  #isSize({ value }: ElfSymbol, section: Section, size: number): boolean {
    const next = this.#symbolsOf(section).find((symbol) => symbol.value > value);
    return next === undefined ? size >= section.size - value : size === next.value - value;
  }
}

function isNamed({ name, section, type }: ElfSymbol): boolean {
  const inSection = section !== SHN_UNDEF && section < SHN_LORESERVE;
  return (
    inSection && name !== "" && !name.startsWith("$") && type !== STT_SECTION && type !== STT_FILE
  );
}

function layoutOf(file: ModuleFile): ModuleLayout | null {
  try {
    return layOut(file);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

export class KernelImage {
  readonly #kernel: AnyKernel;
  readonly #debug: DebugInfo | null;
  /** The distance from the file's addresses to those of the running kernel (KASLR). */
  #slide = 0;
  #isPlaced = false;

  constructor(kernel: AnyKernel, debug: DebugInfo | null) {
    this.#kernel = kernel;
    this.#debug = debug;
  }

  get release(): string | null {
    return this.#kernel.release;
  }

  /** Learns where the kernel was from an address that it has named; the first one counts. */
  learn({ name, offset }: PrintedSymbol, address: Address): void {
    const own = this.#kernel.symbol(name)?.address;
    if (this.#isPlaced || own === undefined || typeof own !== typeof address) return;
    this.#slide = distance<Address>(plus<Address>(own, offset), address);
    this.#isPlaced = true;
  }

  nameOf(address: Address): NamedPlace | null {
    const kernel = this.#kernel;
    const own = this.#own(address);
    if (isOf32Bits(kernel)) {
      const found = typeof own === "number" ? kernel.symbolAt(own) : null;
      return found && { name: found.symbol.name, offset: found.offset };
    }
    const found = typeof own === "bigint" ? kernel.symbolAt(own) : null;
    return found && { name: found.symbol.name, offset: found.offset };
  }

  framesAt(address: Address): readonly SourceFrame[] {
    return this.#debug?.framesAtAddress(this.#own(address)) ?? NOTHING;
  }

  wordAt(address: Address): number | null {
    const { image, endian } = this.#kernel;
    const own = this.#own(address);
    if (image === null || typeof image.address !== typeof own) return null;
    const into = distance<Address>(image.address, own);
    if (into < 0 || into + 4 > image.bytes.length || lowWord(own) % 4 !== 0) return null;
    const { buffer, byteOffset } = image.bytes;
    return new DataView(buffer, byteOffset + into, 4).getUint32(0, endian !== "big");
  }

  #own(address: Address): Address {
    return plus<Address>(address, -this.#slide);
  }
}

/**
 * Opens a kernel's file; a vmlinux may have debugging information.
 * @param debugOf finds that of a kernel whose file has none.
 * @throws Misuse as readKernel() does.
 */
export async function openKernelImage(
  path: string,
  debugOf: (kernel: AnyKernel) => Promise<DebugInfo | null> = async () => null,
): Promise<KernelImage> {
  const kernel = await readAnyKernel(path);
  const own =
    kernel.source === "vmlinux" ? openDebugInfo(readElf(host.readFile(path, KERNEL_BYTES))) : null;
  return new KernelImage(kernel, own ?? (await debugOf(kernel)));
}
