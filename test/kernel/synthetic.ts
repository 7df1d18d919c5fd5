// Makes a kernel's image for the tests: kallsyms tables, export tables, a banner and a vermagic, in the layout of
// Linux's build, in either byte order and in each form that farjal reads. The writer shares no code with the reader:
// it follows scripts/kallsyms.c and include/asm-generic/vmlinux.lds.h.

import type { Endian } from "../../src/bytes/endian.ts";

export interface SyntheticOptions {
  readonly endian?: Endian;
  /** Bits of a pointer; a 64-bit kernel is at 0xffffffff80100000. */
  readonly bits?: 32 | 64;
  /**
   * The place and form of kallsyms' addresses: before the names as offsets or as pointers; after the tokens (6.4); or
   * there, as offsets from their own places (2026).
   */
  readonly addresses?: "relative" | "absolute" | "last" | "placeRelative";
  /** As scripts/kallsyms.c before 4.20: `.align 4` and `.align 8`, which are 16 and 256 bytes; PTR for numbers. */
  readonly old?: boolean;
  /** Number of letters in each token: more than in a real kernel, so that names exceed KSYM_NAME_LEN. */
  readonly longToken?: number;
  /** OpenWrt's CONFIG_KALLSYMS_UNCOMPRESSED: no tokens. */
  readonly uncompressed?: boolean;
  /** __kcrctab before 4.10: an unsigned long for each export. */
  readonly longCrcs?: boolean;
  /** kallsyms_seqs_of_names, from 6.2 on. */
  readonly sequences?: boolean;
  /** Whether struct kernel_symbol has a namespace (5.4). */
  readonly namespaces?: boolean;
  readonly crcs?: boolean;
  readonly exports?: boolean;
  readonly kallsyms?: boolean;
  readonly symbols?: number;
}

export interface SyntheticSymbol {
  readonly name: string;
  readonly type: string;
  readonly address: number;
}

export interface SyntheticKernel {
  readonly bytes: Uint8Array;
  readonly address: number;
  readonly symbols: readonly SyntheticSymbol[];
  /** Names of plain and GPL-only exports. */
  readonly plain: readonly string[];
  readonly gpl: readonly string[];
}

export const RELEASE = "6.1.0-synthetic";
export const VERMAGIC = `${RELEASE} SMP mod_unload modversions MIPS32_R2 32BIT `;
export const ADDRESS = 0x80100000;
/** The namespace of every export whose number is a multiple of 10. */
export const NAMESPACE = "TESTING";

/** The CRC of the export with this name. */
export function crcOf(name: string): number {
  return [...name].reduce((crc, letter) => (Math.imul(crc, 31) + letter.charCodeAt(0)) >>> 0, 7);
}

/** A buffer that grows at its end. */
class Writer {
  /** Size of a pointer in bytes, to which tables are aligned. */
  readonly pointerSize: 4 | 8;
  readonly #little: boolean;
  readonly #bytes: number[] = [];

  constructor(endian: Endian, bits: 32 | 64 = 32) {
    this.#little = endian === "little";
    this.pointerSize = bits === 64 ? 8 : 4;
  }

  get size(): number {
    return this.#bytes.length;
  }

  byte(...values: number[]): void {
    for (const value of values) this.#bytes.push(value & 0xff);
  }

