// The reach of j and jal. Their 26-bit field replaces the low 28 bits of the delay slot's address, so a jump stays in
// the 256 MiB region of its delay slot (MIPS32 and MIPS64 manuals volume II, J and JAL). The region of the jump itself
// may differ: at 0x8ffffffc a jal reaches 0x9xxxxxxx and not 0x8ffffff8.

import { type Address, lowWord, plus } from "../address.ts";

/** Bytes of one region; regions are aligned to it. */
export const REGION_SIZE = 0x1000_0000;

/** The first address of the region that contains an address. */
export function regionOf<A extends Address>(address: A): A {
  const region: Address =
    typeof address === "bigint"
      ? address & 0xffff_ffff_f000_0000n
      : ((address as number) & 0xf000_0000) >>> 0;
  return region as A;
}

/** The first address of the region that a jump at `site` stays in. */
export function reachOf<A extends Address>(site: A): A {
  return regionOf(plus(site, 4));
}

/**
 * Whether Linux considers two addresses to be in one region: it compares bits 31 to 28, for 64 bits too, where it can't
 * distinguish regions that differ only in higher bits.
 */
export function sameToLinux(a: Address, b: Address): boolean {
  return ((lowWord(a) ^ lowWord(b)) & 0xf000_0000) === 0;
}
