// Types of C as they are in guest memory: scalars, pointers, arrays and structures with the offsets of their members. A
// type is a value, made from a plain layout (layout.ts) or from a file's debugging information; struct.ts reads and
// writes memory by it.

export type MemoryType = ScalarType | BitsType | PointerType | ArrayType | MemoryStruct;

/** An integer. */
export interface ScalarType {
  readonly kind: "scalar";
  readonly size: 1 | 2 | 4 | 8;
  readonly signed: boolean;
  /** A char: an array of them is text. */
  readonly text?: boolean;
}

/** A bit-field, by its place in the whole structure. */
export interface BitsType {
  readonly kind: "bits";
  /** Its first bit: bit 0 is the lowest of byte 0, in a big-endian guest the highest. */
  readonly first: number;
  readonly count: number;
  readonly signed: boolean;
}

export interface PointerType {
  readonly kind: "pointer";
  /** What it points to, where that is known; a thunk, since structures point to themselves. */
  readonly to?: () => MemoryType | null;
}

export interface ArrayType {
  readonly kind: "array";
  readonly of: MemoryType;
  readonly count: number;
}

export interface MemoryStruct {
  readonly kind: "struct";
  readonly name: string | null;
  readonly size: number;
  readonly alignment: number;
  readonly members: readonly Member[];
}

export interface Member {
  readonly name: string;
  /** Bytes from the start of the structure. */
  readonly offset: number;
  readonly type: MemoryType;
}

/** Bytes of a pointer in o32. */
export const POINTER_SIZE = 4;

export function sizeOf(type: MemoryType): number {
  switch (type.kind) {
    case "scalar":
    case "struct":
      return type.size;
    case "bits":
      return 0;
    case "pointer":
      return POINTER_SIZE;
    case "array":
      return type.count * sizeOf(type.of);
  }
}

/** o32 aligns each scalar to its size, and an array or structure as its strictest part. */
export function alignmentOf(type: MemoryType): number {
  switch (type.kind) {
    case "scalar":
      return type.size;
    case "bits":
      return 1;
    case "pointer":
      return POINTER_SIZE;
    case "array":
      return alignmentOf(type.of);
    case "struct":
      return type.alignment;
  }
}
