// Reads and writes values of C in guest memory by their type, in the guest's byte order. Every value is checked: a
// number that doesn't fit, a text that is too long and a member that doesn't exist are mistakes that would otherwise
// look like data.

import type { Endian } from "../../bytes/endian.ts";
import { latin1, utf8Bytes } from "../../bytes/text.ts";
import { Words } from "../../bytes/words.ts";
import { Misuse } from "../../errors.ts";
import { didYouMean } from "../../near-names.ts";
import type { GuestMemory } from "../../processor/guest-memory.ts";
import {
  type ArrayType,
  alignmentOf,
  type BitsType,
  type MemoryStruct,
  type MemoryType,
  type ScalarType,
  sizeOf,
} from "./type.ts";

/**
 * A value to write. Integers are numbers, those of 64 bits also bigints; a pointer is an address, or a text or bytes that
 * are put into memory; an array of char is a text, of u8 also bytes; members that are left out are 0.
 */
export type StructValue =
  | number
  | bigint
  | string
  | Uint8Array
  | readonly StructValue[]
  | { readonly [member: string]: StructValue };

/** A value that was read: 64-bit integers are bigints, arrays of char are texts up to their NUL. */
export type ReadValue = number | bigint | string | ReadValue[] | { [member: string]: ReadValue };

/** A structure's type with a machine's memory. */
export class Struct {
  readonly type: MemoryStruct;
  readonly #memory: GuestMemory;

  constructor(memory: GuestMemory, type: MemoryStruct) {
    this.#memory = memory;
    this.type = type;
  }

  /** Bytes, with the padding at its end. */
  get size(): number {
    return this.type.size;
  }

  /** A member's offset in bytes. @throws Misuse when there is no such member. */
  offsetOf(member: string): number {
    return memberOf(this.type, member).offset;
  }

