// The types of C in a file's debugging information: the layout of structures and unions by name, and the prototypes of
// functions. A type is a value whose parts are read when they are asked for, since types refer to one another in circles:
// a struct list_head points to struct list_head.

import { printable } from "../bytes/printable.ts";
import { TYPE_PARTS, TYPE_STEPS } from "../limits.ts";
import type { DebugInfo } from "./debug-info.ts";
import {
  DW_AT_abstract_origin,
  DW_AT_bit_offset,
  DW_AT_bit_size,
  DW_AT_byte_size,
  DW_AT_const_value,
  DW_AT_count,
  DW_AT_data_bit_offset,
  DW_AT_data_member_location,
  DW_AT_declaration,
  DW_AT_encoding,
  DW_AT_name,
  DW_AT_type,
  DW_AT_upper_bound,
  DW_ATE_address,
  DW_ATE_boolean,
  DW_ATE_float,
  DW_ATE_signed,
  DW_ATE_signed_char,
  DW_ATE_unsigned,
  DW_ATE_unsigned_char,
  DW_TAG_array_type,
  DW_TAG_atomic_type,
  DW_TAG_base_type,
  DW_TAG_const_type,
  DW_TAG_enumeration_type,
  DW_TAG_enumerator,
  DW_TAG_formal_parameter,
  DW_TAG_member,
  DW_TAG_pointer_type,
  DW_TAG_restrict_type,
  DW_TAG_structure_type,
  DW_TAG_subprogram,
  DW_TAG_subrange_type,
  DW_TAG_subroutine_type,
  DW_TAG_typedef,
  DW_TAG_union_type,
  DW_TAG_unspecified_parameters,
  DW_TAG_volatile_type,
} from "./numbers.ts";
import type { Entry } from "./unit.ts";

/** The kinds of values that C's basic types hold. */
export type BaseEncoding = "signed" | "unsigned" | "boolean" | "float" | "address" | "other";

export interface BaseType {
  readonly kind: "base";
  readonly name: string;
  readonly size: number;
  readonly encoding: BaseEncoding;
}

export interface PointerType {
  readonly kind: "pointer";
  readonly size: number;
  /** A void type for `void *`. */
  readonly target: CType;
}

export interface Member {
  /** null for an anonymous structure or union, whose members belong to the outer one. */
  readonly name: string | null;
  readonly type: CType;
  /** Bytes from the beginning of the structure. */
  readonly offset: number;
  /** For a bit-field: its size, and its first bit in the structure: bit 0 is its byte 0's lowest, in big endian highest. */
  readonly bits: { readonly size: number; readonly offset: number | null } | null;
}

export interface StructType {
  readonly kind: "struct" | "union";
  readonly name: string | null;
  /** null where only a declaration is known. */
  readonly size: number | null;
  readonly members: readonly Member[];
}

export interface EnumType {
  readonly kind: "enum";
  readonly name: string | null;
  readonly size: number;
  readonly values: readonly { readonly name: string; readonly value: number }[];
}

export interface ArrayType {
  readonly kind: "array";
  readonly element: CType;
  /** null for an array without a length: `int x[]`. */
  readonly count: number | null;
}

export interface NamedType {
  readonly kind: "typedef";
  readonly name: string;
  readonly target: CType;
}

export interface QualifiedType {
  readonly kind: "const" | "volatile" | "restrict" | "_Atomic";
  readonly target: CType;
}

export interface FunctionType {
  readonly kind: "function";
  readonly result: CType;
  readonly parameters: readonly { readonly name: string | null; readonly type: CType }[];
  readonly variadic: boolean;
}

export type CType =
  | BaseType
  | PointerType
  | StructType
  | EnumType
  | ArrayType
  | NamedType
  | QualifiedType
  | FunctionType
  | { readonly kind: "void" }
  /** A kind of type that C doesn't have. */
  | { readonly kind: "unknown"; readonly size: number | null };

export interface Prototype extends FunctionType {
  readonly name: string;
}

