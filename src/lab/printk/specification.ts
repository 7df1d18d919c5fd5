// One conversion of a printk format: struct printf_spec of lib/vsprintf.c, and the two forms of output, a number or a
// string, each with field width and precision.

import type { FormattedText } from "./text.ts";

export interface Specification {
  /** -1: not given. A negative width from `*` has already been turned into `left`. */
  readonly width: number;
  /** -1: not given. */
  readonly precision: number;
  readonly left: boolean;
  readonly plus: boolean;
  readonly space: boolean;
  /** `#` */
  readonly special: boolean;
  readonly zeros: boolean;
}

export const PLAIN: Specification = {
  width: -1,
  precision: -1,
  left: false,
  plus: false,
  space: false,
  special: false,
  zeros: false,
};

export interface NumberForm {
  readonly base: 8 | 10 | 16;
  readonly signed?: boolean;
  readonly upperCase?: boolean;
}

/** Bytes of a pointer: the machine's. */
export const POINTER_SIZE = 4;

/** number() */
export function writeNumber(
  out: FormattedText,
  value: bigint | number,
  spec: Specification,
  { base, signed = false, upperCase = false }: NumberForm,
): void {
  const negative = signed && value < 0;
  const magnitude = (negative ? -value : value).toString(base);
  const digits = upperCase ? magnitude.toUpperCase() : magnitude;
  const sign = negative ? "-" : signed && spec.plus ? "+" : signed && spec.space ? " " : "";
  let prefix = "";
  if (spec.special && base === 16) prefix = upperCase ? "0X" : "0x";
  else if (spec.special && base === 8 && digits !== "0") prefix = "0";
  const precision = Math.max(digits.length, spec.precision);
  const padding = spec.width - sign.length - prefix.length - precision;
  const zeros = spec.zeros && !spec.left;
  if (!zeros && !spec.left) out.fill(" ", padding);
  out.append(sign + prefix);
  if (zeros) out.fill("0", padding);
  out.fill("0", precision - digits.length);
  out.append(digits);
  if (spec.left) out.fill(" ", padding);
}

/** string_nocheck() */
export function writeString(out: FormattedText, text: string, spec: Specification): void {
  const shown = spec.precision >= 0 ? text.slice(0, spec.precision) : text;
  const padding = spec.width - shown.length;
  if (!spec.left) out.fill(" ", padding);
  out.append(shown);
  if (spec.left) out.fill(" ", padding);
}

/** error_string(): the replacement for a value that can't be printed, no longer than a pointer. */
export function writeError(out: FormattedText, text: string, spec: Specification): void {
  const precision = spec.precision === -1 ? 2 * POINTER_SIZE : spec.precision;
  writeString(out, text, { ...spec, precision });
}

/** special_hex_number(): 0x and all digits of a number of the given size in bytes. */
export function writeAddress(out: FormattedText, value: bigint | number, size: number): void {
  const spec = { ...PLAIN, width: 2 + 2 * size, special: true, zeros: true };
  writeNumber(out, value, spec, { base: 16 });
}
