// Guest addresses of both classes. A 32-bit machine's are numbers; a 64-bit machine's are bigints, since
// 0xffffffffc0000000 is no exact number and vmalloc memory may lie at 0xc000000000000000. What places,
// plans and relocates is written once for both, as a generic over `A extends Address`; the type then says
// which machine an address is of, and the 32-bit code stays arithmetic on numbers. Distances, sizes and
// offsets are always numbers.

export type Address = number | bigint;

/** What of a machine hangs on the width of its addresses. */
export interface Width<A extends Address> {
  readonly bits: 32 | 64;
  /** Bytes of a pointer, and of C's long. */
  readonly bytes: 4 | 8;
  readonly zero: A;
  /** An address of this width, cut to it. */
  of(value: Address): A;
  /** The pointer at an offset of a table. */
  read(words: PointerBytes, offset: number): A;
  write(words: PointerBytes, offset: number, address: A): void;
  /** Addresses as the core takes them. */
  pack(addresses: readonly A[]): Uint32Array | BigUint64Array;
}

/** Bytes with a byte order: bytes/words.ts. */
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

/** The address so many bytes on, around the end of the address space if need be. */
export function plus<A extends Address>(address: A, bytes: number): A {
  const sum: Address =
    typeof address === "bigint"
      ? BigInt.asUintN(64, address + BigInt(bytes))
      : ((address as number) + bytes) >>> 0;
  return sum as A;
}

/** Bytes from one address to another; exact below 2⁵³. */
export function distance<A extends Address>(from: A, to: A): number {
  return Number(to) === to ? to - Number(from) : Number(BigInt(to) - BigInt(from));
}

/** The low 32 bits: all that a jump's field and its relocation look at. */
export function lowWord(address: Address): number {
  return typeof address === "bigint" ? Number(BigInt.asUintN(32, address)) : address >>> 0;
}

/** Whether a 64-bit address is a 32-bit one with its sign extended, which `lui` and `addiu` can make. */
export function isSignExtended(address: Address): boolean {
  return typeof address === "number" || BigInt.asUintN(64, BigInt.asIntN(32, address)) === address;
}

/** The index of the last address at or below `address` in an ascending list; -1 when there is none. */
export function lastAtOrBelow<A extends Address>(addresses: ArrayLike<A>, address: A): number {
  let low = 0;
  let high = addresses.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((addresses[middle] as A) <= address) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** For sorting. */
export function ascending<A extends Address>(a: A, b: A): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
