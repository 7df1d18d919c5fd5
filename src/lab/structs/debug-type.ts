// Types from a file's debugging information, as types of values in memory: names and qualifiers are dropped, the members
// of anonymous structures belong to the outer one, and what has no value in memory becomes bytes.

import {
  bareType,
  type CType,
  type Member as DebugMember,
  type StructType,
  sizeOfType,
} from "../../dwarf/types.ts";
import { Misuse } from "../../errors.ts";
import { STRUCT_DEPTH } from "../../limits.ts";
import type { Member, MemoryStruct, MemoryType, ScalarType } from "./type.ts";

/** o32's strictest alignment. */
const ALIGNMENT = 8;

/** @throws Misuse for a type that has no size: void, a function, a structure that is only declared. */
export function memoryType(type: CType, depth = 0): MemoryType {
  const bare = bareType(type);
  if (depth > STRUCT_DEPTH)
    throw new Misuse(`the debugging information nests types more than ${STRUCT_DEPTH} deep`);
  switch (bare.kind) {
    case "base": {
      const scalar = scalarOf(bare.size, bare.encoding === "signed");
      if (scalar === null || bare.encoding === "float") return bytesOf(bare.size);
      return /\bchar$/.test(bare.name) && bare.size === 1 ? { ...scalar, text: true } : scalar;
    }
    case "enum":
      return scalarOf(bare.size, true) ?? bytesOf(bare.size);
    case "pointer":
      return { kind: "pointer", to: () => pointee(bare.target) };
    case "array": {
      const of = memoryType(bare.element, depth + 1);
      return { kind: "array", of, count: bare.count ?? 0 };
    }
    case "struct":
    case "union":
      if (bare.size === null)
        throw new Misuse(`struct ${bare.name ?? ""} is only declared in this file`);
      return {
        kind: "struct",
        name: bare.name,
        size: bare.size,
        alignment: ALIGNMENT,
        members: bare.members.flatMap((member) => membersOf(member, depth + 1)),
      };
    default: {
      const size = sizeOfType(bare);
      if (size === null) throw new Misuse("a type without a size has no value in memory");
      return bytesOf(size);
    }
  }
}

/** Whether it is a type of debugging information, and not a plain layout, which may have members of these names. */
export function isDebugType(type: object): type is StructType {
  const { kind, members } = type as Partial<Record<string, unknown>>;
  return (kind === "struct" || kind === "union") && Array.isArray(members);
}

/** @throws Misuse unless it is a structure or a union. */
export function memoryStruct(type: CType): MemoryStruct {
  const found = memoryType(type);
  if (found.kind === "struct") return found;
  throw new Misuse("a structure's type was expected");
}

/** What a pointer points to; null where that has no size. */
function pointee(target: CType): MemoryType | null {
  const bare = bareType(target);
  const isOpaque = bare.kind === "void" || bare.kind === "function" || sizeOfType(bare) === null;
  return isOpaque ? null : memoryType(bare);
}

function membersOf({ name, type, offset, bits }: DebugMember, depth: number): Member[] {
  if (bits !== null) {
    const bare = bareType(type);
    const signed = bare.kind === "base" && bare.encoding === "signed";
    if (name === null || bits.offset === null) return [];
    return [
      { name, offset: 0, type: { kind: "bits", first: bits.offset, count: bits.size, signed } },
    ];
  }
  const inner = memoryType(type, depth);
  if (name !== null) return [{ name, offset, type: inner }];
  if (inner.kind !== "struct") return [];
  return inner.members.map((one) =>
    one.type.kind === "bits"
      ? { ...one, type: { ...one.type, first: one.type.first + 8 * offset } }
      : { ...one, offset: one.offset + offset },
  );
}

function scalarOf(size: number, signed: boolean): ScalarType | null {
  return size === 1 || size === 2 || size === 4 || size === 8
    ? { kind: "scalar", size, signed }
    : null;
}

function bytesOf(size: number): MemoryType {
  return { kind: "array", of: { kind: "scalar", size: 1, signed: false }, count: size };
}
