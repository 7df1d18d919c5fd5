// Carries a plan out: it makes sections with their new bytes, relocations and symbols at their new places, the table of
// call sites, and the image from which the writer makes a file. Section and symbol indices don't change; new sections
// are appended.

import { Words } from "../bytes/words.ts";
import {
  REL_SIZE,
  SHF_ALLOC,
  SHT_PROGBITS,
  SHT_REL,
  SHT_SYMTAB,
  STT_SECTION,
  SYM_SIZE,
} from "../elf/numbers.ts";
import type { RelocationTable, Section } from "../elf/object.ts";
import { type ElfImage, type ImageSection, imageOf } from "../elf/writer.ts";
import { MovedAddends } from "./addends.ts";
import { mcountTable } from "./mcount-table.ts";
import type { OffsetMap } from "./offset-map.ts";
import type { MendPlan } from "./plan.ts";
import { type NewRelocation, type RelaidSection, relay } from "./relay.ts";
import type { Entry, Subject } from "./subject.ts";

const SHF_INFO_LINK = 0x40;
const MCOUNT_LOC = "__mcount_loc";

export interface Applied {
  readonly image: ElfImage;
  /** The code sections that were laid out again, by index. */
  readonly relaid: ReadonlyMap<number, RelaidSection>;
  readonly branches: number;
  readonly addends: number;
}

/** Makes the image. References that can't be adjusted are added to the subject's refusals. */
export function applyPlan(subject: Subject, plan: MendPlan): Applied {
  const { edits, maps } = plan;
  const { elf, mcountLoc } = subject;
  const gone = new Set([...edits.values()].flat().flatMap((edit) => edit.gone));
  const addends = new MovedAddends(subject, maps, gone, mcountLoc);
  const relaid = new Map<number, RelaidSection>();
  for (const [index, list] of edits) {
    const section = elf.sections[index] as Section;
    relaid.set(index, relay(subject, section, list, maps, addends.bytesOf(section)));
  }
  const listed = mcountTable(subject, plan);
  const image = imageOf(elf);
  const sections: ImageSection[] = image.sections.map((section, index) => {
    const bytes = relaid.get(index)?.bytes ?? addends.bytesOf(elf.sections[index] as Section);
    return { ...section, bytes: index === mcountLoc?.index ? listed.bytes : bytes };
  });
  const rewrite = (table: RelocationTable, entries: readonly NewRelocation[]): void => {
    const { index } = table.section;
    const bytes = relocationBytes(subject, entries);
    sections[index] = { ...(sections[index] as ImageSection), bytes };
  };
  let named = false;
  const extended = new Set<number>();
  for (const table of subject.tables) {
    const target = table.target.index;
    if (target === mcountLoc?.index) {
      rewrite(table, named ? [] : listed.relocations);
      named = true;
      continue;
    }
    const map = maps.get(target);
    if (map === undefined) continue;
    const kept = keptEntries(subject, table, map, gone);
    const more = extended.has(target) ? [] : (relaid.get(target)?.relocations ?? []);
    extended.add(target);
    rewrite(table, [...kept, ...more]);
  }
  const symtab = elf.sections.find(({ type }) => type === SHT_SYMTAB) as Section;
  sections[symtab.index] = {
    ...(sections[symtab.index] as ImageSection),
    bytes: symbolBytes(subject, symtab, maps),
  };
  if (listed.bytes.length > 0 && !named) {
    const at = mcountLoc?.index ?? sections.length;
    if (mcountLoc === undefined) sections.push(tableSection(listed.bytes));
    sections.push({
      ...tableSection(relocationBytes(subject, listed.relocations)),
      name: `.rel${MCOUNT_LOC}`,
      type: SHT_REL,
      flags: SHF_INFO_LINK,
      link: symtab.index,
      info: at,
      entrySize: REL_SIZE,
    });
  }
  const branches = [...relaid.values()].reduce((sum, one) => sum + one.branches, 0);
  return { image: { ...image, sections }, relaid, branches, addends: addends.count };
}

function tableSection(bytes: Uint8Array): ImageSection {
  return {
    name: MCOUNT_LOC,
    type: SHT_PROGBITS,
    flags: SHF_ALLOC,
    address: 0,
    bytes,
    link: 0,
    info: 0,
    alignment: 4,
    entrySize: 0,
  };
}

function keptEntries(
  subject: Subject,
  table: RelocationTable,
  map: OffsetMap,
  gone: ReadonlySet<Entry>,
): NewRelocation[] {
  const kept: NewRelocation[] = [];
  for (const entry of subject.entries.get(table) ?? []) {
    if (gone.has(entry)) continue;
    const offset = map.at(entry.offset);
    if (offset === null) {
      const name = subject.nameOf(entry.symbol);
      subject.refuse(entry.section, entry.offset, name, "this relocation patches what is replaced");
      continue;
    }
    kept.push({ offset, type: entry.type, symbol: entry.symbol.index });
  }
  return kept;
}

function relocationBytes({ elf }: Subject, entries: readonly NewRelocation[]): Uint8Array {
  const words = new Words(new Uint8Array(REL_SIZE * entries.length), elf.endian);
  for (const [index, { offset, type, symbol }] of entries.entries()) {
    words.setU32(REL_SIZE * index, offset);
    words.setU32(REL_SIZE * index + 4, ((symbol << 8) | type) >>> 0);
  }
  return words.bytes;
}

/** The symbol table with the new values and sizes of moved code. */
function symbolBytes(subject: Subject, symtab: Section, maps: MendPlan["maps"]): Uint8Array {
  const words = new Words(Uint8Array.from(subject.words(symtab).bytes), subject.elf.endian);
  for (const symbol of subject.elf.symbols) {
    const map = maps.get(symbol.section);
    if (map === undefined || (symbol.type === STT_SECTION && symbol.value === 0)) continue;
    const value = map.at(symbol.value);
    const end = map.at(symbol.value + symbol.size);
    if (value === null || end === null) {
      const section = subject.elf.sections[symbol.section] as Section;
      const what = "this symbol begins or ends in the middle of what is replaced";
      subject.refuse(section, symbol.value, subject.nameOf(symbol), what);
      continue;
    }
    words.setU32(SYM_SIZE * symbol.index + 4, value);
    words.setU32(SYM_SIZE * symbol.index + 8, symbol.size === 0 ? 0 : end - value);
  }
  return words.bytes;
}
