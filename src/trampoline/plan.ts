// The far-jump plan: which jumps of a module cannot reach, which veneers mend them and where these lie,
// and which can't be mended and why. A pure function from facts to a value: it reads no file and writes
// no byte. The module loader gathers the facts and applies the plan.

import { type Address, ascending, distance, lowWord, plus } from "../address.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import { brokenJump, noVeneer } from "./refusal.ts";
import { reachOf, regionOf, sameToLinux } from "./region.ts";
import { headShift, mostHeadSlots, type Room, Slots } from "./room.ts";
import { T9, veneerFault, veneerSize, veneerWords } from "./veneer.ts";

/** The two blocks a module is loaded into; init is freed after the module's init function. */
export type Block = "core" | "init";

/** Where something lies: in a block of this module, which may still move, or at an address that is final. */
export type Place<A extends Address = number> =
  | { readonly block: Block; readonly offset: number }
  | { readonly address: A };

/** One R_MIPS_26 relocation, its symbol resolved. */
export interface Jump<A extends Address = number> {
  /** The section that is patched, and r_offset in it. */
  readonly section: string;
  readonly offset: number;
  /** The instruction as it stands in the file, in-place addend included. */
  readonly word: number;
  readonly symbol: string;
  /** The block that `section` lies in, and the site's place in that block. */
  readonly block: Block;
  readonly at: Place<A>;
  /** What Linux's overflow check looks at: S alone, or S + A where the relocation holds the addend. */
  readonly value: Place<A>;
  /**
   * S + A: where the jump goes. A is the relocation's, or the in-place field times four, its sign extended
   * from 28 bits.
   */
  readonly target: Place<A>;
  /** Whether S + A is the first instruction of a function; an imported symbol counts as one. */
  readonly targetIsFunction: boolean;
}

/** One block without veneers; offset 0 is its first section. */
export interface BlockFacts<A extends Address = number> {
  /** Address the block is loaded at. */
  readonly base: A;
  /** Bytes from the first section's start to the last section's end. */
  readonly size: number;
  /** The greatest alignment among the block's sections, a power of two. */
  readonly alignment: number;
}

export interface PlanFacts<A extends Address = number> {
  readonly blocks: { readonly core: BlockFacts<A>; readonly init: BlockFacts<A> };
  readonly jumps: readonly Jump<A>[];
  /** The register that veneers go through, by number; t9 unless told. */
  readonly register?: number;
  /** One for each target and region (unless told), or one for each jump, as OpenWrt's loader makes them. */
  readonly veneers?: Veneers;
}

export type Veneers = "shared" | "each";

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
  /** Linux's verdict, which looks at `value` alone: true where it says "relocation overflow". */
  readonly overflowsInLinux: boolean;
  /** The veneer the jump goes through; null when it needs none or is refused. */
  readonly trampoline: A | null;
  /** What mends the site: the jump to the veneer, or to a target in reach; null when refused. */
  readonly word: number | null;
  /** Why nothing mends it, in a sentence; null when something does. */
  readonly refusal: string | null;
}

/** One veneer. */
export interface Trampoline<A extends Address = number> {
  readonly address: A;
  readonly words: readonly number[];
  readonly target: A;
  readonly symbol: string;
  /** The block that holds it; it lives as long as that block. */
  readonly block: Block;
  /** The first address of the 256 MiB region that holds it. */
  readonly region: A;
  /** Addresses of the jumps that go through it, ascending. */
  readonly sites: readonly A[];
}

export interface TrampolinePlan<A extends Address = number> {
  /** Bytes that all sections of a block move up, to leave head room for veneers below them. */
  readonly shift: { readonly core: number; readonly init: number };
  /** Bytes of each block with shift and veneers. */
  readonly size: { readonly core: number; readonly init: number };
  /** In the order of the facts' jumps. */
  readonly farJumps: readonly FarJump<A>[];
  /** Ascending by address. */
  readonly trampolines: readonly Trampoline<A>[];
  /** Those of `farJumps` that nothing mends. */
  readonly refused: readonly FarJump<A>[];
}

const BLOCKS = ["core", "init"] as const;
/** By the type of an address: bytes that there are. */
const ADDRESS_SPACE = { number: 2 ** 32, bigint: 2 ** 64 } as const;

/** A number for each block. */
type PerBlock = Readonly<Record<Block, number>>;