/** A type that isn't merely another name for one. */
export type BareType = Exclude<CType, NamedType | QualifiedType>;

const VOID: CType = { kind: "void" };

const ENCODINGS: ReadonlyMap<number, BaseEncoding> = new Map([
  [DW_ATE_address, "address"],
  [DW_ATE_boolean, "boolean"],
  [DW_ATE_float, "float"],
  [DW_ATE_signed, "signed"],
  [DW_ATE_signed_char, "signed"],
  [DW_ATE_unsigned, "unsigned"],
  [DW_ATE_unsigned_char, "unsigned"],
]);
const QUALIFIERS: ReadonlyMap<number, QualifiedType["kind"]> = new Map([
  [DW_TAG_const_type, "const"],
  [DW_TAG_volatile_type, "volatile"],
  [DW_TAG_restrict_type, "restrict"],
  [DW_TAG_atomic_type, "_Atomic"],
]);
/** The entries that can be asked for by name. */
const INDEXED: ReadonlySet<number> = new Set([
  DW_TAG_structure_type,
  DW_TAG_union_type,
  DW_TAG_enumeration_type,
  DW_TAG_typedef,
  DW_TAG_subprogram,
]);

export class DebugTypes {
  readonly #info: DebugInfo;
  readonly #types = new Map<number, CType>();
  /** `tag name` → the first definition's offset; a declaration's only while there is no definition. */
  readonly #index = new Map<string, { readonly offset: number; readonly isDeclaration: boolean }>();
  /** The number of units in the index. */
  #indexed = 0;

  constructor(info: DebugInfo) {
    this.#info = info;
  }

  /** A structure's layout by its name, without `struct`; null if no unit defines it. */
  struct(name: string): StructType | null {
    return this.#structure(DW_TAG_structure_type, name);
  }

  /** A union's layout. */
  union(name: string): StructType | null {
    return this.#structure(DW_TAG_union_type, name);
  }

  enum(name: string): EnumType | null {
    const type = this.#named(DW_TAG_enumeration_type, name);
    return type?.kind === "enum" ? type : null;
  }

  typedef(name: string): NamedType | null {
    const type = this.#named(DW_TAG_typedef, name);
    return type?.kind === "typedef" ? type : null;
  }

  /** A function's prototype, from its definition or a declaration; null if no unit has either. */
  function(name: string): Prototype | null {
    const entry = this.#find(DW_TAG_subprogram, name);
    return entry === null ? null : { ...functionType(this, entry), name };
  }

  /** The type that an entry's DW_AT_type names; void without one. */
  typeOf(entry: Entry): CType {
    const offset = entry.reference(DW_AT_type);
    return offset === undefined ? VOID : this.#at(offset);
  }

  #structure(tag: number, name: string): StructType | null {
    const type = this.#named(tag, name);
    return (type?.kind === "struct" || type?.kind === "union") && type.size !== null ? type : null;
  }

  #named(tag: number, name: string): CType | null {
    const entry = this.#find(tag, name);
    return entry === null ? null : this.#at(entry.offset);
  }

  /** Reads units until one defines the name. */
  #find(tag: number, name: string): Entry | null {
    const key = `${tag} ${name}`;
    const { units } = this.#info;
    for (;;) {
      const known = this.#index.get(key);
      const unit = units[this.#indexed];
      if (known !== undefined && (!known.isDeclaration || unit === undefined)) {
        return this.#info.unitAt(known.offset).entryAt(known.offset);
      }
      if (unit === undefined) return null;
      this.#indexed += 1;
      for (const entry of unit.children(unit.root)) this.#add(entry);
    }
  }

  #add(entry: Entry): void {
    if (!INDEXED.has(entry.tag)) return;
    const name = entry.string(DW_AT_name);
    if (name === null) return;
    const key = `${entry.tag} ${name}`;
    const isDeclaration = entry.flag(DW_AT_declaration);
    if (this.#index.get(key)?.isDeclaration ?? true) {
      this.#index.set(key, { offset: entry.offset, isDeclaration });
    }
  }

  #at(offset: number): CType {
    const known = this.#types.get(offset);
    if (known !== undefined) return known;
    const entry = this.#info.unitAt(offset).entryAt(offset);
    const type = entry === null ? VOID : cType(this, entry);
    this.#types.set(offset, type);
    return type;
  }
}

