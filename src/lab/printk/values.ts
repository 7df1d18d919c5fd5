// The %p conversions of memory that isn't text: bytes in hexadecimal (%ph), bitmaps (%pb), escaped bytes (%pE), struct
// resource (%pR), times (%pt), pixel formats (%p4cc), physical addresses (%pa) and features of network devices (%pNF),
// as hex_string(), bitmap_string(), escaped_string() and the others of lib/vsprintf.c write them. resource_size_t,
// phys_addr_t and dma_addr_t have 32 bits, as in kernels without CONFIG_PHYS_ADDR_T_64BIT.

import type { PointerWriter } from "./pointer-writer.ts";
import { PLAIN, writeAddress, writeError, writeNumber, writeString } from "./specification.ts";
import { bytesAt } from "./string.ts";
import { FormattedText } from "./text.ts";

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

const MOST_HEX_BYTES = 64;
const HEX_SEPARATORS: Readonly<Record<string, string>> = { C: ":", D: "-", N: "" };

/** %ph: as many bytes as the width, at most 64. */
export const writeHex: PointerWriter = (out, letters, address, spec, memory) => {
  if (spec.width === 0) return;
  const size = spec.width > 0 ? Math.min(spec.width, MOST_HEX_BYTES) : 1;
  const bytes = bytesAt(out, address, size, spec, memory);
  if (bytes === undefined) return;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0"));
  out.append(digits.join(HEX_SEPARATORS[letters.charAt(1)] ?? " "));
};

/** Bits of the words that a bitmap is written in. */
const CHUNK = 32;

/** %pb: as many bits as the width, in words, the highest first; %pbl: ranges. */
export const writeBits: PointerWriter = (out, letters, address, spec, memory) => {
  const bits = Math.max(spec.width, 0);
  const bytes = bytesAt(out, address, Math.ceil(bits / CHUNK) * 4, spec, memory);
  if (bytes === undefined || bytes.length * 8 < bits) return;
  const view = viewOf(bytes);
  const word = (index: number): number => view.getUint32(4 * index, memory.littleEndian);
  if (letters[1] === "l") {
    writeRanges(out, bits, (bit) => ((word(bit >>> 5) >>> (bit & 31)) & 1) === 1);
    return;
  }
  let chunk = bits % CHUNK || CHUNK;
  for (let index = bytes.length / 4 - 1; index >= 0; index--) {
    const value = chunk === CHUNK ? word(index) : word(index) & ((1 << chunk) - 1);
    writeNumber(
      out,
      value >>> 0,
      { ...PLAIN, width: Math.ceil(chunk / 4), zeros: true },
      { base: 16 },
    );
    if (index > 0) out.append(",");
    chunk = CHUNK;
    if (out.full) return;
  }
};

function writeRanges(out: FormattedText, bits: number, isSet: (bit: number) => boolean): void {
  let separator = "";
  for (let first = 0; first < bits && !out.full; first++) {
    if (!isSet(first)) continue;
    let end = first + 1;
    while (end < bits && isSet(end)) end += 1;
    out.append(`${separator}${first}${end > first + 1 ? `-${end - 1}` : ""}`);
    separator = ",";
    first = end;
  }
}

const SPACES: Readonly<Record<string, string>> = {
  "\n": "n",
  "\r": "r",
  "\t": "t",
  "\v": "v",
  "\f": "f",
};
const SPECIALS: Readonly<Record<string, string>> = {
  "\\": "\\",
  "\x07": "a",
  "\x1b": "e",
  '"': '"',
};