  /** Puts a new structure into memory. @returns its address, which `memory.free()` takes. */
  alloc(values: { readonly [member: string]: StructValue } = {}): number {
    const bytes = encoded(this.type, values, this.#memory);
    const address = this.#memory.alloc(bytes.length, alignmentOf(this.type));
    this.#memory.write(address, bytes);
    return address;
  }

  /** Writes the given members of the structure at an address, and leaves the others. */
  write(address: number, values: { readonly [member: string]: StructValue }): void {
    for (const [name, value] of Object.entries(values)) {
      const { offset, type } = memberOf(this.type, name);
      if (type.kind === "bits") this.#writeBits(address, type, value);
      else this.#memory.write(address + offset, encoded(type, value, this.#memory));
    }
  }

  #writeBits(address: number, type: BitsType, value: StructValue): void {
    const start = Math.floor(type.first / 8);
    const end = Math.ceil((type.first + type.count) / 8);
    const bytes = this.#memory.read(address + start, end - start);
    const words = new Words(bytes, this.#memory.endian);
    putBits(words, 0, { ...type, first: type.first - 8 * start }, value);
    this.#memory.write(address + start, words.bytes);
  }

  /** The members of the structure at an address. */
  read(address: number): { [member: string]: ReadValue } {
    const bytes = this.#memory.read(address, this.size);
    return decodedStruct(this.type, bytes, this.#memory.endian);
  }
}

/**
 * The bytes of a value. Texts and bytes behind pointers are put into memory, where they stay.
 * @throws Misuse for a value that isn't one of the type.
 */
export function encoded(type: MemoryType, value: StructValue, memory: GuestMemory): Uint8Array {
  const words = new Words(new Uint8Array(sizeOf(type)), memory.endian);
  put(words, 0, type, value, memory);
  return words.bytes;
}

function put(
  words: Words,
  at: number,
  type: MemoryType,
  value: StructValue,
  memory: GuestMemory,
): void {
  switch (type.kind) {
    case "scalar":
      putScalar(words, at, type, value);
      return;
    case "bits":
      putBits(words, at, type, value);
      return;
    case "pointer":
      words.setU32(at, pointed(value, memory));
      return;
    case "array":
      putArray(words, at, type, value, memory);
      return;
    case "struct":
      if (typeof value !== "object" || Array.isArray(value) || value instanceof Uint8Array) {
        throw new Misuse(`a structure is written from its members, not from ${shown(value)}`);
      }
      for (const [name, one] of Object.entries(value)) {
        const member = memberOf(type, name);
        put(words, at + member.offset, member.type, one, memory);
      }
  }
}

function putScalar(
  words: Words,
  at: number,
  { size, signed }: ScalarType,
  value: StructValue,
): void {
  const whole = typeof value === "bigint" || Number.isInteger(value);
  if (!whole) throw new Misuse(`${shown(value)} is no whole number of ${8 * size} bits`);
  const number = BigInt(value as number | bigint);
  const bits = BigInt(8 * size);
  if (number < -(1n << (bits - 1n)) || number >= 1n << bits) {
    throw new Misuse(`${value} doesn't fit into ${bits} bits${signed ? "" : ", unsigned"}`);
  }
  const plain = BigInt.asUintN(8 * size, number);
  if (size === 8) {
    words.setU64(at, plain);
  } else if (size === 4) {
    words.setU32(at, Number(plain));
  } else if (size === 2) {
    words.setU16(at, Number(plain));
  } else {
    words.bytes[at] = Number(plain);
  }
}

function putBits(words: Words, at: number, { first, count }: BitsType, value: StructValue): void {
  const whole = typeof value === "bigint" || Number.isInteger(value);
  if (!whole) throw new Misuse(`${shown(value)} is no whole number of ${count} bits`);
  const number = BigInt(value as number | bigint);
  const bits = BigInt(count);
  if (number < -(1n << (bits - 1n)) || number >= 1n << bits) {
    throw new Misuse(`${value} doesn't fit into ${count} bit${count === 1 ? "" : "s"}`);
  }
  for (let bit = 0; bit < count; bit += 1) {
    const { byte, mask } = bitPlace(words, first + (words.little ? bit : count - 1 - bit));
    const old = words.u8(at + byte);
    const isSet = ((number >> BigInt(bit)) & 1n) === 1n;
    words.bytes[at + byte] = isSet ? old | mask : old & ~mask;
  }
}

function getBits(words: Words, at: number, { first, count, signed }: BitsType): number | bigint {
  let value = 0n;
  for (let bit = 0; bit < count; bit += 1) {
    const { byte, mask } = bitPlace(words, first + (words.little ? bit : count - 1 - bit));
    if ((words.u8(at + byte) & mask) !== 0) value |= 1n << BigInt(bit);
  }
  if (signed) value = BigInt.asIntN(count, value);
  return count > 32 ? value : Number(value);
}

function bitPlace({ little }: Words, bit: number): { byte: number; mask: number } {
  const inByte = bit % 8;
  return { byte: Math.floor(bit / 8), mask: 1 << (little ? inByte : 7 - inByte) };
}

function putArray(
  words: Words,
  at: number,
  { of, count }: ArrayType,
  value: StructValue,
  memory: GuestMemory,
): void {
  if (typeof value === "string" && of.kind === "scalar" && of.text === true) {
    const bytes = utf8Bytes(value);
    if (bytes.length > count) {
      throw new Misuse(`${shown(value)} has ${bytes.length} bytes, and the array has ${count}`);
    }
    words.bytes.set(bytes, at);
    return;
  }
  const list = value instanceof Uint8Array ? [...value] : value;
  if (!Array.isArray(list))
    throw new Misuse(`an array is written from a list, not from ${shown(value)}`);
  if (list.length > count)
    throw new Misuse(`${list.length} elements are given for an array of ${count}`);
  const step = sizeOf(of);
  for (const [index, one] of (list as readonly StructValue[]).entries()) {
    put(words, at + index * step, of, one, memory);
  }
}

/** The address for a pointer. */
function pointed(value: StructValue, memory: GuestMemory): number {
  if (typeof value === "string" || value instanceof Uint8Array) {
    const bytes = typeof value === "string" ? utf8Bytes(`${value}\0`) : value;
    const address = memory.alloc(bytes.length);
    memory.write(address, bytes);
    return address;
  }
  const number = typeof value === "bigint" ? Number(value) : value;
  if (
    typeof number !== "number" ||
    !Number.isInteger(number) ||
    number < -(2 ** 31) ||
    number >= 2 ** 32
  ) {
    throw new Misuse(`${shown(value)} is no address of 32 bits, no text and no bytes`);
  }
  return number >>> 0;
}

/** The value of a type from its bytes. */
export function decoded(type: MemoryType, bytes: Uint8Array, endian: Endian): ReadValue {
  return get(new Words(bytes, endian), 0, type);
}

function decodedStruct(
  type: MemoryStruct,
  bytes: Uint8Array,
  endian: Endian,
): { [member: string]: ReadValue } {
  return getStruct(new Words(bytes, endian), 0, type);
}

function get(words: Words, at: number, type: MemoryType): ReadValue {
  switch (type.kind) {
    case "scalar":
      return getScalar(words, at, type);
    case "bits":
      return getBits(words, at, type);
    case "pointer":
      return words.u32(at);
    case "array":
      return getArray(words, at, type);
    case "struct":
      return getStruct(words, at, type);
  }
}

function getScalar(words: Words, at: number, { size, signed }: ScalarType): number | bigint {
  if (size === 8) return signed ? BigInt.asIntN(64, words.u64(at)) : words.u64(at);
  const value = size === 4 ? words.u32(at) : size === 2 ? words.u16(at) : (words.bytes[at] ?? 0);
  const unused = 32 - 8 * size;
  return signed ? (value << unused) >> unused : value;
}

function getArray(words: Words, at: number, { of, count }: ArrayType): ReadValue {
  const step = sizeOf(of);
  if (of.kind === "scalar" && of.text === true) {
    const bytes = words.bytes.subarray(at, at + count);
    const end = bytes.indexOf(0);
    return latin1(end < 0 ? bytes : bytes.subarray(0, end));
  }
  return Array.from({ length: count }, (_, index) => get(words, at + index * step, of));
}

function getStruct(
  words: Words,
  at: number,
  { members }: MemoryStruct,
): { [member: string]: ReadValue } {
  return Object.fromEntries(
    members.map(({ name, offset, type }) => [name, get(words, at + offset, type)]),
  );
}

function memberOf(type: MemoryStruct, name: string): MemoryStruct["members"][number] {
  const found = type.members.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = type.members.map((one) => one.name);
  const what = type.name === null ? "the structure" : `struct ${type.name}`;
  const hint = didYouMean(name, names) || `; it has ${names.join(", ")}`;
  throw new Misuse(`${what} has no member '${name}'${hint}`);
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
