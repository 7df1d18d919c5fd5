// The kernel's vsnprintf() (lib/vsprintf.c, Linux 6.1). The format is read once from left to right, and each
// conversion writes into a FormattedText, which limits its size. This file handles numbers, characters and strings;
// pointer.ts handles %p and its extensions. A conversion that the kernel doesn't have (%n is one) ends the text,
// because the positions of the arguments after it are unknown.

import type { PrintkArguments } from "./arguments.ts";
import { writePointer } from "./pointer.ts";
import type { PointerArguments } from "./pointer-writer.ts";
import { POINTER_SIZE, type Specification, writeError, writeNumber } from "./specification.ts";
import { bytesAt, writeText } from "./string.ts";
import type { FormattedText } from "./text.ts";

/** struct printf_spec stores a width in 24 bits and a precision in 16. */
const FIELD_WIDTH_MAX = (1 << 23) - 1;
const PRECISION_MAX = (1 << 15) - 1;

/** Integer sizes by length modifier. */
const BITS: Readonly<Record<string, 8 | 16 | 32 | 64>> = {
  hh: 8,
  h: 16,
  "": 32,
  l: 32,
  z: 32,
  t: 32,
  ll: 64,
  L: 64,
};

interface Conversion {
  readonly spec: Specification;
  readonly modifier: string;
  /** "" at the end of the format. */
  readonly letter: string;
  /** The index in the format after the conversion's letter. */
  readonly end: number;
}

/** Formats as vsnprintf() does. */
export function format(out: FormattedText, text: string, args: PrintkArguments): void {
  let at = 0;
  while (at < text.length && !out.full) {
    const percent = text.indexOf("%", at);
    const end = percent < 0 ? text.length : percent;
    if (end > at) out.append(text.slice(at, end));
    if (percent < 0 || out.full) return;
    const conversion = readConversion(text, percent, args);
    const next = write(out, text, conversion, args);
    if (next === null) return;
    // A conversion that writes nothing is charged too.
    out.read(next - percent);
    at = next;
  }
}

/** format_decode(), with the arguments of `*`. */
function readConversion(text: string, percent: number, args: PrintkArguments): Conversion {
  let at = percent + 1;
  const start = at;
  while ("-+ #0".includes(text.charAt(at) || "x")) at += 1;
  const flags = text.slice(start, at);
  let left = flags.includes("-");
  let width = -1;
  let precision = -1;
  const number = (): number => {
    let value = 0;
    for (let digit = digitAt(text, at); digit >= 0; digit = digitAt(text, ++at)) {
      value = (Math.imul(value, 10) + digit) | 0;
    }
    return value;
  };
  if (text[at] === "*") {
    at += 1;
    const given = clamp(args.word() | 0, -FIELD_WIDTH_MAX, FIELD_WIDTH_MAX);
    left ||= given < 0;
    width = Math.abs(given);
  } else if (digitAt(text, at) >= 0) {
    width = (number() << 8) >> 8;
  }
  if (text[at] === ".") {
    at += 1;
    if (text[at] === "*") {
      at += 1;
      precision = clamp(args.word() | 0, 0, PRECISION_MAX);
    } else if (digitAt(text, at) >= 0) {
      precision = Math.max((number() << 16) >> 16, 0);
    }
  }
  let modifier = "";
  if ("hlLzt".includes(text.charAt(at) || "x")) {
    modifier = text.charAt(at++);
    if ((modifier === "h" || modifier === "l") && text[at] === modifier) {
      modifier += modifier;
      at += 1;
    }
  }
  const spec = {
    width,
    precision,
    left,
    plus: flags.includes("+"),
    space: flags.includes(" "),
    special: flags.includes("#"),
    zeros: flags.includes("0"),
  };
  return { spec, modifier, letter: text.charAt(at), end: at + 1 };
}

/** @returns the index where the format continues, or null when the text ends with this conversion. */
function write(
  out: FormattedText,
  text: string,
  { spec, modifier, letter, end }: Conversion,
  args: PrintkArguments,
): number | null {
  switch (letter) {
    case "%":
      out.append("%");
      return end;
    case "c":
      if (!spec.left) out.fill(" ", spec.width - 1);
      out.append(String.fromCharCode(args.word() & 0xff));
      if (spec.left) out.fill(" ", spec.width - 1);
      return end;
    case "s":
      writeText(out, args.word(), spec, args.memory);
      return end;
    case "p": {
      let after = end;
      while (/[0-9A-Za-z]/.test(text.charAt(after))) after += 1;
      const letters = text.slice(end, after);
      const write = letters.startsWith("V") ? writeFormat : writePointer;
      write(out, letters, args.word(), spec, args.memory);
      return after;
    }
    case "d":
    case "i":
    case "u":
    case "o":
    case "x":
    case "X": {
      const signed = letter === "d" || letter === "i";
      const bits = BITS[modifier] ?? 32;
      const raw = bits === 64 ? args.doubleWord() : BigInt(args.word());
      const value = signed ? BigInt.asIntN(bits, raw) : BigInt.asUintN(bits, raw);
      const base = letter === "o" ? 8 : letter.toLowerCase() === "x" ? 16 : 10;
      writeNumber(out, value, spec, { base, signed, upperCase: letter === "X" });
      return end;
    }
    default:
      return null;
  }
}

function digitAt(text: string, at: number): number {
  const digit = text.charCodeAt(at) - 0x30;
  return digit >= 0 && digit <= 9 ? digit : -1;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

/** va_format(): formats the nested {const char *fmt; va_list *va} at this point. */
function writeFormat(...[out, , address, spec, memory]: PointerArguments): void {
  const bytes = bytesAt(out, address, 2 * POINTER_SIZE, spec, memory);
  if (bytes === undefined) return;
  const pointer = (from: Uint8Array, at: number): number =>
    new DataView(from.buffer, from.byteOffset, from.length).getUint32(at, memory.littleEndian);
  const text = memory.string(pointer(bytes, 0), out.left);
  const list = memory.bytes(pointer(bytes, POINTER_SIZE), POINTER_SIZE);
  const nested = (): void => {
    if (text !== undefined && list !== undefined) format(out, text, memory.list(pointer(list, 0)));
  };
  if (text === undefined || list === undefined || !out.within(nested)) {
    writeError(out, "(efault)", spec);
  }
}
