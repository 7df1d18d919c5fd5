// The LZMA decoder, for kernels in the .lzma format ("LZMA alone", which OpenWrt's images use) and for the chunks of
// LZMA2 (xz-stream.ts). Own code because the decoders on npm either have no size limit or aren't maintained. The format
// is that of the LZMA specification in the public-domain LZMA SDK: LZ77 with four remembered distances, coded by an
// adaptive binary range coder.

import { Misuse } from "../errors.ts";
import type { Output } from "./output.ts";

const HEADER_SIZE = 13;
const HALF = 1 << 10;
const TOP = 2 ** 24;

function probabilities(count: number): Uint16Array {
  return new Uint16Array(count).fill(HALF);
}

export class RangeDecoder {
  readonly #bytes: Uint8Array;
  #at: number;
  #range = 0xffff_ffff;
  #code = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at + 1;
    for (let i = 0; i < 4; i++) this.#code = ((this.#code << 8) | this.#next()) >>> 0;
  }

  /**
   * The position of the next byte, and whether all buffered bits are used up, as they are at the end of an LZMA2 chunk.
   */
  get at(): number {
    return this.#at;
  }

  get isFinished(): boolean {
    return this.#code === 0;
  }

  #next(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Misuse("the compressed data is cut off");
    return byte;
  }

  #normalize(): void {
    if (this.#range >= TOP) return;
    this.#range = (this.#range << 8) >>> 0;
    this.#code = ((this.#code << 8) | this.#next()) >>> 0;
  }

  /** Decodes one bit by its adaptive probability of being 0. */
  bit(model: Uint16Array, index: number): number {
    this.#normalize();
    const probability = model[index] as number;
    const bound = (this.#range >>> 11) * probability;
    if (this.#code < bound) {
      this.#range = bound;
      model[index] = probability + ((2048 - probability) >>> 5);
      return 0;
    }
    this.#range -= bound;
    this.#code -= bound;
    model[index] = probability - (probability >>> 5);
    return 1;
  }

  /** Reads the bytes that the encoder wrote after the last bit, so that the position is the end of the chunk. */
  finish(): void {
    this.#normalize();
  }

  /** Decodes bits without a model, most significant first. */
  direct(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      this.#normalize();
      this.#range >>>= 1;
      const bit = this.#code >= this.#range ? 1 : 0;
      if (bit === 1) this.#code -= this.#range;
      value = value * 2 + bit;
    }
    return value;
  }

  /** Decodes a number of `width` bits by a tree of models, most significant bit first. */
  tree(model: Uint16Array, base: number, width: number): number {
    let node = 1;
    for (let i = 0; i < width; i++) node = (node << 1) | this.bit(model, base + node);
    return node - (1 << width);
  }

  /** The same, least significant bit first. */
  reverseTree(model: Uint16Array, base: number, width: number): number {
    let node = 1;
    let value = 0;
    for (let i = 0; i < width; i++) {
      const bit = this.bit(model, base + node);
      node = (node << 1) | bit;
      value |= bit << i;
    }
    return value;
  }
}

class LengthDecoder {
  readonly #choice = probabilities(2);
  readonly #low = probabilities(16 << 3);
  readonly #middle = probabilities(16 << 3);
  readonly #high = probabilities(256);

