// The printf of a print fmt: integers of each length, characters, strings, and the kernel's pointer formats for symbols
// and for bytes (MAC, IP and UUID). Other pointer formats print the address. Widths and precisions are bounded, since
// the format comes from the file.

import { PRINTED_TEXT, PRINTED_WIDTH } from "../../limits.ts";
import type { RecordView } from "./record-view.ts";
import type { Kallsyms } from "./symbols.ts";

/** The argument of a conversion. */
export interface Argument {
  readonly number: (record: RecordView) => bigint;
  readonly text?: (record: RecordView) => string;
  readonly bytes?: (record: RecordView, most: number) => Uint8Array;
}

export interface Printed {
  readonly symbols: Kallsyms;
  readonly longSize: number;
}

/** flags, width, precision, length, conversion; the kind of a pointer follows. */
const CONVERSION = /%([-+ #0]*)(\d{1,4}|\*)?(?:\.(\d{1,4}|\*)?)?(hh|h|ll|l|L|q|z|Z|j|t)?([%\w])/g;
const POINTER = /^[A-Za-z0-9]{0,4}/;

/** Prints a record by a format. Conversions without an argument print nothing. */
export function formatText(
  format: string,
  args: readonly Argument[],
  record: RecordView,
  printed: Printed,
): string {
  let used = 0;
  let text = "";
  let at = 0;
  const next = (): Argument | undefined => args[used++];
  const count = (stated: string | undefined): number | undefined => {
    if (stated === undefined) return undefined;
    if (stated !== "*") return Math.min(PRINTED_WIDTH, Number(stated));
    return Number(BigInt.asIntN(32, next()?.number(record) ?? 0n));
  };
  CONVERSION.lastIndex = 0;
  for (let found = CONVERSION.exec(format); found !== null; found = CONVERSION.exec(format)) {
    text += format.slice(at, found.index);
    at = CONVERSION.lastIndex;
    const resume = at;
    const [whole, flags = "", width, precision, length = "", conversion = ""] = found;
    if (conversion === "%") {
      text += "%";
      continue;
    }
    let wide = count(width);
    const left = flags.includes("-") || (wide !== undefined && wide < 0);
    wide = Math.min(PRINTED_WIDTH, Math.abs(wide ?? 0));
    const precise = whole.includes(".") ? (count(precision) ?? 0) : undefined;
    const arg = next();
    let piece = "";
    if (conversion === "p") {
      const kind = POINTER.exec(format.slice(at, at + 4))?.[0] ?? "";
      const [shown, taken] = arg === undefined ? ["", 0] : pointer(kind, arg, record, printed);
      at += taken;
      piece = shown;
    } else if (arg !== undefined) {
      piece = conversionText(
        { flags, wide, left, precise, length, conversion },
        arg,
        record,
        printed,
      );
    }
    text += left ? piece.padEnd(wide) : piece.padStart(wide);
    CONVERSION.lastIndex = Math.max(resume, at);
    if (text.length > PRINTED_TEXT) return text.slice(0, PRINTED_TEXT);
  }
  return text + format.slice(at);
}

interface Conversion {
  readonly flags: string;
  readonly wide: number;
  readonly left: boolean;
  readonly precise: number | undefined;
  readonly length: string;
  readonly conversion: string;
}

function conversionText(
  { flags, wide, left, precise, length, conversion }: Conversion,
  arg: Argument,
  record: RecordView,
  { longSize }: Printed,
): string {
  if (conversion === "s") {
    const text = arg.text?.(record) ?? arg.number(record).toString(16);
    return precise === undefined || precise < 0 ? text : text.slice(0, precise);
  }
  const value = arg.number(record);
  if (conversion === "c") return String.fromCharCode(Number(value & 0xffn));
  const bits = bitsOf(length, longSize);
  const signed = conversion === "d" || conversion === "i";
  const number = signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  const base = conversion === "x" || conversion === "X" ? 16 : conversion === "o" ? 8 : 10;
  let digits = (number < 0n ? -number : number).toString(base);
  if (conversion === "X") digits = digits.toUpperCase();
  if (precise !== undefined)
    digits = digits.padStart(Math.min(PRINTED_WIDTH, Math.max(0, precise)), "0");
  const sign =
    number < 0n
      ? "-"
      : signed && flags.includes("+")
        ? "+"
        : signed && flags.includes(" ")
          ? " "
          : "";
  const prefix =
    flags.includes("#") && number !== 0n && base !== 10
      ? base === 8
        ? "0"
        : `0${conversion}`
      : "";
  const zeros = flags.includes("0") && !left && precise === undefined;
  if (zeros) digits = digits.padStart(wide - sign.length - prefix.length, "0");
  return `${sign}${prefix}${digits}`;
}

function bitsOf(length: string, longSize: number): number {
  switch (length) {
    case "hh":
      return 8;
    case "h":
      return 16;
    case "":
      return 32;
    case "l":
    case "z":
    case "Z":
    case "t":
      return longSize * 8;
    default:
      return 64;
  }
}

/** A pointer's text, and the number of letters that belong to its kind. */
function pointer(
  kind: string,
  arg: Argument,
  record: RecordView,
  { symbols, longSize }: Printed,
): readonly [text: string, taken: number] {
  const letter = kind.charAt(0);
  const value = BigInt.asUintN(longSize * 8, arg.number(record));
  if ("sSfFB".includes(letter) && letter !== "") {
    const address = longSize === 4 ? Number(value) : Number(BigInt.asIntN(64, value));
    const symbol = symbols.at(address);
    if (symbol === undefined) return [`0x${value.toString(16)}`, 1];
    const offset =
      letter === "s" || letter === "f" ? "" : `+0x${(address - symbol.address).toString(16)}`;
    return [`${symbol.name}${offset}`, 1];
  }
  const bytes = arg.bytes;
  if (bytes !== undefined && (letter === "M" || letter === "m")) {
    const mac = Array.from(bytes(record, 6), hexByte);
    const between = letter === "m" ? "" : kind.charAt(1) === "F" ? "-" : ":";
    return [mac.join(between), kind.charAt(1) === "F" ? 2 : 1];
  }
  if (bytes !== undefined && (kind.startsWith("I4") || kind.startsWith("i4"))) {
    const parts = Array.from(bytes(record, 4), (byte) => String(byte));
    return [parts.map((part) => (letter === "i" ? part.padStart(3, "0") : part)).join("."), 2];
  }
  if (bytes !== undefined && (kind.startsWith("I6") || kind.startsWith("i6"))) {
    const words = Array.from(bytes(record, 16), hexByte).join("").match(/.{4}/g) ?? [];
    return [words.join(letter === "i" ? "" : ":"), kind.charAt(2) === "c" ? 3 : 2];
  }
  if (bytes !== undefined && letter === "U") {
    const digits = Array.from(bytes(record, 16), hexByte).join("");
    return [
      digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
      /^U[bBlL]/.test(kind) ? 2 : 1,
    ];
  }
  const taken = /^(?:x|K|e)/.test(kind) ? 1 : 0;
  return [value === 0n ? "(nil)" : `0x${value.toString(16)}`, taken];
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