/** string_escape_mem(), by the letters of %pE; without letters, unprintable bytes are escaped in every way. */
export const writeEscaped: PointerWriter = (out, letters, address, spec, memory) => {
  if (spec.width === 0) return;
  const bytes = bytesAt(out, address, spec.width < 0 ? 1 : spec.width, spec, memory);
  if (bytes === undefined) return;
  const given = /^[achnops]*/.exec(letters.slice(1))?.[0] || "ap";
  const flags = given.includes("a") ? `${given}cnso` : given;
  const escaped = (byte: number): string => {
    const character = String.fromCharCode(byte);
    if (flags.includes("p") && isPrintable(byte)) return character;
    const space = flags.includes("s") ? SPACES[character] : undefined;
    const special = flags.includes("c") ? SPECIALS[character] : undefined;
    const letter = space ?? special ?? (flags.includes("n") && byte === 0 ? "0" : undefined);
    if (letter !== undefined) return `\\${letter}`;
    if (flags.includes("o")) return `\\${byte.toString(8).padStart(3, "0")}`;
    if (flags.includes("h")) return `\\x${byte.toString(16).padStart(2, "0")}`;
    return character;
  };
  for (const byte of bytes) {
    if (out.full) return;
    out.append(escaped(byte));
  }
};

/** isprint() of lib/ctype.c, which treats Latin-1's letters as printable. */
function isPrintable(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte >= 0xa0;
}

/** {start, end, name, flags} of struct resource. */
const RESOURCE_SIZE = 16;
const IORESOURCE = {
  IO: 0x100,
  MEM: 0x200,
  IRQ: 0x400,
  DMA: 0x800,
  BUS: 0x1000,
  PREFETCH: 0x2000,
  MEM_64: 0x10_0000,
  WINDOW: 0x20_0000,
  DISABLED: 0x1000_0000,
  UNSET: 0x2000_0000,
} as const;

/** %pR, with its flags as text, and %pr, with its flags as a number. */
export const writeResource: PointerWriter = (out, letters, address, spec, memory) => {
  const bytes = bytesAt(out, address, RESOURCE_SIZE, spec, memory);
  if (bytes === undefined) return;
  const view = viewOf(bytes);
  const [start = 0, end = 0, , flags = 0] = [0, 4, 8, 12].map((at) =>
    view.getUint32(at, memory.littleEndian),
  );
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const memoryNumber = { ...PLAIN, width: 10, special: true, zeros: true };
  const [kind, number, base] = has(IORESOURCE.IO)
    ? (["io  ", { ...memoryNumber, width: 6 }, 16] as const)
    : has(IORESOURCE.MEM)
      ? (["mem ", memoryNumber, 16] as const)
      : has(IORESOURCE.IRQ)
        ? (["irq ", PLAIN, 10] as const)
        : has(IORESOURCE.DMA)
          ? (["dma ", PLAIN, 10] as const)
          : has(IORESOURCE.BUS)
            ? (["bus ", { ...PLAIN, width: 2, zeros: true }, 16] as const)
            : (["??? ", memoryNumber, 16] as const);
  const decoded = letters[0] === "R" && kind !== "??? ";
  const text = new FormattedText(RESOURCE_TEXT);
  text.append(`[${kind}`);
  if (decoded && has(IORESOURCE.UNSET)) {
    text.append("size ");
    writeNumber(text, (end - start + 1) >>> 0, number, { base });
  } else {
    writeNumber(text, start, number, { base });
    if (start !== end) {
      text.append("-");
      writeNumber(text, end, number, { base });
    }
  }
  if (decoded) {
    if (has(IORESOURCE.MEM_64)) text.append(" 64bit");
    if (has(IORESOURCE.PREFETCH)) text.append(" pref");
    if (has(IORESOURCE.WINDOW)) text.append(" window");
    if (has(IORESOURCE.DISABLED)) text.append(" disabled");
  } else {
    text.append(" flags ");
    writeNumber(text, flags, { ...PLAIN, special: true }, { base: 16 });
  }
  text.append("]");
  writeString(out, text.text, spec);
};

/** More than the longest of them. */
const RESOURCE_TEXT = 128;

/** %pa, %pad and %pap: an address by reference. */
export const writePhysicalAddress: PointerWriter = (out, _letters, address, spec, memory) => {
  const bytes = bytesAt(out, address, 4, spec, memory);
  if (bytes !== undefined) writeAddress(out, viewOf(bytes).getUint32(0, memory.littleEndian), 4);
};