/** Parts that refer to other types are getters: they are read when they are used. */
function cType(types: DebugTypes, entry: Entry): CType {
  const name = nameOf(entry);
  const size = entry.number(DW_AT_byte_size);
  const qualifier = QUALIFIERS.get(entry.tag);
  if (qualifier !== undefined) {
    return {
      kind: qualifier,
      get target() {
        return types.typeOf(entry);
      },
    };
  }
  switch (entry.tag) {
    case DW_TAG_base_type: {
      const encoding = ENCODINGS.get(entry.number(DW_AT_encoding) ?? 0) ?? "other";
      return { kind: "base", name: name ?? "", size: size ?? 0, encoding };
    }
    case DW_TAG_pointer_type:
      return {
        kind: "pointer",
        size: size ?? entry.unit.header.addressSize,
        get target() {
          return types.typeOf(entry);
        },
      };
    case DW_TAG_structure_type:
    case DW_TAG_union_type: {
      const isDeclaration = entry.flag(DW_AT_declaration);
      let members: Member[] | undefined;
      return {
        kind: entry.tag === DW_TAG_union_type ? "union" : "struct",
        name,
        size: isDeclaration ? null : (size ?? 0),
        get members() {
          members ??= membersOf(types, entry);
          return members;
        },
      };
    }
    case DW_TAG_enumeration_type:
      return { kind: "enum", name, size: size ?? 0, values: valuesOf(entry) };
    case DW_TAG_array_type:
      return arrayType(types, entry);
    case DW_TAG_typedef:
      return {
        kind: "typedef",
        name: name ?? "",
        get target() {
          return types.typeOf(entry);
        },
      };
    case DW_TAG_subroutine_type:
      return functionType(types, entry);
    default:
      return { kind: "unknown", size: size ?? null };
  }
}

function nameOf(entry: Entry): string | null {
  const name = entry.string(DW_AT_name);
  return name === null ? null : printable(name);
}

function membersOf(types: DebugTypes, entry: Entry): Member[] {
  const members: Member[] = [];
  for (const member of entry.unit.children(entry)) {
    if (member.tag !== DW_TAG_member) continue;
    const bitSize = member.number(DW_AT_bit_size);
    const bitOffset = firstBit(member);
    members.push({
      name: nameOf(member),
      get type() {
        return types.typeOf(member);
      },
      offset:
        member.number(DW_AT_data_member_location) ??
        (bitOffset === null ? 0 : Math.floor(bitOffset / 8)),
      bits: bitSize === undefined ? null : { size: bitSize, offset: bitOffset },
    });
  }
  return members;
}

/** DW_AT_data_bit_offset; DWARF 4 counts from the most significant bit of a unit of storage. */
function firstBit(member: Entry): number | null {
  const first = member.number(DW_AT_data_bit_offset);
  const fromTop = member.number(DW_AT_bit_offset);
  if (first !== undefined || fromTop === undefined) return first ?? null;
  const start = 8 * (member.number(DW_AT_data_member_location) ?? 0);
  if (member.unit.context.info.endian === "big") return start + fromTop;
  const storage = 8 * (member.number(DW_AT_byte_size) ?? 0);
  return start + storage - fromTop - (member.number(DW_AT_bit_size) ?? 0);
}

function valuesOf(entry: Entry): EnumType["values"] {
  return [...entry.unit.children(entry)]
    .filter(({ tag }) => tag === DW_TAG_enumerator)
    .map((one) => ({ name: nameOf(one) ?? "", value: one.number(DW_AT_const_value) ?? 0 }));
}

