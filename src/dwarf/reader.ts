// Reads the numbers of one debugging section from an offset on. Each step is checked: past the end of the section, or of
// the part that is being read, it throws a Misuse that names the section and the offset. Addresses are those of the
// address space (address-space.ts), offsets have the unit's size.

import type { Endian } from "../bytes/endian.ts";
import { latin1 } from "../bytes/text.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import { DEBUG_STRING } from "../limits.ts";

/** The error for debugging information that can't be right. */
export function damaged(section: string, offset: number, why: string): Misuse {
  const at = hex(offset < 2 ** 32 ? offset : BigInt(offset));
  return new Misuse(`the debugging information is damaged at ${section}+${at}: ${why}`);
}

/** A section's bytes after decompression and relocation. */
export interface DebugSection {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly endian: Endian;
}

export class DebugReader {
  readonly section: DebugSection;
  at: number;
  end: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #little: boolean;

  constructor(section: DebugSection, at = 0, end = section.bytes.length) {
    this.section = section;
    this.#bytes = section.bytes;
    this.#view = section.view;
    this.#little = section.endian === "little";
    this.end = Math.min(end, section.bytes.length);
    this.at = at;
    if (!(at >= 0 && at <= this.end)) {
      throw damaged(section.name, at, `the section has ${section.bytes.length} bytes`);
    }
  }

  /** The number of bytes that are left. */
  get left(): number {
    return this.end - this.at;
  }

  fail(why: string, at = this.at): never {
    throw damaged(this.section.name, at, why);
  }

  /** Moves over `size` bytes and returns where they begin. */
  skip(size: number): number {
    const from = this.at;
    if (!(size <= this.end - from))
      this.fail(`${size} bytes are needed, and ${this.left} are left`);
    this.at = from + size;
    return from;
  }

  /** Goes to an offset within the part. */
  seek(at: number): void {
    if (!(at >= 0 && at <= this.end)) this.fail("an offset leads out of the section", at);
    this.at = at;
  }

  u8(): number {
    const { at } = this;
    if (at >= this.end) this.skip(1);
    this.at = at + 1;
    return this.#bytes[at] as number;
  }

  i8(): number {
    return (this.u8() << 24) >> 24;
  }

  u16(): number {
    return this.#view.getUint16(this.skip(2), this.#little);
  }

  u24(): number {
    const at = this.skip(3);
    const [a, b, c] = [at, at + 1, at + 2].map((one) => this.#bytes[one] as number) as [
      number,
      number,
      number,
    ];
    return this.#little ? a | (b << 8) | (c << 16) : (a << 16) | (b << 8) | c;
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), this.#little);
  }

  /** 64 bits as a number, exact below 2⁵³. */
  u64(): number {
    const at = this.skip(8);
    const first = this.#view.getUint32(at, this.#little);
    const second = this.#view.getUint32(at + 4, this.#little);
    return this.#little ? second * 2 ** 32 + first : first * 2 ** 32 + second;
  }

  /** An address in 4 or 8 bytes. Of 8, the low 48 bits, which tell the addresses of one kernel apart. */
  address(size: 4 | 8): number {
    if (size === 4) return this.u32();
    const at = this.skip(8);
    const first = this.#view.getUint32(at, this.#little);
    const second = this.#view.getUint32(at + 4, this.#little);
    const [high, low] = this.#little ? [second, first] : [first, second];
    return (high & 0xffff) * 2 ** 32 + low;
  }

  /** An offset in a section, in DWARF's 32-bit or 64-bit format. */
  offset(size: 4 | 8): number {
    return size === 4 ? this.u32() : this.u64();
  }

  /** An unsigned LEB128 number, exact below 2⁵³. */
  uleb(): number {
    let byte = this.u8();
    if (byte < 0x80) return byte;
    const from = this.at - 1;
    let value = byte & 0x7f;
    for (let scale = 2 ** 7; ; scale *= 2 ** 7) {
      byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      if (this.at - from > 16) this.fail("a LEB128 number doesn't end", from);
    }
  }

  /** A signed LEB128 number. */
  sleb(): number {
    const from = this.at;
    let value = 0;
    for (let scale = 1; ; scale *= 2 ** 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return (byte & 0x40) !== 0 ? value - scale * 2 ** 7 : value;
      if (this.at - from > 16) this.fail("a LEB128 number doesn't end", from);
    }
  }

  /** unit_length: the size of the offsets that follow, and where the unit ends. */
  unitLength(): { readonly offsetSize: 4 | 8; readonly end: number } {
    const from = this.at;
    let length = this.u32();
    const offsetSize = length === 0xffffffff ? 8 : 4;
    if (offsetSize === 8) length = this.u64();
    else if (length >= 0xfffffff0) this.fail(`a unit's length is ${hex(length)}`, from);
    if (length > this.left) {
      this.fail(`a unit of ${length} bytes, and ${this.left} are left`, from);
    }
    return { offsetSize, end: this.at + length };
  }

  /** Moves behind the text's NUL. */
  skipString(): void {
    const nul = this.#bytes.indexOf(0, this.at);
    if (nul < 0 || nul >= this.end) this.fail("a text doesn't end");
    this.at = nul + 1;
  }

  /** A text, in Latin-1; a longer one than any compiler writes is cut. */
  string(): string {
    const from = this.at;
    this.skipString();
    return latin1(this.#bytes.subarray(from, Math.min(this.at - 1, from + DEBUG_STRING)));
  }
}
