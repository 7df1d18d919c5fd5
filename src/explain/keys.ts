// A module's static keys: __jump_table, whose entries are {code, target, key}, three pointers each. The
// word at `code` is a nop or a jump to `target`, by the key's state when the module was loaded
// (include/linux/jump_label.h).

import type { Address } from "../address.ts";
import type { Pointer } from "../module/file/pointers.ts";
import { readPointers } from "../module/file/pointers.ts";
import { symbolName } from "../module/relocation/jumps.ts";
import type { ExplainedPlace, Places } from "./places.ts";

export interface ExplainedKey<A extends Address = Address> {
  /** The site. */
  readonly code: ExplainedPlace<A>;
  /** The target of the jump when the site is on. */
  readonly target: ExplainedPlace<A>;
  /** The struct static_key: a symbol, and an offset from it. */
  readonly key: string;
  /** Bit 0 of the key's pointer: the site's likely state. */
  readonly likely: boolean;
  /** The word at the site after loading; null if the module was refused. */
  readonly word: number | null;
}

/** The static keys in the table's order. @param word reads a loaded module's memory; null when it was refused. */
export function explainKeys<A extends Address>(
  places: Places<A>,
  word: ((address: A) => number | undefined) | null,
): ExplainedKey<A>[] {
  const { sections, elf } = places.file;
  const section = sections.find("__jump_table");
  if (section === undefined) return [];
  const table = readPointers(sections, section);
  const pointer = elf.class / 8;
  const objects = new Map(
    elf.symbols
      .filter(({ name, size }) => name !== "" && size > 0)
      .map((symbol) => [`${symbol.section}+${symbol.value}`, symbol.name]),
  );
  const keys: ExplainedKey<A>[] = [];
  for (let at = 0; at + 3 * pointer <= section.size; at += 3 * pointer) {
    const [code, target, key] = [0, 1, 2].map((index) => table.pointer(at + index * pointer));
    if (code?.section === undefined || target?.section === undefined || key === undefined) continue;
    const site = places.at(code.section, code.offset);
    keys.push({
      code: site,
      target: places.at(target.section, target.offset),
      key: keyName(places, key, objects),
      likely: (key.offset & 1) !== 0,
      word: site.address === null ? null : (word?.(site.address) ?? null),
    });
  }
  return keys;
}

/** The key's own name if it is at the begin of an object; otherwise the pointer's section or symbol and an offset. */
function keyName<A extends Address>(
  { file: { elf } }: Places<A>,
  { symbol, section, offset }: Pointer,
  objects: ReadonlyMap<string, string>,
): string {
  const at = (offset & ~3) >>> 0;
  const own = section && objects.get(`${section.index}+${at}`);
  if (own !== undefined) return own;
  const from = section === undefined ? (at - symbol.value) >>> 0 : at;
  const name = section?.name ?? symbolName(elf, symbol);
  return from === 0 ? name : `${name}+0x${from.toString(16)}`;
}
