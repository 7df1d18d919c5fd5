// Unpacks XZ with every feature that the xz program writes: several streams with padding between them, blocks with
// filters, and every check. xz.ts uses it for files that its package doesn't read. The container is that of the XZ file
// format specification, LZMA2 that of the public-domain XZ Embedded. Sizes in headers and in the index are compared,
// and so are the checks CRC32, CRC64 and SHA-256; other checks are skipped.

import { host } from "#host";
import { Misuse } from "../errors.ts";
import { crc32, crc64 } from "./crc.ts";
import { LzmaDecoder, type LzmaProperties, RangeDecoder, readProperties } from "./lzma.ts";
import type { Output } from "./output.ts";
import { undoFilter, type XzFilter } from "./xz-filters.ts";

const MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0] as const;
const HEADER_SIZE = 12;
const FOOTER_SIZE = 12;
/** The size of each check in bytes, by its number. */
const CHECK_SIZES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64] as const;
const CHECK_CRC32 = 1;
const CHECK_CRC64 = 4;
const CHECK_SHA256 = 10;
const LZMA2 = 0x21;
/** The most filters of a block, including LZMA2. */
const MOST_FILTERS = 4;

function damaged(): Misuse {
  return new Misuse("the compressed data is damaged");
}

interface Record {
  readonly unpadded: number;
  readonly unpacked: number;
}

class XzReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #output: Output;
  #at = 0;

  constructor(bytes: Uint8Array, output: Output) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#output = output;
  }

  /** Reads streams up to the first bytes that are neither a stream nor padding before one. */
  read(): void {
    while (this.#isStream(this.#at)) {
      this.#stream();
      let next = this.#at;
      while (next % 4 === 0 && next + 4 <= this.#bytes.length && this.#view.getUint32(next) === 0) {
        next += 4;
      }
      if (!this.#isStream(next)) return;
      this.#at = next;
    }
  }

  #isStream(at: number): boolean {
    return MAGIC.every((byte, index) => this.#bytes[at + index] === byte);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Misuse("the compressed data is cut off");
    return byte;
  }

  #word(): number {
    this.#need(4);
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  #need(size: number): void {
    if (this.#at + size > this.#bytes.length) throw new Misuse("the compressed data is cut off");
  }

  /** Reads a number in groups of 7 bits, the lowest first; limited to 2⁵³ here. */
  #number(): number {
    let value = 0;
    for (let shift = 0; shift < 49; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw damaged();
  }

  /** Reads a CRC32 and compares it with that of the bytes from an offset on. */
  #checkCrc(from: number): void {
    const crc = crc32(this.#bytes.subarray(from, this.#at));
    if (this.#word() !== crc) throw damaged();
  }

  #stream(): void {
    this.#need(HEADER_SIZE);
    this.#at += MAGIC.length;
    const [zero, check] = [this.#byte(), this.#byte()];
    if (zero !== 0 || check > 15) throw damaged();
    this.#checkCrc(this.#at - 2);
    const records: Record[] = [];
    for (let size = this.#byte(); size !== 0; size = this.#byte()) {
      records.push(this.#block((size + 1) * 4, check));
    }
    const indexSize = this.#index(records);
    this.#need(FOOTER_SIZE);
    const crc = this.#word();
    const from = this.#at;
    const backward = (this.#word() + 1) * 4;
    const sameFlags = this.#byte() === 0 && this.#byte() === check;
    if (crc !== crc32(this.#bytes.subarray(from, this.#at)) || backward !== indexSize || !sameFlags)
      throw damaged();
    if (this.#byte() !== 0x59 || this.#byte() !== 0x5a) throw damaged();
  }

  #block(headerSize: number, check: number): Record {
    const start = this.#at - 1;
    const end = start + headerSize - 4;
    const flags = this.#byte();
    if ((flags & 0x3c) !== 0) throw damaged();
    const packed = (flags & 0x40) === 0 ? null : this.#number();
    const unpacked = (flags & 0x80) === 0 ? null : this.#number();
    const filters: XzFilter[] = [];
    for (let filter = 0; filter <= (flags & (MOST_FILTERS - 1)); filter++) {
      const id = this.#number();
      const size = this.#number();
      if (this.#at + size > end) throw damaged();
      filters.push({ id, properties: this.#bytes.subarray(this.#at, this.#at + size) });
      this.#at += size;
    }
    if (this.#at > end || this.#bytes.subarray(this.#at, end).some((byte) => byte !== 0))
      throw damaged();
    this.#at = end;
    this.#checkCrc(start);
    if (filters.pop()?.id !== LZMA2) throw damaged();

    const from = this.#at;
    const before = this.#output.length;
    this.#lzma2();
    const contents = this.#output.bytes().subarray(before);
    for (const filter of filters.toReversed()) undoFilter(filter, contents);
    const size = this.#at - from;
    if ((packed ?? size) !== size || (unpacked ?? contents.length) !== contents.length)
      throw damaged();
    const unpadded = this.#at - start + (CHECK_SIZES[check] as number);
    while ((this.#at - from) % 4 !== 0) if (this.#byte() !== 0) throw damaged();
    this.#check(check, contents);
    return { unpadded, unpacked: contents.length };
  }

  #check(check: number, contents: Uint8Array): void {
    const size = CHECK_SIZES[check] as number;
    this.#need(size);
    const stored = this.#bytes.subarray(this.#at, this.#at + size);
    this.#at += size;
    const view = new DataView(stored.buffer, stored.byteOffset, size);
    const fits =
      check === CHECK_CRC32
        ? view.getUint32(0, true) === crc32(contents)
        : check === CHECK_CRC64
          ? view.getBigUint64(0, true) === crc64(contents)
          : check !== CHECK_SHA256 || sameBytes(stored, host.sha256([contents]));
    if (!fits) throw damaged();
  }

  /** Reads the index after its first byte. @returns its size. */
  #index(records: readonly Record[]): number {
    const start = this.#at - 1;
    if (this.#number() !== records.length) throw damaged();
    for (const { unpadded, unpacked } of records) {
      if (this.#number() !== unpadded || this.#number() !== unpacked) throw damaged();
    }
    while ((this.#at - start) % 4 !== 0) if (this.#byte() !== 0) throw damaged();
    this.#checkCrc(start);
    return this.#at - start;
  }

  /** Reads chunks, stored or in LZMA, and resets what each chunk says. */
  #lzma2(): void {
    const output = this.#output;
    let dictionary: number | null = null;
    let properties: LzmaProperties | null = null;
    let decoder: LzmaDecoder | null = null;
    for (let control = this.#byte(); control !== 0; control = this.#byte()) {
      if (control === 1 || control >= 0xe0) dictionary = output.length;
      if (dictionary === null || (control > 2 && control < 0x80)) throw damaged();
      const size = ((control < 0x80 ? 0 : control & 0x1f) << 16) + this.#half() + 1;
      if (control < 0x80) {
        this.#need(size);
        output.write(this.#bytes, this.#at, this.#at + size);
        this.#at += size;
        // After a new dictionary, new properties are required.
        if (control === 1) [decoder, properties] = [null, null];
        continue;
      }
      const packed = this.#half() + 1;
      if (control >= 0xc0) {
        properties = readProperties(this.#byte());
        if (properties === null || properties.lc + properties.lp > 4) throw damaged();
      }
      if (properties !== null && control >= 0xa0) {
        decoder = new LzmaDecoder(output, properties, dictionary);
      }
      this.#need(packed);
      // The range coder's first byte must be 0.
      if (decoder === null || this.#bytes[this.#at] !== 0) throw damaged();
      const end = this.#at + packed;
      const range = new RangeDecoder(this.#bytes.subarray(0, end), this.#at);
      const whole = decoder.decode(range, output.length + size);
      range.finish();
      if (!whole || range.at !== end || !range.isFinished) throw damaged();
      this.#at = end;
    }
  }

  /** Reads 16 bits, the high byte first. */
  #half(): number {
    return (this.#byte() << 8) | this.#byte();
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/**
 * Unpacks XZ streams with any check and the supported filters.
 * @throws Misuse when the data is damaged, cut off or too large, or has a filter that farjal doesn't undo.
 */
export function unpackXzStreams(bytes: Uint8Array, output: Output): void {
  new XzReader(bytes, output).read();
}
