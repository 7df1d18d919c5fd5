// Addresses that are given for modules: on a command line, or to a sweep of a tree that may hold modules of
// either class.

import type { Address } from "../address.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";

/** @throws Misuse for an address of 64 bits. */
export function address32(given: Address): number {
  if (typeof given === "number") return given;
  throw new Misuse(`${hex(given)} is an address of 64 bits, and the module is for 32`);
}

/** Of up to eight digits, what a 64-bit kernel makes of a 32-bit address: its sign is extended. */
export function address64(given: Address): bigint {
  return BigInt.asUintN(64, typeof given === "bigint" ? given : BigInt(given | 0));
}
