// Makes the mended module's __mcount_loc: every entry points to the lui of its site, sites that recordmcount omitted
// are added, and a module without the table gets one.

import { R_MIPS_32 } from "../../assembly/shared/relocation-types.ts";
import { Words } from "../bytes/words.ts";
import { STT_SECTION } from "../elf/numbers.ts";
import type { ElfSymbol, Section } from "../elf/object.ts";
import type { MendPlan } from "./plan.ts";
import type { NewRelocation } from "./relay.ts";
import { type ListedSite, placeKey } from "./site-edits.ts";
import type { Subject } from "./subject.ts";

const POINTER = 4;

export interface McountTable {
  readonly bytes: Uint8Array;
  readonly relocations: readonly NewRelocation[];
}

/** The table's bytes and its relocations; empty when the sites are removed. */
export function mcountTable(subject: Subject, plan: MendPlan): McountTable {
  const { found, kept, added, treatment } = plan;
  const rows: { readonly symbol: ElfSymbol; readonly addend: number }[] = [];
  const add = (symbol: ElfSymbol, to: number): void => {
    const map = plan.maps.get(symbol.section);
    const from = map === undefined ? symbol.value : (map.at(symbol.value) ?? symbol.value);
    rows.push({ symbol, addend: to - from });
  };
  if (treatment === "trace") {
    for (const { symbol, section, offset } of found.listings) {
      const listed = kept.get(placeKey(section.index, offset));
      if (listed !== undefined) add(symbol, listedOffset(plan, listed));
    }
    for (const listed of added) {
      const { section, offset } = listed.site;
      const symbol = symbolIn(subject, section, offset);
      if (symbol === undefined) {
        subject.refuse(
          section,
          offset,
          "_mcount",
          "this site can't be listed: no symbol is in its section",
        );
      } else {
        add(symbol, listedOffset(plan, listed));
      }
    }
  }
  const words = new Words(new Uint8Array(POINTER * rows.length), subject.elf.endian);
  for (const [index, { addend }] of rows.entries()) words.setU32(POINTER * index, addend);
  return {
    bytes: words.bytes,
    relocations: rows.map(({ symbol }, index) => ({
      offset: POINTER * index,
      type: R_MIPS_32,
      symbol: symbol.index,
    })),
  };
}

/** The new offset of a site's lui. */
export function listedOffset({ maps }: MendPlan, { site, into }: ListedSite): number {
  const map = maps.get(site.section.index);
  const start = site.call.kind === "short" ? site.start : site.offset;
  return (map === undefined ? start : (map.at(start) as number)) + into;
}

/** A section's own symbol, or else its last symbol before an offset. */
function symbolIn(subject: Subject, section: Section, offset: number): ElfSymbol | undefined {
  const own = subject.elf.symbols.filter((symbol) => symbol.section === section.index);
  return (
    own.find(({ type }) => type === STT_SECTION) ??
    own.filter(({ value }) => value <= offset).sort((a, b) => b.value - a.value)[0]
  );
}
