// printk's formatting, for guest code that prints through the host. Reads varargs as o32 passes them
// (a 64-bit value takes an even pair of words) and knows the conversions kernel modules use; `%p`
// extensions that need kernel structures print the pointer, except symbols (%pS, %ps, %pB, %pf, %pF).
// The log level prefix (KERN_SOH) is taken off.

import { digits } from "../../hex.ts";

export interface PrintkArguments {
  /** The next 32-bit argument. */
  word(): number;
  /** The next 64-bit argument, from an even pair of words. */
  doubleWord(): bigint;
  /** The NUL-terminated string at a guest address, or "(null)"/"(efault)" as vsnprintf says. */
  string(address: number, limit: number): string;
  /** `name+0xoffset/0xsize [module]` for %pS, the bare name for %ps. */
  symbol(address: number, withOffset: boolean): string;
}

const CONVERSION =
  /%([-+ #0]*)(\d+|\*)?(?:\.(\d+|\*))?(hh|h|ll|l|L|z|t|j)?(p[SsBfF]?|[diouxXcsn%])/g;
/** Start of header: what KERN_INFO and its kin put before a message, with the level's digit. */
const KERN_SOH = "\u0001";
const LONGEST_FIELD = 4096;

/** Formats as the kernel's vsnprintf does; the result holds no log level prefix. */
export function formatPrintk(format: string, args: PrintkArguments): string {
  const text = format.startsWith(KERN_SOH) ? format.slice(2) : format;
  return text.replace(
    CONVERSION,
    (
      _all,
      flags: string,
      widthText: string | undefined,
      precisionText: string | undefined,
      length: string | undefined,
      conversion: string,
    ) => {
      if (conversion === "%") return "%";
      const width = field(widthText, args);
      const precision = precisionText === undefined ? undefined : field(precisionText, args);
      const left = flags.includes("-") || width < 0;
      const body = convert(conversion, length, flags, precision, args);
      const size = Math.min(Math.abs(width), LONGEST_FIELD);
      if (left) return body.padEnd(size);
      const zeros = flags.includes("0") && precision === undefined && /[dioxXup]$/.test(conversion);
      return zeros ? padZeros(body, size) : body.padStart(size);
    },
  );
}

function field(text: string | undefined, args: PrintkArguments): number {
  if (text === undefined) return 0;
  return text === "*" ? args.word() | 0 : Number(text);
}

function padZeros(body: string, size: number): string {
  const prefix = /^(?:[-+ ]|0[xX])?/.exec(body)?.[0] ?? "";
  return prefix + body.slice(prefix.length).padStart(size - prefix.length, "0");
}

function convert(
  conversion: string,
  length: string | undefined,
  flags: string,
  precision: number | undefined,
  args: PrintkArguments,
): string {
  switch (conversion) {
    case "c":
      return String.fromCharCode(args.word() & 0xff);
    case "s":
      return args.string(args.word(), precision ?? LONGEST_FIELD);
    case "p":
      return digits(args.word());
    case "ps":
    case "pf":
      return args.symbol(args.word(), false);
    case "pS":
    case "pB":
    case "pF":
      return args.symbol(args.word(), true);
    case "n":
      return "";
    default:
      return integer(conversion, length, flags, precision, args);
  }
}

function integer(
  conversion: string,
  length: string | undefined,
  flags: string,
  precision: number | undefined,
  args: PrintkArguments,
): string {
  const wide = length === "ll" || length === "L" || length === "j";
  const bits = wide ? 64 : length === "hh" ? 8 : length === "h" ? 16 : 32;
  const raw = wide ? args.doubleWord() : BigInt(args.word());
  const signed = conversion === "d" || conversion === "i";
  const value = signed ? BigInt.asIntN(bits, raw) : BigInt.asUintN(bits, raw);
  const radix = conversion === "o" ? 8 : conversion.toLowerCase() === "x" ? 16 : 10;
  let digits = (value < 0n ? -value : value).toString(radix);
  if (conversion === "X") digits = digits.toUpperCase();
  digits = digits.padStart(Math.min(precision ?? 1, LONGEST_FIELD), "0");
  if (flags.includes("#") && radix === 16) digits = `0${conversion}${digits}`;
  if (flags.includes("#") && radix === 8) digits = `0${digits}`;
  if (value < 0n) return `-${digits}`;
  if (signed && flags.includes("+")) return `+${digits}`;
  return signed && flags.includes(" ") ? ` ${digits}` : digits;
}
