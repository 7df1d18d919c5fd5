// Plain layouts: a structure written down as names and types, `{ mtu: "u32", name: "char[16]" }`, for code without
// debugging information. Members have the offsets and the structure has the size that o32 gives them.

import { alignUp } from "../../bytes/ranges.ts";
import { Misuse } from "../../errors.ts";
import { STRUCT_BYTES } from "../../limits.ts";
import {
  alignmentOf,
  type Member,
  type MemoryStruct,
  type MemoryType,
  type ScalarType,
  sizeOf,
} from "./type.ts";

/**
 * `u8` to `u64`, `s8` to `s64`, `char`, `bool`, `ptr`, each also as an array (`u16[4]`, `char[16]`); a nested layout; or
 * a layout and a count, for an array of structures.
 */
export type LayoutType = string | Layout | readonly [Layout, number];

export interface Layout {
  readonly [member: string]: LayoutType;
}

const SCALARS: Readonly<Record<string, ScalarType>> = {
  u8: { kind: "scalar", size: 1, signed: false },
  u16: { kind: "scalar", size: 2, signed: false },
  u32: { kind: "scalar", size: 4, signed: false },
  u64: { kind: "scalar", size: 8, signed: false },
  s8: { kind: "scalar", size: 1, signed: true },
  s16: { kind: "scalar", size: 2, signed: true },
  s32: { kind: "scalar", size: 4, signed: true },
  s64: { kind: "scalar", size: 8, signed: true },
  bool: { kind: "scalar", size: 1, signed: false },
  char: { kind: "scalar", size: 1, signed: true, text: true },
};
const TYPE_NAMES = [...Object.keys(SCALARS), "ptr"];

/** @throws Misuse for a type that doesn't exist. */
export function typeOf(layout: LayoutType): MemoryType {
  if (typeof layout === "string") return namedType(layout);
  if (isArrayOfStructs(layout)) return arrayType(structType(layout[0]), layout[1]);
  return structType(layout);
}

/** `u32`, `char[16]`. @throws Misuse for another text. */
export function namedType(text: string): MemoryType {
  const [, name = "", count] = /^\s*(\w+)\s*(?:\[\s*(\d+)\s*\])?\s*$/.exec(text) ?? [];
  const scalar = Object.hasOwn(SCALARS, name) ? SCALARS[name] : undefined;
  const type: MemoryType | undefined = name === "ptr" ? { kind: "pointer" } : scalar;
  if (type === undefined) {
    throw new Misuse(
      `'${text}' is no type: take ${TYPE_NAMES.join(", ")}, or an array of one, such as u32[4]`,
    );
  }
  return count === undefined ? type : arrayType(type, Number(count));
}

export function structType(layout: Layout, name: string | null = null): MemoryStruct {
  if (typeof layout !== "object" || layout === null) {
    throw new Misuse(
      `a layout has members and their types, as { mtu: "u32" }, not ${String(layout)}`,
    );
  }
  const types = Object.entries(layout).map(([member, type]) => ({
    name: member,
    type: typeOf(type),
  }));
  return structOf(types, name);
}

/** A structure of members in their order, each at the next place that its alignment allows. */
export function structOf(
  types: readonly { readonly name: string; readonly type: MemoryType }[],
  name: string | null = null,
): MemoryStruct {
  if (types.length === 0) throw new Misuse("a structure has at least one member");
  const members: Member[] = [];
  let offset = 0;
  let alignment = 1;
  for (const { name: member, type } of types) {
    const own = alignmentOf(type);
    offset = alignUp(offset, own);
    alignment = Math.max(alignment, own);
    members.push({ name: member, offset, type });
    offset += sizeOf(type);
  }
  const size = alignUp(offset, alignment);
  if (size > STRUCT_BYTES)
    throw new Misuse(`a structure of ${size} bytes is larger than any memory`);
  return { kind: "struct", name, size, alignment, members };
}

export function arrayType(of: MemoryType, count: number): MemoryType {
  if (!(Number.isInteger(count) && count > 0 && count * sizeOf(of) <= STRUCT_BYTES)) {
    throw new Misuse(`an array can't have ${count} elements`);
  }
  return { kind: "array", of, count };
}

function isArrayOfStructs(layout: LayoutType): layout is readonly [Layout, number] {
  return Array.isArray(layout);
}
