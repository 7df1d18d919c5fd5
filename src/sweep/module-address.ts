// Addresses that are given for modules: on a command line, or to a sweep of a tree that may hold modules of
// either class.

import { KSEG2 } from "../../assembly/shared/memory-map.ts";
import { type Address, lowWord, plus } from "../address.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import { REGION_SIZE, regionOf } from "../trampoline/region.ts";

/** @throws Misuse for an address of 64 bits. */
export function address32(given: Address): number {
  if (typeof given === "number") return given;
  throw new Misuse(`${hex(given)} is an address of 64 bits, and the module is for 32`);
}

/** Of up to eight digits, what a 64-bit kernel makes of a 32-bit address: its sign is extended. */
export function address64(given: Address): bigint {
  return BigInt.asUintN(64, typeof given === "bigint" ? given : BigInt(given | 0));
}

/**
 * Where dependencies of a module at `base` begin: in its region, so that calls between them reach, and in
 * the half of it that the module is not in.
 */
export function dependencyBase<A extends Address>(base: A): A {
  const region = regionOf(base);
  if (typeof region === "number" && region < KSEG2) return KSEG2 as A;
  const half = REGION_SIZE / 2;
  return lowWord(base) % REGION_SIZE >= half ? region : plus(region, half);
}
