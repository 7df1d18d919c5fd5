// Gathers the facts for the far-jump planner from a module's R_MIPS_26 relocations. src/trampoline/ makes the plan;
// placement.ts and relocate.ts apply it.

import { R_MIPS_26 } from "../../../assembly/shared/relocation-types.ts";
import { type Address, plus } from "../../address.ts";
import { contents, relocationTables } from "../../elf/contents.ts";
import { SHN_LORESERVE, SHN_UNDEF, STB_LOCAL, STT_FUNC, STT_NOTYPE } from "../../elf/numbers.ts";
import type { ElfObject, ElfSymbol } from "../../elf/object.ts";
import { MODULE_JUMPS } from "../../limits.ts";
import type { Jump, Place } from "../../trampoline/facts.ts";
import type { ModuleLayout } from "../layout/layout.ts";
import { tooMany } from "../too-many.ts";
import { appliedEntries, stoppingSymbols } from "./applied.ts";

/**
 * Every R_MIPS_26 of the loaded sections that Linux applies, in the relocations' order. Relocation itself refuses those
 * that are impossible (outside their section, without a symbol).
 * @param places the symbols' places, by index.
 * @throws Refusal when there are more than any module has: each may need a veneer.
 */
export function gatherJumps<A extends Address>(
  elf: ElfObject,
  layout: ModuleLayout,
  places: readonly Place<A>[],
): Jump<A>[] {
  let functions: ReadonlySet<string> | undefined;
  const jumps: Jump<A>[] = [];
  const stopping = stoppingSymbols(elf, (index) => {
    const place = places[index];
    return place !== undefined && "address" in place ? place.address : undefined;
  });
  for (const whole of relocationTables(elf)) {
    const placed = layout.sections.get(whole.target.index);
    if (placed === undefined) continue;
    const table = appliedEntries(whole, stopping);
    const words = contents(elf, table.target);
    for (let index = 0; index < table.count; index++) {
      if (table.type(index) !== R_MIPS_26) continue;
      const offset = table.offset(index);
      const symbol = elf.symbols[table.symbol(index)];
      const value = places[table.symbol(index)];
      if (symbol === undefined || value === undefined || offset + 4 > words.size) continue;
      const word = words.u32(offset);
      const addend = table.hasAddends ? table.addend(index) : addendOf(word);
      const target = moved(value, addend);
      functions ??= functionStarts(elf);
      if (jumps.length === MODULE_JUMPS) throw tooMany(MODULE_JUMPS, "relocations of j and jal");
      jumps.push({
        section: table.target.name,
        offset,
        word,
        symbol: symbolName(elf, symbol),
        block: placed.block,
        at: { block: placed.block, offset: placed.offset + offset },
        // Linux checks S alone if the addend is in the instruction, and S + A if it is not.
        value: table.hasAddends ? target : value,
        target,
        targetIsFunction:
          symbol.section === SHN_UNDEF ||
          functions.has(start(symbol.section, symbol.value + addend)),
      });
    }
  }
  return jumps;
}

/** The in-place addend of j and jal: the 26-bit field times four, sign-extended from 28 bits. */
function addendOf(word: number): number {
  return (word << 6) >> 4;
}

function moved<A extends Address>(place: Place<A>, by: number): Place<A> {
  return "block" in place
    ? { block: place.block, offset: place.offset + by }
    : { address: plus(place.address, by) };
}

/** A section symbol has no name of its own. */
export function symbolName(elf: ElfObject, symbol: ElfSymbol): string {
  return symbol.name || (elf.sections[symbol.section]?.name ?? `symbol ${symbol.index}`);
}

function start(section: number, offset: number): string {
  return `${section}+${offset}`;
}

/** Names of functions: STT_FUNC symbols, and global symbols without a type, which some assembly code has. */
function functionStarts(elf: ElfObject): ReadonlySet<string> {
  return new Set(
    elf.symbols
      .filter(({ section }) => section !== SHN_UNDEF && section < SHN_LORESERVE)
      .filter(
        ({ type, binding }) => type === STT_FUNC || (type === STT_NOTYPE && binding !== STB_LOCAL),
      )
      .map(({ section, value }) => start(section, value)),
  );
}
