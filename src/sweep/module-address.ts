// Addresses for modules as the user gives them: on a command line, or for a sweep of a tree whose modules may be 32-bit
// or 64-bit.

import type { Address } from "../address.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";

/** @throws Misuse for an address of 64 bits. */
export function address32(given: Address): number {
  if (typeof given === "number") return given;
  throw new Misuse(`${hex(given)} is an address of 64 bits, and the module has 32`);
}

/** An address of up to eight digits is sign-extended, as a 64-bit kernel does with a 32-bit address. */
export function address64(given: Address): bigint {
  return BigInt.asUintN(64, typeof given === "bigint" ? given : BigInt(given | 0));
}
