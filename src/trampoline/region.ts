// The reach of j and jal. Their 26-bit field replaces the low 28 bits of the delay slot's address, so a
// jump stays in the 256 MiB region that its delay slot lies in (MIPS32 manual volume II, J and JAL). The
// delay slot, not the jump: at 0x8ffffffc a jal reaches 0x9xxxxxxx and no longer 0x8ffffff8.

/** Bytes of one region; regions are aligned to it. */
export const REGION_SIZE = 0x1000_0000;

/** The first address of the region that an address lies in. */
export function regionOf(address: number): number {
  return (address & 0xf000_0000) >>> 0;
}

/** The first address of the region that a jump at `site` stays in. */
export function reachOf(site: number): number {
  return regionOf(site + 4);
}
