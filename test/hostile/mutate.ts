// Damages a module's file as files are damaged, and as an attacker would. It knows where ELF has its headers, so that
// it changes fields and not only code.

import type { Random } from "../support/random.ts";

export interface Mutation {
  readonly bytes: Uint8Array;
  /** A description of the change, to find it again. */
  readonly how: string;
}

/** The places that lead to the sections in an ELF class: sizes, and offsets in the headers. */
interface Headers {
  readonly header: number;
  readonly section: number;
  /** Size of an offset or a size field, in bytes. */
  readonly word: 4 | 8;
  readonly shoff: number;
  readonly shnum: number;
  /** Offsets of sh_offset and sh_size in a section header. */
  readonly offset: number;
  readonly size: number;
}

const ELF32: Headers = {
  header: 52,
  section: 40,
  word: 4,
  shoff: 32,
  shnum: 48,
  offset: 16,
  size: 20,
};
const ELF64: Headers = {
  header: 64,
  section: 64,
  word: 8,
  shoff: 40,
  shnum: 60,
  offset: 24,
  size: 32,
};
/** The offset of sh_type, in both classes. */
const TYPE = 4;
/** EI_CLASS, and its value in ELF64. */
const CLASS = 4;
const CLASS_64 = 2;
/** sh_type of symbols and of both kinds of relocation. */
const TABLES = [2, 4, 9];

function headersOf(bytes: Uint8Array): Headers {
  return bytes[CLASS] === CLASS_64 ? ELF64 : ELF32;
}

/** Reads an offset or a size; one too large for any file is rounded. */
function wordAt(view: DataView, at: number, little: boolean, { word }: Headers): number {
  return word === 4 ? view.getUint32(at, little) : Number(view.getBigUint64(at, little));
}

/** The numbers at the edges of the ranges of fields, read as signed and as unsigned. */
export const EXTREMES = [
  0, 1, 2, 3, 4, 7, 8, 0x7f, 0xff, 0x100, 0xfff, 0x1000, 0x7fff, 0x8000, 0xff00, 0xffff, 0x10000,
  0x7fffffff, 0x80000000, 0x80000001, 0xc0000000, 0xfffffff0, 0xfffffffc, 0xfffffffe, 0xffffffff,
] as const;

/** Applies one to three mutations. */
export function mutate(original: Uint8Array, order: "little" | "big", random: Random): Mutation {
  let bytes = Uint8Array.from(original);
  const done: string[] = [];
  for (let times = random.between(1, 3); times > 0; times--) {
    const { bytes: changed, how } = random.pick(KINDS)(bytes, order === "little", random);
    bytes = Uint8Array.from(changed);
    done.push(how);
  }
  return { bytes, how: done.join("; ") };
}

type Kind = (bytes: Uint8Array<ArrayBuffer>, little: boolean, random: Random) => Mutation;

const flipBits: Kind = (bytes, _, random) => {
  const flipped = Array.from({ length: random.between(1, 8) }, () => {
    const at = random.below(Math.max(bytes.length, 1));
    const bit = random.below(8);
    if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
    return `${at}.${bit}`;
  });
  return { bytes, how: `bits ${flipped.join(" ")}` };
};

const cut: Kind = (bytes, _, random) => {
  const length = random.below(bytes.length + 1);
  return { bytes: bytes.subarray(0, length), how: `cut to ${length}` };
};

const setHeaderField: Kind = (bytes, little, random) => {
  const size = random.pick([2, 4] as const);
  return setField(bytes, little, random, random.below(headersOf(bytes).header / size) * size, size);
};

const setSectionField: Kind = (bytes, little, random) => {
  const table = sectionTable(bytes, little);
  const { section } = headersOf(bytes);
  const header = table.start + random.below(Math.max(table.count, 1)) * section;
  const at = header + random.below(section / 4) * 4;
  return setField(bytes, little, random, at, 4);
};

/** Changes a word in a section's contents: a symbol, a relocation, a pointer, an instruction. */
const setContentWord: Kind = (bytes, little, random) => {
  const { start, size } = someSection(bytes, little, random);
  return setField(bytes, little, random, start + random.below(Math.max(size >>> 2, 1)) * 4, 4);
};

/** The same in the tables that the loader trusts: symbols and relocations. */
const setTableWord: Kind = (bytes, little, random) => {
  const { start, size } = someSection(bytes, little, random, TABLES);
  return setField(bytes, little, random, start + random.below(Math.max(size >>> 2, 1)) * 4, 4);
};

const splice: Kind = (bytes, _, random) => {
  const length = Math.min(random.between(1, 512), bytes.length);
  const from = random.below(bytes.length - length + 1);
  const to = random.below(bytes.length - length + 1);
  bytes.copyWithin(to, from, from + length);
  return { bytes, how: `${length} bytes of ${from} to ${to}` };
};

const insert: Kind = (bytes, _, random) => {
  const at = random.below(bytes.length + 1);
  const added = Uint8Array.from({ length: random.between(1, 64) }, () => random.below(256));
  return {
    bytes: Uint8Array.from(Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at)])),
    how: `${added.length} bytes more at ${at}`,
  };
};

const remove: Kind = (bytes, _, random) => {
  const at = random.below(bytes.length + 1);
  const count = random.between(1, 64);
  return {
    bytes: Uint8Array.from(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + count)])),
    how: `${count} bytes less at ${at}`,
  };
};

const KINDS: readonly Kind[] = [
  flipBits,
  flipBits,
  cut,
  setHeaderField,
  setSectionField,
  setSectionField,
  setContentWord,
  setTableWord,
  setTableWord,
  splice,
  insert,
  remove,
];

function setField(
  bytes: Uint8Array<ArrayBuffer>,
  little: boolean,
  random: Random,
  at: number,
  size: 2 | 4,
): Mutation {
  const value = random.oneIn(4) ? random.word() : random.pick(EXTREMES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (at + size <= bytes.length) {
    if (size === 2) view.setUint16(at, value, little);
    else view.setUint32(at, value, little);
  }
  return { bytes, how: `0x${value.toString(16)} at ${at}` };
}

function sectionTable(bytes: Uint8Array, little: boolean): { start: number; count: number } {
  const headers = headersOf(bytes);
  const { header, section, shoff, shnum } = headers;
  if (bytes.length < header) return { start: 0, count: 0 };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const start = wordAt(view, shoff, little, headers);
  const fit = Math.max(Math.floor((bytes.length - start) / section), 0);
  return { start, count: Math.min(view.getUint16(shnum, little), fit) };
}

/** The range of a section's bytes, from its header. @param types sh_type, any when empty. */
function someSection(
  bytes: Uint8Array,
  little: boolean,
  random: Random,
  types: readonly number[] = [],
): { start: number; size: number } {
  const { start, count } = sectionTable(bytes, little);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const headers = headersOf(bytes);
  const all = Array.from({ length: count }, (_, index) => start + index * headers.section);
  const wanted = all.filter(
    (at) => types.length === 0 || types.includes(view.getUint32(at + TYPE, little)),
  );
  if (wanted.length === 0) return { start: 0, size: bytes.length };
  const at = random.pick(wanted);
  return {
    start: wordAt(view, at + headers.offset, little, headers),
    size: wordAt(view, at + headers.size, little, headers),
  };
}
