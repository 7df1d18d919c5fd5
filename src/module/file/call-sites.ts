// The calls of _mcount in a module's file, found twice: as recordmcount recorded them (__mcount_loc, a
// table of pointers) and by the relocations against _mcount. The two differ if recordmcount missed a site (by its
// static offset that is never reset) or excludes a section (.exit.text). An unrecorded site always calls _mcount.
// On a plain object recordmcount may not have run at all: then the relocations stand in for its table, and all sites can
// be switched.

import {
  R_MIPS_26,
  R_MIPS_HI16,
  R_MIPS_HIGHEST,
} from "../../../assembly/shared/relocation-types.ts";
import { relocationTables } from "../../elf/contents.ts";
import { SHF_ALLOC, SHF_EXECINSTR } from "../../elf/numbers.ts";
import type { ElfObject, Section } from "../../elf/object.ts";
import { MODULE_CALL_SITES } from "../../limits.ts";
import type { ModuleSections } from "../layout/sections.ts";
import { tooMany } from "../too-many.ts";
import { readPointers } from "./pointers.ts";

export const MCOUNT = "_mcount";
const MCOUNT_LOC = "__mcount_loc";

export interface CallSitePlace {
  readonly section: Section;
  /** Offset of the lui of a long call, of the jal of a short one. */
  readonly offset: number;
}

export interface CallSites {
  /** What shows which calls ftrace knows: a plain object without __mcount_loc has its relocations alone. */
  readonly source: "__mcount_loc" | "relocations";
  /** The calls that ftrace knows, in the order of their source. */
  readonly recorded: readonly CallSitePlace[];
  /** Calls that only the relocations show, where they aren't the source; in the relocations' order. */
  readonly unrecorded: readonly CallSitePlace[];
  /** R_MIPS_26 relocations against _mcount: the short calls, which can't reach from a module. */
  readonly shortCalls: number;
}

/**
 * Reads both lists. A zero entry of __mcount_loc, which the kernel skips, is not a site.
 * @param plain whether the file is a plain object, and no module.
 * @throws Refusal when a list has more than any module has.
 */
export function readCallSites(sections: ModuleSections, plain: boolean): CallSites {
  const table = sections.find(MCOUNT_LOC);
  const calls = callsOf(sections.elf, MCOUNT);
  const shortCalls = calls.filter(({ type }) => type === R_MIPS_26).length;
  if (plain && table === undefined) {
    const recorded = calls.map(({ place }) => place);
    return { source: "relocations", recorded, unrecorded: [], shortCalls };
  }
  const recorded: CallSitePlace[] = [];
  for (const { section, offset } of table ? readPointers(sections, table).pointers.values() : []) {
    if (section === undefined) continue;
    if (recorded.length === MODULE_CALL_SITES)
      throw tooMany(MODULE_CALL_SITES, `calls of ${MCOUNT}`);
    recorded.push({ section, offset });
  }
  const known = new Set(recorded.map(key));
  return {
    source: "__mcount_loc",
    recorded,
    unrecorded: calls.filter(({ place }) => !known.has(key(place))).map(({ place }) => place),
    shortCalls,
  };
}

function key({ section, offset }: CallSitePlace): string {
  return `${section.index}+${offset}`;
}

/**
 * A call is one R_MIPS_26, or the first relocation of loading the function's address: R_MIPS_HI16, or R_MIPS_HIGHEST
 * in code that is built for full 64-bit addresses (-mno-sym32).
 */
function callsOf(elf: ElfObject, name: string): { place: CallSitePlace; type: number }[] {
  const calls: { place: CallSitePlace; type: number }[] = [];
  const code = SHF_ALLOC | SHF_EXECINSTR;
  for (const table of relocationTables(elf)) {
    if ((table.target.flags & code) !== code) continue;
    let highest = Number.NaN;
    for (let index = 0; index < table.count; index++) {
      const type = table.type(index);
      if (type !== R_MIPS_26 && type !== R_MIPS_HI16 && type !== R_MIPS_HIGHEST) continue;
      if (elf.symbols[table.symbol(index)]?.name !== name) continue;
      const offset = table.offset(index);
      if (type === R_MIPS_HI16 && offset === highest + 4) continue;
      if (type === R_MIPS_HIGHEST) highest = offset;
      if (calls.length === MODULE_CALL_SITES)
        throw tooMany(MODULE_CALL_SITES, `calls of ${MCOUNT}`);
      calls.push({ place: { section: table.target, offset }, type });
    }
  }
  return calls;
}