/** %pNF: netdev_features_t, 64 bits by reference. */
export const writeFeatures: PointerWriter = (out, letters, address, spec, memory) => {
  const bytes = bytesAt(out, address, 8, spec, memory);
  if (bytes === undefined) return;
  if (letters[1] !== "F") writeError(out, "(%pN?)", spec);
  else writeAddress(out, viewOf(bytes).getBigUint64(0, memory.littleEndian), 8);
};

/** %p4cc: the four characters of a pixel format, its byte order and its number. */
export const writeFourcc: PointerWriter = (out, letters, address, spec, memory) => {
  if (!letters.startsWith("4cc")) {
    writeError(out, "(%p4?)", spec);
    return;
  }
  const bytes = bytesAt(out, address, 4, spec, memory);
  if (bytes === undefined) return;
  const value = viewOf(bytes).getUint32(0, memory.littleEndian);
  const isBig = value >>> 31 === 1;
  const characters = [0, 8, 16, 24].map((shift) => {
    const byte = ((value & 0x7fff_ffff) >>> shift) & 0xff;
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".";
  });
  const order = isBig ? "big-endian" : "little-endian";
  const number = value.toString(16).padStart(8, "0");
  writeString(out, `${characters.join("")} ${order} (0x${number})`, spec);
};

/** {sec, min, hour, mday, mon, year} of struct rtc_time. */
const RTC_TIME_SIZE = 24;

interface TimeFields {
  readonly date: readonly [year: number, month: number, day: number];
  readonly time: readonly [hour: number, minute: number, second: number];
}

/** %ptR: a struct rtc_time; %ptT: a time64_t. d and t take one half, r the fields as they are, s a space between. */
export const writeTime: PointerWriter = (out, letters, address, spec, memory) => {
  const kind = letters.charAt(1);
  const size = kind === "T" ? 8 : RTC_TIME_SIZE;
  const bytes = bytesAt(out, address, size, spec, memory);
  if (bytes === undefined) return;
  if (kind !== "R" && kind !== "T") {
    writeError(out, "(%pt?)", spec);
    return;
  }
  const view = viewOf(bytes);
  const half = letters[2] === "d" || letters[2] === "t" ? letters[2] : "";
  const options = /^[rs]*/.exec(letters.slice(2 + half.length))?.[0] ?? "";
  const raw = options.includes("r");
  const fields =
    kind === "R"
      ? rtcFields(view, memory.littleEndian, raw)
      : time64Fields(view.getBigInt64(0, memory.littleEndian), raw);
  const number = (value: number, width: number): void => {
    const unsigned = BigInt.asUintN(64, BigInt(value));
    writeNumber(out, unsigned, { ...PLAIN, width, zeros: true }, { base: 10 });
  };
  const three = (values: readonly number[], separator: string, first: number): void => {
    for (const [index, value] of values.entries()) {
      if (index > 0) out.append(separator);
      number(value, index === 0 ? first : 2);
    }
  };
  if (half !== "t") three(fields.date, "-", 4);
  if (half === "") out.append(options.includes("s") ? " " : "T");
  if (half !== "d") three(fields.time, ":", 2);
};

function rtcFields(view: DataView, littleEndian: boolean, raw: boolean): TimeFields {
  const [second = 0, minute = 0, hour = 0, day = 0, month = 0, year = 0] = [
    0, 4, 8, 12, 16, 20,
  ].map((at) => view.getInt32(at, littleEndian));
  return {
    date: [year + (raw ? 0 : 1900), month + (raw ? 0 : 1), day],
    time: [hour, minute, second],
  };
}

/** time64_to_tm(); times outside Date's range are clamped to its ends. */
function time64Fields(seconds: bigint, raw: boolean): TimeFields {
  const MOST = 8_640_000_000_000n;
  const bounded = seconds > MOST ? MOST : seconds < -MOST ? -MOST : seconds;
  const date = new Date(Number(bounded) * 1000);
  return {
    date: [
      date.getUTCFullYear() - (raw ? 1900 : 0),
      date.getUTCMonth() + (raw ? 0 : 1),
      date.getUTCDate(),
    ],
    time: [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()],
  };
}
