// The stored vectors: one file for each group of instructions, gzip over the bytes below, little-endian for guests of
// either byte order.
//
//   file     "FJV1", slot u32, slot words u8, data u32, data words u8, r1..r31 hi lo u32 each, data u32 each,
//            then until its end: name length u8, name, count u16, cases
//   case     entry u8, words n u8, n words u32, inputs n u8, n × { register u8, value u32 },
//            outcome (little), then 0 u8 when the big-endian one is the same, or 1 u8 and outcome (big)
//   outcome  ExcCode u8, EPC u32, BadVAddr u32 (only with ExcCodes that set it),
//            registers n u8, n × { register u8, value u32 }, data words n u8, n × { index u8, word u32 }
//
// An outcome lists what differs from the case's initial state; everything else is unchanged. Registers 32 and 33 are
// HI and LO. Data words are values as the guest's lw reads them.

import { gunzipSync, gzipSync } from "node:zlib";
import type { Background, Case } from "./cases.ts";
import { programOf, SLOT, SLOT_WORDS } from "./cases.ts";
import { DATA, type Endian, REGISTERS, type Stop, setsBadVAddr } from "./program.ts";

const MAGIC = "FJV1";

export interface Vector extends Case {
  readonly outcome: Readonly<Record<Endian, Stop>>;
}

/** The vectors of one instruction. */
export interface Section {
  readonly name: string;
  readonly vectors: readonly Vector[];
}

export interface VectorFile {
  readonly start: Background;
  readonly sections: readonly Section[];
}

class Writer {
  readonly #bytes: number[] = [];

  u8(value: number): void {
    if (value < 0 || value > 0xff) throw new RangeError(`${value} doesn't fit in a byte`);
    this.#bytes.push(value);
  }

  u16(value: number): void {
    this.u8(value & 0xff);
    this.u8(value >>> 8);
  }

  u32(value: number): void {
    this.u16(value & 0xffff);
    this.u16(value >>> 16);
  }

  text(text: string): void {
    for (const letter of text) this.u8(letter.charCodeAt(0));
  }

  pairs(pairs: readonly (readonly [number, number])[]): void {
    this.u8(pairs.length);
    for (const [key, value] of pairs) {
      this.u8(key);
      this.u32(value);
    }
  }

  bytes(): Buffer {
    return Buffer.from(this.#bytes);
  }
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length;
  }

  u8(): number {
    const value = this.#bytes.readUInt8(this.#at);
    this.#at += 1;
    return value;
  }

  u16(): number {
    const value = this.#bytes.readUInt16LE(this.#at);
    this.#at += 2;
    return value;
  }

  u32(): number {
    const value = this.#bytes.readUInt32LE(this.#at);
    this.#at += 4;
    return value;
  }

  text(length: number): string {
    const text = this.#bytes.toString("latin1", this.#at, this.#at + length);
    this.#at += length;
    return text;
  }

  pairs(): [number, number][] {
    return Array.from({ length: this.u8() }, () => [this.u8(), this.u32()] as [number, number]);
  }
}

type Words = ArrayLike<number>;

/** Index and new value of every word that changed. */
function changes(before: Words, after: Words): [number, number][] {
  const changed: [number, number][] = [];
  for (let i = 0; i < before.length; i++) {
    if (before[i] !== after[i]) changed.push([i, after[i] as number]);
  }
  return changed;
}

function same(a: Stop, b: Stop): boolean {
  return (
    a.exception === b.exception &&
    a.epc === b.epc &&
    a.badVAddr === b.badVAddr &&
    changes(a.registers, b.registers).length === 0 &&
    changes(a.data, b.data).length === 0
  );
}

function writeOutcome(writer: Writer, vector: Case, start: Background, stop: Stop): void {
  const program = programOf(vector, start);
  writer.u8(stop.exception);
  writer.u32(stop.epc);
  if (setsBadVAddr(stop.exception)) writer.u32(stop.badVAddr);
  writer.pairs(changes(program.registers, stop.registers));
  writer.pairs(changes(program.data, stop.data));
}

function readOutcome(reader: Reader, vector: Case, start: Background): Stop {
  const program = programOf(vector, start);
  const exception = reader.u8();
  const epc = reader.u32();
  const badVAddr = setsBadVAddr(exception) ? reader.u32() : 0;
  const registers = program.registers.slice();
  for (const [register, value] of reader.pairs()) registers[register] = value;
  const data = [...program.data];
  for (const [index, value] of reader.pairs()) data[index] = value;
  return { exception, epc, badVAddr, registers, data };
}

/** The bytes of a vector file, compressed. */
export function encode({ start, sections }: VectorFile): Buffer {
  const writer = new Writer();
  writer.text(MAGIC);
  writer.u32(SLOT);
  writer.u8(SLOT_WORDS);
  writer.u32(DATA);
  writer.u8(start.data.length);
  for (const value of start.registers.subarray(1)) writer.u32(value);
  for (const value of start.data) writer.u32(value);
  for (const { name, vectors } of sections) {
    writer.u8(name.length);
    writer.text(name);
    writer.u16(vectors.length);
    for (const vector of vectors) {
      writer.u8(vector.entry);
      writer.u8(vector.words.length);
      for (const word of vector.words) writer.u32(word);
      writer.pairs([...vector.inputs]);
      const { little, big } = vector.outcome;
      writeOutcome(writer, vector, start, little);
      writer.u8(same(little, big) ? 0 : 1);
      if (!same(little, big)) writeOutcome(writer, vector, start, big);
    }
  }
  return gzipSync(writer.bytes(), { level: 9 });
}

/** Decodes the bytes that encode made; throws for any other bytes. */
export function decode(compressed: Buffer): VectorFile {
  const reader = new Reader(gunzipSync(compressed));
  const header = [reader.text(MAGIC.length), reader.u32(), reader.u8(), reader.u32()];
  if (header.join() !== [MAGIC, SLOT, SLOT_WORDS, DATA].join())
    throw new Error("not a vector file of this layout");
  const dataWords = reader.u8();
  const registers = new Uint32Array(REGISTERS);
  for (let i = 1; i < REGISTERS; i++) registers[i] = reader.u32();
  const start = { registers, data: Array.from({ length: dataWords }, () => reader.u32()) };
  const sections: Section[] = [];
  while (!reader.ended) {
    const name = reader.text(reader.u8());
    const vectors = Array.from({ length: reader.u16() }, () => {
      const entry = reader.u8();
      const words = Array.from({ length: reader.u8() }, () => reader.u32());
      const vector: Case = { entry, words, inputs: new Map(reader.pairs()) };
      const little = readOutcome(reader, vector, start);
      const big = reader.u8() === 0 ? little : readOutcome(reader, vector, start);
      return { ...vector, outcome: { little, big } };
    });
    sections.push({ name, vectors });
  }
  return { start, sections };
}
