// The functions of a unit and the calls that the compiler inlined into them: the scopes of the code's addresses. The
// unit's entries are read once; types, variables and call sites are moved over.

import { DEBUG_REFERENCES, DEBUG_SCOPES } from "../limits.ts";
import {
  DW_AT_abstract_origin,
  DW_AT_call_column,
  DW_AT_call_file,
  DW_AT_call_line,
  DW_AT_decl_file,
  DW_AT_decl_line,
  DW_AT_linkage_name,
  DW_AT_MIPS_linkage_name,
  DW_AT_name,
  DW_AT_specification,
  DW_TAG_inlined_subroutine,
  DW_TAG_lexical_block,
  DW_TAG_subprogram,
} from "./numbers.ts";
import { type AddressRange, RangeIndex } from "./ranges.ts";
import { Entry, type Unit } from "./unit.ts";

/** A function, or a call that was inlined. */
export interface Scope {
  readonly entry: Entry;
  readonly ranges: readonly AddressRange[];
  /** The function or inlined call that contains an inlined call; null for a function. */
  readonly caller: Scope | null;
}

/** Where an inlined call was, in the numbers of the unit's line table. */
export interface CallPlace {
  readonly file: number;
  readonly line: number;
  readonly column: number;
}

export class UnitFunctions {
  /** Functions and inlined calls with code, in the unit's order. */
  readonly scopes: readonly Scope[];
  readonly #index: RangeIndex<Scope>;

  constructor(unit: Unit) {
    this.scopes = readScopes(unit);
    this.#index = new RangeIndex(
      this.scopes.flatMap((owner) => owner.ranges.map((range) => ({ range, owner }))),
    );
  }

  /** The innermost scope of an address. */
  at(address: number): Scope | undefined {
    return this.#index.at(address);
  }
}

function readScopes(unit: Unit): Scope[] {
  const scopes: Scope[] = [];
  if (!unit.root.hasChildren) return scopes;
  const reader = unit.reader(unit.root.behind);
  const outer: (Scope | null)[] = [];
  let scope: Scope | null = null;
  const enter = (inner: Scope | null): void => {
    if (outer.length === DEBUG_SCOPES)
      reader.fail(`entries nest more than ${DEBUG_SCOPES} levels deep`);
    outer.push(scope);
    scope = inner;
  };
  while (reader.left > 0) {
    const offset = reader.at;
    const shape = unit.shape(reader);
    if (shape === null) {
      const before = outer.pop();
      if (before === undefined) break;
      scope = before;
      continue;
    }
    switch (shape.tag) {
      case DW_TAG_subprogram:
      case DW_TAG_inlined_subroutine: {
        const entry = new Entry(unit, offset, shape, reader);
        const ranges = unit.rangesOf(entry);
        if (ranges.length === 0 && shape.hasSibling) {
          reader.seek(forward(entry, reader.at));
          break;
        }
        const caller: Scope | null = shape.tag === DW_TAG_inlined_subroutine ? scope : null;
        const own = { entry, ranges, caller };
        if (ranges.length > 0) scopes.push(own);
        if (shape.hasChildren) enter(ranges.length > 0 ? own : scope);
        break;
      }
      default:
        if (shape.tag !== DW_TAG_lexical_block && shape.hasChildren && shape.hasSibling) {
          const entry = new Entry(unit, offset, shape, reader);
          reader.seek(forward(entry, reader.at));
          break;
        }
        unit.passAttributes(reader, shape);
        if (shape.hasChildren) enter(scope);
    }
  }
  return scopes;
}

/** The entry's sibling, which comes after the entry itself. */
function forward(entry: Entry, behind: number): number {
  return Math.max(entry.sibling ?? behind, behind);
}

/** An entry, then the entries that it refers to as its origin or its declaration. */
function* origins(entry: Entry): Generator<Entry> {
  let one: Entry = entry;
  for (let left = DEBUG_REFERENCES; left > 0; left--) {
    yield one;
    const offset = one.reference(DW_AT_abstract_origin) ?? one.reference(DW_AT_specification);
    if (offset === undefined) return;
    const next: Entry | null = one.unit.context.unitAt(offset).entryAt(offset);
    if (next === null) return;
    one = next;
  }
}

/** The name of a scope's function as its symbol has it; null for one without a name. */
export function functionName(entry: Entry): string | null {
  for (const one of origins(entry)) {
    const name =
      one.string(DW_AT_linkage_name) ??
      one.string(DW_AT_MIPS_linkage_name) ??
      one.string(DW_AT_name);
    if (name !== null) return name;
  }
  return null;
}

/** Where a function is declared, in the numbers of its unit's line table. */
export function declarationPlace(
  entry: Entry,
): { readonly unit: Unit; readonly file: number; readonly line: number } | null {
  for (const one of origins(entry)) {
    const file = one.number(DW_AT_decl_file);
    const line = one.number(DW_AT_decl_line);
    if (file !== undefined && line !== undefined) return { unit: one.unit, file, line };
  }
  return null;
}

/** Where an inlined call was. */
export function callPlace(entry: Entry): CallPlace {
  return {
    file: entry.number(DW_AT_call_file) ?? 0,
    line: entry.number(DW_AT_call_line) ?? 0,
    column: entry.number(DW_AT_call_column) ?? 0,
  };
}