/** Attempts that make room for what lacked a slot; after them, there is head room for every jump. */
const STEPS = 8;

/**
 * Plans the veneers of one module: one per (S + A, region) in each block unless told otherwise, init code using the core's where
 * they are in the same region, core code never using one in init memory. Deterministic.
 *
 * Head room moves sections, and with them targets inside the module, so what is far may change with it:
 * each attempt tells how many veneers lack a slot, and the next one makes room for them.
 *
 * @throws Misuse when the facts contradict each other: blocks that overlap or leave the address space, a
 * site outside its block, a register that a veneer may not use.
 */
export function planTrampolines<A extends Address>(facts: PlanFacts<A>): TrampolinePlan<A> {
  const register = facts.register ?? T9;
  const anywhere = facts.blocks.core.base;
  const fault = veneerFault(veneerWords(anywhere, register), anywhere);
  if (fault !== null) throw new Misuse(`a veneer can't go through register ${register}: ${fault}`);
  const rooms = { core: roomOf(facts, "core"), init: roomOf(facts, "init") };
  let heads: PerBlock = { core: 0, init: 0 };
  for (let step = 0; ; step++) {
    const { plan, missing } = attempt(facts, rooms, heads);
    const grown = (block: Block): number => {
      if (missing[block] === 0) return heads[block];
      const wanted = step < STEPS ? heads[block] + missing[block] : facts.jumps.length;
      return Math.max(heads[block], Math.min(wanted, mostHeadSlots(rooms[block])));
    };
    const next = { core: grown("core"), init: grown("init") };
    if (next.core === heads.core && next.init === heads.init) return plan;
    heads = next;
  }
}

/** The block's room, which ends where the other block begins if that one lies above it. */
function roomOf<A extends Address>(facts: PlanFacts<A>, block: Block): Room<A> {
  const { base, size, alignment } = facts.blocks[block];
  const other = facts.blocks[block === "core" ? "init" : "core"];
  const space = spaceFrom(base);
  if (!(base >= 0 && size >= 0 && size <= space)) {
    throw new Misuse(`the ${block} block, ${size} bytes at ${hex(base)}, leaves the address space`);
  }
  if (!(alignment >= 1 && Number.isInteger(Math.log2(alignment)))) {
    throw new Misuse(`the ${block} block's alignment, ${alignment}, isn't a power of two`);
  }
  const toOther = distance(base, other.base);
  if (size > 0 && other.size > 0 && toOther < size && -toOther < other.size) {
    throw new Misuse(
      `the core and init blocks overlap at ${hex(plus(base, Math.max(0, toOther)))}`,
    );
  }
  const limit = other.size > 0 && toOther >= size ? toOther : space;
  return { base, size, alignment, limit, slot: slotSize(facts) };
}

/** Bytes from an address to the end of its address space. */
function spaceFrom(base: Address): number {
  return typeof base === "bigint"
    ? Number(BigInt(ADDRESS_SPACE.bigint) - base)
    : ADDRESS_SPACE.number - base;
}

/** Bytes of the largest veneer that any of the jumps may need. */
function slotSize<A extends Address>(facts: PlanFacts<A>): number {
  const size = ({ target }: Jump<A>): number =>
    veneerSize("block" in target ? facts.blocks[target.block].base : target.address);
  return facts.jumps.reduce((most, jump) => Math.max(most, size(jump)), 16);
}

interface Attempt<A extends Address> {
  readonly plan: TrampolinePlan<A>;
  /** Veneers that have no slot and that more head room may give one. */
  readonly missing: PerBlock;
}

