// Finds the call sites of a module's file: their places, their forms, and whether __mcount_loc lists them. The forms
// are those of src/ftrace/sites/; here the words are the file's, before relocation.

import { OP_JAL } from "../../assembly/shared/opcodes.ts";
import { R_MIPS_26, R_MIPS_32, R_MIPS_HI16 } from "../../assembly/shared/relocation-types.ts";
import { SHT_NOBITS } from "../elf/numbers.ts";
import type { ElfSymbol, Section } from "../elf/object.ts";
import { type CallSite, recogniseSite } from "../ftrace/sites/site.ts";
import type { Entry, Subject } from "./subject.ts";

const POINTER = 4;

/** One call of _mcount. */
export interface FoundSite {
  readonly section: Section;
  /** Offset of the jal of a short call, of the lui of a long one: where __mcount_loc points. */
  readonly offset: number;
  readonly call: CallSite;
  /** Offset and size of the whole sequence in the section, in bytes. */
  readonly start: number;
  readonly size: number;
  readonly listed: boolean;
  /** The relocation that begins the call: R_MIPS_26 or R_MIPS_HI16. */
  readonly entry: Entry;
}

/** One word of __mcount_loc. */
export interface Listing {
  readonly symbol: ElfSymbol;
  readonly section: Section;
  /** The offset that the entry points to. */
  readonly offset: number;
}

export interface FoundSites {
  readonly sites: readonly FoundSite[];
  /** __mcount_loc's words in their order, without those that are zero. */
  readonly listings: readonly Listing[];
}

/** Finds the sites; what can't be read is added to the subject's refusals. */
export function findSites(subject: Subject): FoundSites {
  const listings = readListings(subject);
  const listed = new Set(listings.map(({ section, offset }) => key(section, offset)));
  const sites: FoundSite[] = [];
  const unknown = new Set<string>();
  for (const section of subject.code) {
    for (const entry of subject.of(section)) {
      const short = entry.type === R_MIPS_26;
      if ((!short && entry.type !== R_MIPS_HI16) || !subject.isMcount(entry.symbol)) continue;
      const { offset } = entry;
      if (short && (subject.wordAt(section, offset) ?? 0) >>> 26 !== OP_JAL) continue;
      const call = recogniseSite(offset, (at) => subject.wordAt(section, at));
      if (call === undefined) {
        // A long sequence that isn't recognised and isn't listed is other code that uses _mcount's address.
        if (short || listed.has(key(section, offset))) {
          unknown.add(key(section, offset));
          subject.refuse(section, offset, "_mcount", UNKNOWN_FORM);
        }
        continue;
      }
      if (call.byClang === true) {
        unknown.add(key(section, offset));
        subject.refuse(section, offset, "_mcount", CLANG_FORM);
        continue;
      }
      const before =
        call.kind === "short" ? 1 + call.raAddressWords + (call.emptyDelaySlot ? 1 : 0) : 0;
      sites.push({
        section,
        offset,
        call,
        start: offset - 4 * before,
        size: 4 * (before + call.words),
        listed: listed.has(key(section, offset)),
        entry,
      });
    }
  }
  const found = new Set(sites.map(({ section, offset }) => key(section, offset)));
  for (const { section, offset } of listings) {
    if (found.has(key(section, offset))) continue;
    if (unknown.has(key(section, offset))) continue;
    subject.refuse(
      section,
      offset,
      "_mcount",
      "__mcount_loc lists this place, and no call of _mcount is there",
    );
  }
  return { sites, listings };
}

const CLANG_FORM =
  "this call of _mcount is clang's, which pushes nothing for Linux's _mcount to pop: build the module with gcc";
const UNKNOWN_FORM =
  "this call of _mcount has none of gcc's forms: move at,ra, the words for t4, and a push in the delay slot or before";

function key(section: Section, offset: number): string {
  return `${section.index}+${offset}`;
}

function readListings(subject: Subject): Listing[] {
  const table = subject.mcountLoc;
  if (table === undefined) return [];
  const { size } = subject.words(table);
  if (table.type === SHT_NOBITS || size % POINTER !== 0) {
    subject.refuse(table, 0, "", "__mcount_loc isn't a table of words");
    return [];
  }
  const listings: Listing[] = [];
  const entries = [...subject.of(table)].sort((a, b) => a.offset - b.offset);
  for (const { offset, type, symbol } of entries) {
    const word = subject.wordAt(table, offset);
    const section = subject.elf.sections[symbol.section];
    if (type !== R_MIPS_32 || word === undefined || offset % POINTER !== 0) {
      subject.refuse(
        table,
        offset,
        subject.nameOf(symbol),
        "a word of __mcount_loc is no R_MIPS_32",
      );
    } else if (section === undefined || !subject.isCode(section)) {
      subject.refuse(
        table,
        offset,
        subject.nameOf(symbol),
        "__mcount_loc lists a place that isn't in this module's code",
      );
    } else {
      listings.push({ symbol, section, offset: (symbol.value + word) >>> 0 });
    }
  }
  if (new Set(entries.map(({ offset }) => offset)).size !== entries.length) {
    subject.refuse(table, 0, "", "two relocations patch one word of __mcount_loc");
  }
  return listings;
}