  half(value: number): void {
    this.byte(...(this.#little ? [value, value >>> 8] : [value >>> 8, value]));
  }

  word(value: number): void {
    const bytes = [value >>> 24, value >>> 16, value >>> 8, value];
    this.byte(...(this.#little ? bytes.reverse() : bytes));
  }

  /** NULL, or an address given by its low word. */
  pointer(value: number): void {
    const high = value === 0 ? 0 : 0xffffffff;
    if (this.pointerSize === 4) this.word(value);
    else for (const word of this.#little ? [value, high] : [high, value]) this.word(word);
  }

  /** A number of 64 bits. */
  double(value: number): void {
    for (const word of this.#little ? [value, 0] : [0, value]) this.word(word);
  }

  text(value: string): void {
    this.byte(...Buffer.from(`${value}\0`, "latin1"));
  }

  align(to: number = this.pointerSize): void {
    while (this.size % to !== 0) this.byte(0);
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** Every printable character alone, and a few pairs such as the compressor of scripts/kallsyms.c picks. */
const TOKENS = Array.from({ length: 256 }, (_, code) =>
  code >= 33 && code < 127
    ? String.fromCharCode(code)
    : `${"_abcdefghijklmnop"[code % 17]}${"qrstuvwxyz_0123"[code % 15]}`,
);

function tokenized(text: string): number[] {
  const codes: number[] = [];
  for (let at = 0; at < text.length; ) {
    const pair = text.slice(at, at + 2);
    const code = TOKENS.findIndex((token) => token.length === 2 && token === pair);
    codes.push(code >= 0 ? code : text.charCodeAt(at));
    at += code >= 0 ? 2 : 1;
  }
  return codes;
}

function makeSymbols(count: number): SyntheticSymbol[] {
  return Array.from({ length: count }, (_, index) => ({
    // One name is too long for one byte of ULEB128.
    name: index === 5 ? `long_${"xyz".repeat(60)}` : `function_${index}_ar`,
    type: index % 3 === 0 ? "t" : "T",
    address: ADDRESS + 0x400 + index * 16,
  }));
}

function writeKallsyms(
  out: Writer,
  symbols: readonly SyntheticSymbol[],
  options: SyntheticOptions,
): void {
  const { addresses = "relative", sequences = true, old = false, uncompressed = false } = options;
  const base = symbols[0]?.address ?? 0;
  const label = (): void => out.align(old ? 1 << out.pointerSize : out.pointerSize);
  const number = (value: number): void => {
    if (!old || out.pointerSize === 4) out.word(value);
    else out.double(value);
  };
  const relative = (): void => {
    label();
    for (const { address } of symbols) out.word(address - base);
    label();
    out.pointer(base);
  };
  if (addresses === "relative") relative();
  label();
  if (addresses === "absolute") for (const { address } of symbols) out.pointer(address);
  label();
  number(symbols.length);
  label();
  const start = out.size;
  const markers: number[] = [];
  for (const [index, { name, type }] of symbols.entries()) {
    if (index % 256 === 0) markers.push(out.size - start);
    const codes = uncompressed ? [...Buffer.from(type + name)] : tokenized(type + name);
    if (codes.length < 0x80) out.byte(codes.length);
    else out.byte((codes.length & 0x7f) | 0x80, codes.length >>> 7);
    out.byte(...codes);
  }
  label();
  for (const marker of markers) number(marker);
  if (sequences) for (const index of symbols.keys()) out.byte(index >>> 16, index >>> 8, index);
  label();
  if (!uncompressed) {
    const index: number[] = [];
    const tokens = out.size;
    for (const token of TOKENS) {
      index.push(out.size - tokens);
      out.text(token.padEnd(options.longToken ?? 0, token));
    }
    label();
    for (const offset of index) out.half(offset);
  }
  if (addresses === "last") relative();
  if (addresses === "placeRelative") {
    label();
    for (const { address } of symbols) out.word(address - ADDRESS - out.size);
  }
  out.align();
}

function writeExports(
  out: Writer,
  address: number,
  kernel: Pick<SyntheticKernel, "symbols" | "plain" | "gpl">,
  options: SyntheticOptions,
): void {
  const { namespaces = true, crcs = true, longCrcs = false } = options;
  const crcSize = !crcs ? 0 : longCrcs ? out.pointerSize : 4;
  const names = [...kernel.plain, ...kernel.gpl];
  const size = names.length * (out.pointerSize * (namespaces ? 3 : 2) + crcSize);
  const start = out.size;
  const strings = new Writer("little");
  const pointers = new Map<string, number>();
  const pointer = (text: string): number => {
    const known = pointers.get(text);
    if (known !== undefined) return known;
    const at = address + start + size + strings.size;
    strings.text(text);
    pointers.set(text, at);
    return at;
  };
  const entries = names.map((name, index) => {
    const value = kernel.symbols.find((symbol) => symbol.name === name)?.address ?? 0;
    const entry = [value, pointer(name)];
    // C exports without a namespace point to an empty text, assembly exports have a null pointer.
    if (namespaces)
      entry.push(index % 10 === 0 ? pointer(NAMESPACE) : index % 10 === 1 ? 0 : pointer(""));
    return entry;
  });
  for (const value of entries.flat()) out.pointer(value);
  for (const name of crcs ? names : []) {
    if (crcSize === 8) out.double(crcOf(name));
    else out.word(crcOf(name));
  }
  if (out.size !== start + size)
    throw new Error("the tables aren't as long as the pointers assume");
  out.byte(...strings.bytes());
}

/** Makes an image at ADDRESS, of about 100 KiB. */
export function makeKernel(options: SyntheticOptions = {}): SyntheticKernel {
  const { endian = "little", exports = true, kallsyms = true } = options;
  const symbols = makeSymbols(options.symbols ?? 2000);
  const globals = symbols.filter(({ type }) => type === "T").map(({ name }) => name);
  const plain = globals.slice(0, 150).sort();
  const gpl = globals.slice(150, 250).sort();
  const out = new Writer(endian, options.bits);
  // Code: the same few instructions for each function, none of them similar to a table.
  while (out.size < 0x400) out.word(0);
  for (const _ of symbols) {
    for (const word of [0x27bdffe8, 0x03e00825, 0x0c040100, 0x03e00008]) out.word(word);
  }
  out.text(`Linux version ${RELEASE} (builder@host) (gcc) #1 SMP`);
  out.align(4);
  out.text(out.pointerSize === 8 ? VERMAGIC.replace("32BIT", "64BIT") : VERMAGIC);
  out.align();
  if (exports) writeExports(out, ADDRESS, { symbols, plain, gpl }, options);
  out.align();
  if (kallsyms) writeKallsyms(out, symbols, options);
  return { bytes: out.bytes(), address: ADDRESS, symbols, plain, gpl };
}
