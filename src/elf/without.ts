// Removes sections from an ELF32 image. All numbers of sections and symbols are renumbered: sh_link and sh_info, the
// symbols' sections, the symbols of removed sections, the relocations' symbols, the groups' members.

import { Words } from "../bytes/words.ts";
import {
  REL_SIZE,
  SHN_LORESERVE,
  SHT_NOBITS,
  SHT_NULL,
  SHT_REL,
  SHT_SYMTAB,
  STB_LOCAL,
  SYM_SIZE,
} from "./numbers.ts";
import type { ElfImage, ImageSection } from "./writer.ts";

const SHT_GROUP = 17;
const WORD = 4;

/**
 * @param dropped selects the sections to remove; the relocations of a section are removed with it.
 * @returns the image, and the names of the removed sections.
 */
export function withoutSections(
  image: ElfImage,
  dropped: (section: ImageSection) => boolean,
): { readonly image: ElfImage; readonly names: readonly string[] } {
  const { sections, endian } = image;
  const goes = (section: ImageSection): boolean => {
    if (dropped(section)) return true;
    const target = section.type === SHT_REL ? sections[section.info] : undefined;
    return target !== undefined && dropped(target);
  };
  const indices = renumbered(sections.map((section) => !goes(section)));
  const symtab = sections.find(({ type }) => type === SHT_SYMTAB);
  const symbols = symbolsOf(symtab, indices, endian);
  const sectionOf = (index: number): number => indices[index] ?? 0;
  const symbolOf = (index: number): number => symbols.indices[index] ?? 0;
  const kept = sections
    .filter((section) => !goes(section))
    .map((section): ImageSection => {
      const link = sectionOf(section.link);
      switch (section.type) {
        case SHT_SYMTAB:
          if (section !== symtab) return { ...section, link };
          return { ...section, link, info: symbols.locals, bytes: symbols.bytes };
        case SHT_REL:
          return {
            ...section,
            link,
            info: sectionOf(section.info),
            bytes: relocations(section.bytes, endian, symbolOf),
          };
        case SHT_GROUP:
          return {
            ...section,
            link,
            info: symbolOf(section.info),
            bytes: members(section.bytes, endian, indices),
          };
        case SHT_NULL:
        case SHT_NOBITS:
          return section;
        default:
          return { ...section, link };
      }
    });
  return {
    image: { ...image, sections: kept, names: sectionOf(image.names) },
    names: sections.filter(goes).map(({ name }) => name),
  };
}

/** New indices by old ones; null for a removed one. */
function renumbered(kept: readonly boolean[]): (number | null)[] {
  let next = 0;
  return kept.map((keep) => (keep ? next++ : null));
}

interface Symbols {
  readonly bytes: Uint8Array;
  readonly indices: readonly (number | null)[];
  /** The number of local symbols, including the null symbol. */
  readonly locals: number;
}

function symbolsOf(
  symtab: ImageSection | undefined,
  sections: readonly (number | null)[],
  endian: ElfImage["endian"],
): Symbols {
  if (symtab === undefined) return { bytes: new Uint8Array(0), indices: [], locals: 0 };
  const old = new Words(symtab.bytes, endian);
  const count = Math.floor(old.size / SYM_SIZE);
  const sectionAt = (index: number): number => old.u16(SYM_SIZE * index + 14);
  const indices = renumbered(
    Array.from({ length: count }, (_, index) => {
      const section = sectionAt(index);
      return section >= SHN_LORESERVE || section >= sections.length || sections[section] !== null;
    }),
  );
  const words = new Words(
    new Uint8Array(SYM_SIZE * indices.filter((one) => one !== null).length),
    endian,
  );
  let locals = 0;
  for (const [index, to] of indices.entries()) {
    if (to === null) continue;
    words.bytes.set(symtab.bytes.subarray(SYM_SIZE * index, SYM_SIZE * (index + 1)), SYM_SIZE * to);
    const section = sectionAt(index);
    const moved = section >= SHN_LORESERVE ? section : (sections[section] ?? section);
    // st_shndx shares a word with st_info and st_other.
    const [info = 0, other = 0] = symtab.bytes.subarray(
      SYM_SIZE * index + 12,
      SYM_SIZE * index + 14,
    );
    const big = ((info << 24) | (other << 16) | moved) >>> 0;
    const little = ((moved << 16) | (other << 8) | info) >>> 0;
    words.setU32(SYM_SIZE * to + 12, endian === "big" ? big : little);
    if (info >>> 4 === STB_LOCAL) locals += 1;
  }
  return { bytes: words.bytes, indices, locals };
}

function relocations(
  bytes: Uint8Array,
  endian: ElfImage["endian"],
  symbolOf: (index: number) => number,
): Uint8Array {
  const words = new Words(Uint8Array.from(bytes), endian);
  for (let at = 0; at + REL_SIZE <= words.size; at += REL_SIZE) {
    const info = words.u32(at + 4);
    words.setU32(at + 4, ((symbolOf(info >>> 8) << 8) | (info & 0xff)) >>> 0);
  }
  return words.bytes;
}

/** A group's flag word and its remaining members. */
function members(
  bytes: Uint8Array,
  endian: ElfImage["endian"],
  sections: readonly (number | null)[],
): Uint8Array {
  const old = new Words(bytes, endian);
  const left: number[] = [];
  for (let at = 0; at + WORD <= old.size; at += WORD) {
    const value = old.u32(at);
    const to = at === 0 ? value : sections[value];
    if (to !== null && to !== undefined) left.push(to);
  }
  const words = new Words(new Uint8Array(WORD * left.length), endian);
  for (const [index, value] of left.entries()) words.setU32(WORD * index, value);
  return words.bytes;
}
