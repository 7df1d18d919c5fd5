// Guest addresses of both classes. A 32-bit machine's are numbers; a 64-bit machine's are bigints, since
// 0xffffffffc0000000 isn't exact as a number and vmalloc memory may be at 0xc000000000000000. Code that places, plans
// and relocates is written once for both, as a generic over `A extends Address`; the type then says which machine an
// address belongs to, and the 32-bit code computes with numbers. Distances, sizes and offsets are always numbers.

export type Address = number | bigint;

/** The operations and constants that depend on the width of a machine's addresses. */
export interface Width<A extends Address> {
  readonly bits: 32 | 64;
  /** The size of a pointer and of C's long, in bytes. */
  readonly bytes: 4 | 8;
  readonly zero: A;
  /** An address of this width: the value's low bits. */
  of(value: Address): A;
  /** Reads the pointer at an offset of a table. */
  read(words: PointerBytes, offset: number): A;
  write(words: PointerBytes, offset: number, address: A): void;
  /** Addresses in the form in which the core takes them. */
  pack(addresses: readonly A[]): Uint32Array | BigUint64Array;
}

/** Bytes with a byte order, as in bytes/words.ts. */
export interface PointerBytes {
  u32(offset: number): number;
  u64(offset: number): bigint;
  setU32(offset: number, value: number): void;
  setU64(offset: number, value: bigint): void;
}

export const WIDTH_32: Width<number> = {
  bits: 32,
  bytes: 4,
  zero: 0,
  of: (value) => (typeof value === "bigint" ? Number(BigInt.asUintN(32, value)) : value >>> 0),
  read: (words, offset) => words.u32(offset),
  write: (words, offset, address) => words.setU32(offset, address),
  pack: (addresses) => Uint32Array.from(addresses),
};

export const WIDTH_64: Width<bigint> = {
  bits: 64,
  bytes: 8,
  zero: 0n,
  of: (value) => BigInt.asUintN(64, BigInt(value)),
  read: (words, offset) => words.u64(offset),
  write: (words, offset, address) => words.setU64(offset, address),
  pack: (addresses) => BigUint64Array.from(addresses),
};

/** The address that is `bytes` bytes higher, modulo the address space. */
export function plus<A extends Address>(address: A, bytes: number): A {
  const sum: Address =
    typeof address === "bigint"
      ? BigInt.asUintN(64, address + BigInt(bytes))
      : ((address as number) + bytes) >>> 0;
  return sum as A;
}

/** The bytes from one address to another; exact below 2⁵³. */
export function distance<A extends Address>(from: A, to: A): number {
  return Number(to) === to ? to - Number(from) : Number(BigInt(to) - BigInt(from));
}

/** The low 32 bits: the only ones that a jump's field and its relocation use. */
export function lowWord(address: Address): number {
  return typeof address === "bigint" ? Number(BigInt.asUintN(32, address)) : address >>> 0;
}

/** Whether a 64-bit address is a sign-extended 32-bit one, which `lui` and `addiu` can make. */
export function isSignExtended(address: Address): boolean {
  return typeof address === "number" || BigInt.asUintN(64, BigInt.asIntN(32, address)) === address;
}

/** Compares addresses for sorting. */
export function ascending<A extends Address>(a: A, b: A): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
