// Parsers of numbers in options, for commander, which prints the errors that they throw.

import { InvalidArgumentError } from "commander";
import type { Address } from "../../address.ts";
import { BLOCKS, type Block, type PerBlock } from "../../index.ts";

/** `c0000000` or `0xc0000000`; more than eight digits make a 64-bit address. */
export function readAddress(text: string): Address {
  if (!/^(0x)?[0-9a-f]{1,16}$/i.test(text)) {
    throw new InvalidArgumentError("An address is up to eight hexadecimal digits, or sixteen.");
  }
  const digits = text.replace(/^0x/i, "");
  return digits.length > 8 ? BigInt(`0x${digits}`) : Number.parseInt(digits, 16);
}

/** `text=c0000000,data=c0010000`: an address for each block of a module's memory. */
export function readPlaces(text: string): PerBlock<Address> {
  const places = new Map<Block, Address>();
  for (const part of text.split(",")) {
    const [, name, address] = /^([a-z_]+)=([^=]*)$/.exec(part) ?? [];
    const block = BLOCKS.find((one) => one === name);
    if (block === undefined || address === undefined) {
      throw new InvalidArgumentError(
        `Expected BLOCK=HEX,BLOCK=HEX with blocks of ${BLOCKS.join(", ")}.`,
      );
    }
    if (places.has(block)) throw new InvalidArgumentError(`${block} is given twice.`);
    places.set(block, readAddress(address));
  }
  return Object.fromEntries(places);
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
