// The address space in which one file's debugging information is read. A linked file has addresses. A relocatable file
// has none: each of its sections begins at 0, and relocations in the debugging sections say which section is meant. So
// its sections are put one after the other here, as binutils' place_sections() does; relocations are applied with these
// places, and every address then belongs to one section.

import { ET_REL, SHF_ALLOC, SHN_ABS, SHN_LORESERVE } from "../elf/numbers.ts";
import type { ElfObject, ElfSymbol, Section } from "../elf/object.ts";
import { Misuse } from "../errors.ts";
import { lastAtOrBelowBy } from "../ordered-list.ts";

/** Low addresses stay free: 0 is what a relocation of a missing symbol leaves behind. */
const FIRST = 0x10000;
/** Between sections, so that the end of one is not the beginning of the next. */
const GAP = 0x100;

/** A place in a section of the file. */
export interface DebugPlace {
  readonly section: Section;
  readonly offset: number;
}

export class AddressSpace {
  readonly #elf: ElfObject;
  /** The sections in memory, those of the module if it is another file; ascending by `base`. */
  readonly #placed: readonly { readonly section: Section; readonly base: number }[];
  readonly #bases = new Map<number, number>();
  /** By the index of a section of the file itself, which its symbols name. */
  readonly #own = new Map<number, number>();

  /**
   * @param module the file whose sections places name, of the same build (twin.ts); default: the same file.
   * @throws Misuse when the sections don't fit into the addresses of the file's class.
   */
  constructor(elf: ElfObject, module: ElfObject = elf) {
    this.#elf = elf;
    const kept = elf.sections.filter(({ flags }) => (flags & SHF_ALLOC) !== 0);
    let placed: { readonly section: Section; readonly base: number }[];
    if (elf.type === ET_REL) {
      let next = FIRST;
      placed = kept.map((section) => {
        const base = next;
        next = Math.ceil((base + section.size + GAP) / GAP) * GAP;
        return { section, base };
      });
      if (next > (elf.class === 64 ? 2 ** 48 : 2 ** 32)) {
        throw new Misuse("the file's sections have more bytes than its addresses reach");
      }
    } else {
      placed = kept
        .map((section) => ({ section, base: linkedAddress(section.address) }))
        .sort((a, b) => a.base - b.base);
    }
    for (const { section, base } of placed) this.#own.set(section.index, base);
    this.#placed = module === elf ? placed : placed.flatMap((one) => sameSection(module, one));
    for (const { section, base } of this.#placed) this.#bases.set(section.index, base);
  }

  /** The address of a place; undefined for a section that isn't in memory. */
  addressOf(section: number, offset: number): number | undefined {
    const base = this.#bases.get(section);
    return base === undefined ? undefined : base + offset;
  }

  /** The place of an address; undefined between the sections. */
  placeOf(address: number): DebugPlace | undefined {
    const found = this.#placed[lastAtOrBelowBy(this.#placed, ({ base }) => base, address)];
    if (found === undefined || address - found.base >= found.section.size) return undefined;
    return { section: found.section, offset: address - found.base };
  }

  /** The place of a linked file's address. */
  placeOfLinked(address: number | bigint): DebugPlace | undefined {
    return this.placeOf(linkedAddress(address));
  }

  /** S of a relocation's symbol: 0 where the file has none, and offsets in sections that aren't in memory. */
  symbolValue({ section, value, address }: ElfSymbol): number {
    if (section === SHN_ABS) return linkedAddress(address);
    if (section === 0 || section >= SHN_LORESERVE) return 0;
    if (this.#elf.type !== ET_REL) return linkedAddress(address);
    return (this.#own.get(section) ?? 0) + value;
  }
}

function sameSection<T extends { readonly section: Section }>(module: ElfObject, one: T): T[] {
  const { index, name } = one.section;
  const same = module.sections[index];
  const section = same?.name === name ? same : module.sections.find((other) => other.name === name);
  return section === undefined ? [] : [{ ...one, section }];
}

/** An address of a linked file as DebugReader.address() reads it. */
function linkedAddress(address: number | bigint): number {
  return typeof address === "bigint" ? Number(BigInt.asUintN(48, address)) : address;
}
