// One jump at its final address: whether it reaches its target, Linux's verdict on it, and the sentences for both.
// place.ts chooses the veneer of a far jump; group.ts decides whether it may use one.

import { type Address, distance, lowWord, plus } from "../address.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import { withTarget } from "../isa/assemble.ts";
import type { Block, Jump, PerBlock, Place, PlanFacts } from "./facts.ts";
import { brokenJump } from "./refusal.ts";
import { reachOf, regionOf, sameToLinux } from "./region.ts";

/** A jump that doesn't reach its target, or that Linux refuses. */
export interface FarJump<A extends Address = number> {
  readonly section: string;
  readonly offset: number;
  /** The site. */
  readonly address: A;
  readonly symbol: string;
  /** S + A. */
  readonly target: A;
  /** The first address of the 256 MiB region that the site's jump stays in, and of the target's. */
  readonly siteRegion: A;
  readonly targetRegion: A;
  /** Why the jump is listed, in a sentence. */
  readonly reason: string;
  /** Linux's verdict, which uses `value` alone: true if it reports "relocation overflow". */
  readonly overflowsInLinux: boolean;
  /** The veneer the jump goes through; null when it needs none or is refused. */
  readonly trampoline: A | null;
  /** The word that mends the site: the jump to the veneer, or to a target in reach; null when refused. */
  readonly word: number | null;
  /** Why the jump can't be mended, in a sentence; null if it is mended. */
  readonly refusal: string | null;
}

/** A jump with its places resolved to addresses. */
export interface Site<A extends Address> {
  readonly jump: Jump<A>;
  readonly address: A;
  readonly value: A;
  readonly target: A;
}

/**
 * @param origin the address of offset 0 of each block, where its first section is.
 * @throws Misuse when the site isn't in its block, or a place is in a block that the module doesn't have.
 */
export function settle<A extends Address>(
  facts: PlanFacts<A>,
  origin: PerBlock<A>,
  jump: Jump<A>,
): Site<A> {
  const originOf = (block: Block): A => {
    const address = origin[block];
    if (address === undefined) throw new Misuse(`the module has no ${block} block`);
    return address;
  };
  const addressOf = (place: Place<A>): A =>
    "block" in place ? plus(originOf(place.block), place.offset) : plus(place.address, 0);
  const address = addressOf(jump.at);
  const into = distance(originOf(jump.block), address);
  if (into < 0 || into + 4 > (facts.blocks[jump.block]?.size ?? 0)) {
    throw new Misuse(
      `the jump at ${jump.section}+${hex(jump.offset)} isn't in the ${jump.block} block`,
    );
  }
  return { jump, address, value: addressOf(jump.value), target: addressOf(jump.target) };
}

/**
 * Describes what is wrong with a jump; null if it is fine. A far jump that may use a veneer is returned with neither
 * word nor refusal.
 * @param alone whether no other relocation changes the same instruction.
 * @param noVeneer why the jump may not use a veneer; null when it may.
 */
export function judge<A extends Address>(
  site: Site<A>,
  alone: boolean,
  noVeneer: string | null,
): FarJump<A> | null {
  const { jump, address, value, target } = site;
  const siteRegion = reachOf(address);
  const targetRegion = regionOf(target);
  const far = siteRegion !== targetRegion;
  const misaligned = lowWord(value) % 4 !== 0;
  // Linux checks the alignment first, then the region, both without the in-place addend.
  const overflowsInLinux = !misaligned && !sameToLinux(value, siteRegion);
  if (!far && !misaligned && !overflowsInLinux) return null;
  const shared = alone ? null : "more than one relocation patches this instruction";
  const refusal = brokenJump(jump, value) ?? shared ?? (far ? noVeneer : null);
  const { section, offset, symbol } = jump;
  return {
    section,
    offset,
    address,
    symbol,
    target,
    siteRegion,
    targetRegion,
    reason: reason(site),
    overflowsInLinux,
    trampoline: null,
    word: far || refusal !== null ? null : withTarget(jump.word, target),
    refusal,
  };
}

function reason<A extends Address>({ jump, address, value, target }: Site<A>): string {
  const { symbol } = jump;
  const siteRegion = reachOf(address);
  if (lowWord(value) % 4 !== 0)
    return `${symbol} is at ${hex(value)}, and a jump reaches multiples of 4 only`;
  if (regionOf(target) === siteRegion) {
    return (
      `the jump reaches ${hex(target)}, but Linux checks ${symbol} without the addend, ` +
      `and ${hex(value)} is outside the region of ${hex(siteRegion)}`
    );
  }
  const goes = `the jump goes to ${hex(target)} (${symbol}${value === target ? "" : " plus an addend"})`;
  const reach = `${goes}, in the region of ${hex(regionOf(target))}, but stays in that of ${hex(siteRegion)}`;
  if (!sameToLinux(value, siteRegion)) return reach;
  const lost = hex(plus(siteRegion, lowWord(target) & 0x0fff_ffff));
  const looks =
    value === target ? "compares bits 31 to 28 only" : `checks ${symbol} without the addend`;
  return `${reach}; Linux ${looks} and sends it to ${lost}`;
}
