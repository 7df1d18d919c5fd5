// Parsers of numbers in options, for commander, which prints the errors that they throw.

import { InvalidArgumentError } from "commander";
import type { Address } from "../../address.ts";

/** `c0000000` or `0xc0000000`; more than eight digits make a 64-bit address. */
export function readAddress(text: string): Address {
  if (!/^(0x)?[0-9a-f]{1,16}$/i.test(text)) {
    throw new InvalidArgumentError("An address is up to eight hexadecimal digits, or sixteen.");
  }
  const digits = text.replace(/^0x/i, "");
  return digits.length > 8 ? BigInt(`0x${digits}`) : Number.parseInt(digits, 16);
}

/** A parser of whole numbers, decimal or 0x, from `least` to `most`. */
export function countReader(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** Collects an option that may be given several times. */
export function gather(text: string, sofar: readonly string[] | undefined): string[] {
  return [...(sofar ?? []), text];
}
