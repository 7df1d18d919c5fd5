// The LZMA decoder, for kernels in the .lzma format ("LZMA alone", which OpenWrt's images use). Own code
// because the decoders on npm either unpack without a bound or aren't kept; the format is that of the LZMA
// specification in the public-domain LZMA SDK: an adaptive binary range coder under LZ77 with four
// remembered distances.

import { Misuse } from "../errors.ts";
import type { Output } from "./output.ts";

const HEADER_SIZE = 13;
const HALF = 1 << 10;
const TOP = 2 ** 24;

function probabilities(count: number): Uint16Array {
  return new Uint16Array(count).fill(HALF);
}

class RangeDecoder {
  readonly #bytes: Uint8Array;
  #at: number;
  #range = 0xffff_ffff;
  #code = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at + 1;
    for (let i = 0; i < 4; i++) this.#code = ((this.#code << 8) | this.#next()) >>> 0;
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

  /** One bit by its adaptive probability of being 0. */
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

  /** Bits of even chance, most significant first. */
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

  /** A number of `width` bits from a tree of models, most significant bit first. */
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
function readHeader(
  bytes: Uint8Array,
): { lc: number; lp: number; pb: number; size: number | null } | null {
  if (bytes.length < HEADER_SIZE + 5 || bytes[HEADER_SIZE] !== 0) return null;
  const properties = bytes[0] as number;
  if (properties >= 9 * 5 * 5) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_SIZE);
  const [low, high] = [view.getUint32(5, true), view.getUint32(9, true)];
  const unknown = low === 0xffff_ffff && high === 0xffff_ffff;
  if (!unknown && high !== 0) return null;
  return {
    lc: properties % 9,
    lp: Math.floor(properties / 9) % 5,
    pb: Math.floor(properties / 45),
    size: unknown ? null : low,
  };
}

/** Whether an .lzma stream may begin here; the format has no signature, so this is all there is to go by. */
export function isLzma(bytes: Uint8Array): boolean {
  const dictionary = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(1, true);
  const powerOfTwo = dictionary >= 0x1000 && (dictionary & (dictionary - 1)) === 0;
  return powerOfTwo && readHeader(bytes) !== null;
}

/**
 * Unpacks an .lzma stream up to its stated size or its end marker.
 * @throws Misuse when it is damaged, cut off or too large.
 */
export function unpackLzma(bytes: Uint8Array, output: Output): void {
  const header = readHeader(bytes);
  if (header === null) throw new Misuse("the compressed data is damaged");
  const { lc, lp, pb } = header;
  const size = header.size ?? Number.POSITIVE_INFINITY;
  const range = new RangeDecoder(bytes, HEADER_SIZE);
  const literals = probabilities(0x300 << (lc + lp));
  const isMatch = probabilities(12 << 4);
  const isRepeat = probabilities(12);
  const isRepeat0 = probabilities(12);
  const isRepeat0Long = probabilities(12 << 4);
  const isRepeat1 = probabilities(12);
  const isRepeat2 = probabilities(12);
  const slots = probabilities(4 << 6);
  const middles = probabilities(115);
  const align = probabilities(16);
  const matchLength = new LengthDecoder();
  const repeatLength = new LengthDecoder();

  /** A literal; after a match, the byte that the match would have gone on with guides it. */
  const literal = (afterMatch: boolean, distance: number): number => {
    const low = output.length & ((1 << lp) - 1);
    const base = 0x300 * ((low << lc) + (output.ago(1) >>> (8 - lc)));
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
  };

  /** The distance of a match, at least 1; 2 ** 32 is the end marker. */
  const matchDistance = (length: number): number => {
    const slot = range.tree(slots, Math.min(length - 2, 3) << 6, 6);
    if (slot < 4) return slot + 1;
    const width = (slot >>> 1) - 1;
    const high = (2 | (slot & 1)) * 2 ** width;
    if (slot < 14) return high + range.reverseTree(middles, high - slot, width) + 1;
    return high + range.direct(width - 4) * 16 + range.reverseTree(align, 0, 4) + 1;
  };

  // States 0 to 6 follow a literal; 7, 8, 9 and 10, 11 follow a match, a long repeat, a short repeat.
  let state = 0;
  let [distance, second, third, fourth] = [1, 1, 1, 1];
  while (output.length < size) {
    const position = output.length & ((1 << pb) - 1);
    const afterLiteral = state < 7;
    if (range.bit(isMatch, (state << 4) + position) === 0) {
      output.byte(literal(!afterLiteral, distance));
      state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
      continue;
    }
    if (range.bit(isRepeat, state) === 0) {
      const length = matchLength.read(range, position);
      [second, third, fourth] = [distance, second, third];
      distance = matchDistance(length);
      if (distance === 2 ** 32) return;
      output.repeat(distance, Math.min(length, size - output.length));
      state = afterLiteral ? 7 : 10;
      continue;
    }
    if (range.bit(isRepeat0, state) === 0) {
      if (range.bit(isRepeat0Long, (state << 4) + position) === 0) {
        output.repeat(distance, 1);
        state = afterLiteral ? 9 : 11;
        continue;
      }
    } else if (range.bit(isRepeat1, state) === 0) {
      [distance, second] = [second, distance];
    } else if (range.bit(isRepeat2, state) === 0) {
      [distance, second, third] = [third, distance, second];
    } else {
      [distance, second, third, fourth] = [fourth, distance, second, third];
    }
    output.repeat(distance, Math.min(repeatLength.read(range, position), size - output.length));
    state = afterLiteral ? 8 : 11;
  }
}