/** The whole plan, for a given number of head slots. */
function attempt<A extends Address>(
  facts: PlanFacts<A>,
  rooms: Readonly<Record<Block, Room<A>>>,
  heads: PerBlock,
): Attempt<A> {
  const register = facts.register ?? T9;
  const shift = {
    core: headShift(rooms.core, heads.core),
    init: headShift(rooms.init, heads.init),
  };
  const slots = {
    core: new Slots(rooms.core, heads.core),
    init: new Slots(rooms.init, heads.init),
  };
  const missing = { core: new Set<string>(), init: new Set<string>() };
  const trampolines = new Map<string, Trampoline<A> & { readonly sites: A[] }>();
  const key = (block: Block, far: FarJump<A>): string =>
    `${block} ${far.siteRegion} ${far.target}${facts.veneers === "each" ? ` ${far.address}` : ""}`;

  const findOrPlace = (block: Block, far: FarJump<A>): Trampoline<A> | undefined => {
    const own = key(block, far);
    let trampoline = trampolines.get(key("core", far)) ?? trampolines.get(own);
    if (trampoline === undefined) {
      const address = slots[block].take(far.siteRegion);
      if (address === null) {
        if (far.siteRegion === regionOf(rooms[block].base)) missing[block].add(own);
        return undefined;
      }
      const { target, symbol, siteRegion: region } = far;
      trampoline = {
        address,
        words: veneerWords(target, register),
        target,
        symbol,
        block,
        region,
        sites: [],
      };
      trampolines.set(own, trampoline);
    }
    trampoline.sites.push(far.address);
    return trampoline;
  };

  const sites = facts.jumps.map((jump) => settle(facts, shift, jump));
  const patched = new Map<A, number>();
  for (const { address } of sites) patched.set(address, (patched.get(address) ?? 0) + 1);
  const judged = sites.map((site) => judge(site, patched.get(site.address) === 1));
  // The core's veneers come first, so that init code finds them.
  for (const block of BLOCKS) {
    for (const [index, { jump }] of sites.entries()) {
      const far = judged[index] ?? null;
      if (jump.block !== block || far === null || far.word !== null || far.refusal !== null)
        continue;
      const trampoline = findOrPlace(block, far);
      judged[index] =
        trampoline === undefined
          ? {
              ...far,
              refusal: `the ${block} block has no room for a veneer in the region of ${hex(far.siteRegion)}`,
            }
          : { ...far, trampoline: trampoline.address, word: aimed(jump.word, trampoline.address) };
    }
  }

  const farJumps = judged.filter((far) => far !== null);
  const inOrder = [...trampolines.values()].sort((a, b) => ascending(a.address, b.address));
  for (const trampoline of inOrder) trampoline.sites.sort(ascending);
  return {
    plan: {
      shift,
      size: { core: slots.core.end, init: slots.init.end },
      farJumps,
      trampolines: inOrder,
      refused: farJumps.filter((far) => far.refusal !== null),
    },
    missing: { core: missing.core.size, init: missing.init.size },
  };
}

/** A jump with its places turned into addresses. */
interface Site<A extends Address> {
  readonly jump: Jump<A>;
  readonly address: A;
  readonly value: A;
  readonly target: A;
}

function settle<A extends Address>(facts: PlanFacts<A>, shift: PerBlock, jump: Jump<A>): Site<A> {
  const addressOf = (place: Place<A>): A =>
    "block" in place
      ? plus(facts.blocks[place.block].base, shift[place.block] + place.offset)
      : plus(place.address, 0);
  const address = addressOf(jump.at);
  const into = distance(facts.blocks[jump.block].base, address) - shift[jump.block];
  if (into < 0 || into + 4 > facts.blocks[jump.block].size) {
    throw new Misuse(
      `the jump at ${jump.section}+${hex(jump.offset)} isn't in the ${jump.block} block`,
    );
  }
  return { jump, address, value: addressOf(jump.value), target: addressOf(jump.target) };
}

/** The instruction with its 26-bit field set to an address in reach. */
function aimed(word: number, address: Address): number {
  return ((word & 0xfc00_0000) | ((lowWord(address) >>> 2) & 0x03ff_ffff)) >>> 0;
}

/**
 * What is wrong with a jump, or null when nothing is. A far jump that may go through a veneer comes back
 * with neither word nor refusal.
 */
function judge<A extends Address>(site: Site<A>, alone: boolean): FarJump<A> | null {
  const { jump, address, value, target } = site;
  const siteRegion = reachOf(address);
  const targetRegion = regionOf(target);
  const far = siteRegion !== targetRegion;
  const misaligned = lowWord(value) % 4 !== 0;
  // Linux looks at the alignment first, then at the region, in both without an in-place addend.
  const overflowsInLinux = !misaligned && !sameToLinux(value, siteRegion);
  if (!far && !misaligned && !overflowsInLinux) return null;
  const shared = alone ? null : "more than one relocation patches this instruction";
  const refusal = brokenJump(jump, value) ?? shared ?? (far ? noVeneer(jump) : null);
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
    word: far || refusal !== null ? null : aimed(jump.word, target),
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