  read(range: RangeDecoder, position: number): number {
    if (range.bit(this.#choice, 0) === 0) return 2 + range.tree(this.#low, position << 3, 3);
    if (range.bit(this.#choice, 1) === 0) return 10 + range.tree(this.#middle, position << 3, 3);
    return 18 + range.tree(this.#high, 0, 8);
  }
}

/** The header's parameters, or null when the bytes don't begin with a plausible header. */
function readHeader(bytes: Uint8Array): (LzmaProperties & { readonly size: number | null }) | null {
  if (bytes.length < HEADER_SIZE + 5 || bytes[HEADER_SIZE] !== 0) return null;
  const properties = readProperties(bytes[0] as number);
  if (properties === null) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_SIZE);
  const [low, high] = [view.getUint32(5, true), view.getUint32(9, true)];
  const unknown = low === 0xffff_ffff && high === 0xffff_ffff;
  if (!unknown && high !== 0) return null;
  return { ...properties, size: unknown ? null : low };
}

/**
 * Whether an .lzma stream may begin here. The format has no signature, so only the header's plausibility is checked.
 */
export function isLzma(bytes: Uint8Array): boolean {
  const dictionary = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(1, true);
  const powerOfTwo = dictionary >= 0x1000 && (dictionary & (dictionary - 1)) === 0;
  return powerOfTwo && readHeader(bytes) !== null;
}

export interface LzmaProperties {
  /** The bits of the previous byte, and of the position, that select a literal's models. */
  readonly lc: number;
  readonly lp: number;
  /** The bits of the position that select the other models. */
  readonly pb: number;
}

/** Parses the properties' byte, as LZMA and LZMA2 write it; null when it is invalid. */
export function readProperties(byte: number): LzmaProperties | null {
  if (byte >= 9 * 5 * 5) return null;
  return { lc: byte % 9, lp: Math.floor(byte / 9) % 5, pb: Math.floor(byte / 45) };
}

/** The decoder's state: its models, the last distances, and the dictionary, which is the output itself. */
export class LzmaDecoder {
  readonly #output: Output;
  readonly #lc: number;
  readonly #lp: number;
  readonly #pb: number;
  readonly #literals: Uint16Array;
  readonly #isMatch = probabilities(12 << 4);
  readonly #isRepeat = probabilities(12);
  readonly #isRepeat0 = probabilities(12);
  readonly #isRepeat0Long = probabilities(12 << 4);
  readonly #isRepeat1 = probabilities(12);
  readonly #isRepeat2 = probabilities(12);
  readonly #slots = probabilities(4 << 6);
  readonly #middles = probabilities(115);
  readonly #align = probabilities(16);
  readonly #matchLength = new LengthDecoder();
  readonly #repeatLength = new LengthDecoder();
  /**
   * 0 to 6: after a literal; 7, 8, 9: after a match, a long repeat, a short repeat that followed a literal; 10: after a
   * match that followed no literal, 11: after a repeat that followed none.
   */
  #state = 0;
  #distances: [number, number, number, number] = [1, 1, 1, 1];
  /** Where the dictionary begins in the output. */
  readonly #start: number;

  /** @param start output before this offset is not part of the dictionary. */
  constructor(output: Output, { lc, lp, pb }: LzmaProperties, start: number) {
    this.#output = output;
    this.#lc = lc;
    this.#lp = lp;
    this.#pb = pb;
    this.#start = start;
    this.#literals = probabilities(0x300 << (lc + lp));
  }

  /** Decodes a literal; after a match, the byte that would have continued the match selects the models. */
  #literal(range: RangeDecoder, afterMatch: boolean, distance: number): number {
    const output = this.#output;
    const literals = this.#literals;
    const position = output.length - this.#start;
    const before = position === 0 ? 0 : output.ago(1);
    const low = position & ((1 << this.#lp) - 1);
    const base = 0x300 * ((low << this.#lc) + (before >>> (8 - this.#lc)));
    let node = 1;
    if (afterMatch) {
      let guide = output.ago(distance);
      while (node < 0x100) {
        const expected = (guide >>> 7) & 1;
        guide <<= 1;
        const bit = range.bit(literals, base + ((1 + expected) << 8) + node);
        node = (node << 1) | bit;
        if (bit !== expected) break;
      }
    }
    while (node < 0x100) node = (node << 1) | range.bit(literals, base + node);
    return node & 0xff;
  }

  /** Decodes the distance of a match, at least 1; 2 ** 32 is the end marker. */
  #matchDistance(range: RangeDecoder, length: number): number {
    const slot = range.tree(this.#slots, Math.min(length - 2, 3) << 6, 6);
    if (slot < 4) return slot + 1;
    const width = (slot >>> 1) - 1;
    const high = (2 | (slot & 1)) * 2 ** width;
    if (slot < 14) return high + range.reverseTree(this.#middles, high - slot, width) + 1;
    return high + range.direct(width - 4) * 16 + range.reverseTree(this.#align, 0, 4) + 1;
  }

  /**
   * Decodes until the output has the length `end`.
   * @returns whether it got that far; false when an end marker came first.
   * @throws Misuse when the data is damaged or cut off.
   */
  decode(range: RangeDecoder, end: number): boolean {
    const output = this.#output;
    const start = this.#start;
    const positions = (1 << this.#pb) - 1;
    let state = this.#state;
    let [distance, second, third, fourth] = this.#distances;
    const copy = (length: number): void => {
      if (distance > output.length - start) throw new Misuse("the compressed data is damaged");
      output.repeat(distance, Math.min(length, end - output.length));
    };
    while (output.length < end) {
      const position = (output.length - start) & positions;
      const afterLiteral = state < 7;
      if (range.bit(this.#isMatch, (state << 4) + position) === 0) {
        output.byte(this.#literal(range, !afterLiteral, distance));
        state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
        continue;
      }
      if (range.bit(this.#isRepeat, state) === 0) {
        const length = this.#matchLength.read(range, position);
        [second, third, fourth] = [distance, second, third];
        distance = this.#matchDistance(range, length);
        if (distance === 2 ** 32) return false;
        copy(length);
        state = afterLiteral ? 7 : 10;
        continue;
      }
      if (range.bit(this.#isRepeat0, state) === 0) {
        if (range.bit(this.#isRepeat0Long, (state << 4) + position) === 0) {
          copy(1);
          state = afterLiteral ? 9 : 11;
          continue;
        }
      } else if (range.bit(this.#isRepeat1, state) === 0) {
        [distance, second] = [second, distance];
      } else if (range.bit(this.#isRepeat2, state) === 0) {
        [distance, second, third] = [third, distance, second];
      } else {
        [distance, second, third, fourth] = [fourth, distance, second, third];
      }
      copy(this.#repeatLength.read(range, position));
      state = afterLiteral ? 8 : 11;
    }
    this.#state = state;
    this.#distances = [distance, second, third, fourth];
    return true;
  }
}

/**
 * Unpacks an .lzma stream up to its stated size or its end marker.
 * @throws Misuse when the stream is damaged, cut off or too large.
 */
export function unpackLzma(bytes: Uint8Array, output: Output): void {
  const header = readHeader(bytes);
  if (header === null) throw new Misuse("the compressed data is damaged");
  const decoder = new LzmaDecoder(output, header, output.length);
  decoder.decode(
    new RangeDecoder(bytes, HEADER_SIZE),
    output.length + (header.size ?? Number.POSITIVE_INFINITY),
  );
}