/** An array of several dimensions is an array of arrays. */
function arrayType(types: DebugTypes, entry: Entry): CType {
  const counts = [...entry.unit.children(entry)]
    .filter(({ tag }) => tag === DW_TAG_subrange_type)
    .slice(0, TYPE_STEPS)
    .map((one) => {
      const last = one.number(DW_AT_upper_bound);
      return one.number(DW_AT_count) ?? (last === undefined ? null : last + 1);
    });
  const nested = (level: number): CType => ({
    kind: "array",
    // The last index of an array of no elements is -1, in as many bits as the compiler chose.
    count: (counts[level] ?? 0) >= 2 ** 32 ? 0 : (counts[level] ?? null),
    get element() {
      return level + 1 < counts.length ? nested(level + 1) : types.typeOf(entry);
    },
  });
  return nested(0);
}

function functionType(types: DebugTypes, entry: Entry): FunctionType {
  const { unit } = entry;
  const children = [...unit.children(entry)];
  const result = types.typeOf(entry);
  return {
    kind: "function",
    result,
    parameters: children
      .filter(({ tag }) => tag === DW_TAG_formal_parameter)
      .map((one) => {
        // The parameters of a function that was inlined too are described where it is declared.
        const origin = one.reference(DW_AT_abstract_origin);
        const declared =
          origin === undefined ? one : (unit.context.unitAt(origin).entryAt(origin) ?? one);
        return {
          name: nameOf(declared),
          get type() {
            return types.typeOf(declared);
          },
        };
      }),
    variadic: children.some(({ tag }) => tag === DW_TAG_unspecified_parameters),
  };
}

/** A type without its names: what a typedef or a qualified type is. */
export function bareType(type: CType): BareType {
  let one = type;
  for (let left = TYPE_STEPS; left > 0; left--) {
    switch (one.kind) {
      case "typedef":
      case "const":
      case "volatile":
      case "restrict":
      case "_Atomic":
        one = one.target;
        break;
      default:
        return one;
    }
  }
  return { kind: "unknown", size: null };
}

/** The bytes that a value of the type takes; null when that is unknown, as for an array without a length. */
export function sizeOfType(type: CType, depth = TYPE_STEPS): number | null {
  const bare = bareType(type);
  switch (bare.kind) {
    case "void":
    case "function":
      return null;
    case "array": {
      const element = depth > 0 ? sizeOfType(bare.element, depth - 1) : null;
      return element === null || bare.count === null ? null : element * bare.count;
    }
    default:
      return bare.size;
  }
}

/** The type in C, as in a declaration without a name: `const char *`, `struct page *[4]`, `int (*)(void *)`. */
export function typeText(type: CType): string {
  return declaration(type, "", { left: TYPE_PARTS });
}

/** @param parts how many more types may be named: two parameters that refer to their function would double for ever. */
function declaration(type: CType, inner: string, parts: { left: number }): string {
  const named = (name: string): string => (inner === "" ? name : `${name} ${inner}`);
  if (parts.left <= 0) return named("…");
  parts.left -= 1;
  switch (type.kind) {
    case "void":
      return named("void");
    case "base":
    case "typedef":
      return named(type.name);
    case "struct":
    case "union":
    case "enum":
      return named(`${type.kind} ${type.name ?? "{…}"}`);
    case "const":
    case "volatile":
    case "restrict":
    case "_Atomic":
      return type.target.kind === "pointer"
        ? declaration(type.target, inner === "" ? type.kind : `${type.kind} ${inner}`, parts)
        : `${type.kind} ${declaration(type.target, inner, parts)}`;
    case "pointer": {
      const star = `*${inner}`;
      const isGrouped = type.target.kind === "array" || type.target.kind === "function";
      return declaration(type.target, isGrouped ? `(${star})` : star, parts);
    }
    case "array":
      return declaration(type.element, `${inner}[${type.count ?? ""}]`, parts);
    case "function": {
      const parameters = type.parameters.map((one) => declaration(one.type, "", parts));
      if (type.variadic) parameters.push("...");
      return declaration(
        type.result,
        `${inner}(${parameters.length === 0 ? "void" : parameters.join(", ")})`,
        parts,
      );
    }
    default:
      return named("…");
  }
}
