// The far-jump plan: which jumps of a module cannot reach, which veneers mend them and where these lie,
// and which can't be mended and why. A pure function from facts to a value: it reads no file and writes
// no byte. The module loader gathers the facts and applies the plan.

import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import { brokenJump, noVeneer } from "./refusal.ts";
import { reachOf, regionOf } from "./region.ts";
import { headShift, mostHeadSlots, type Room, Slots } from "./room.ts";
import { T9, veneerFault, veneerWords } from "./veneer.ts";

/** The two blocks a module is loaded into; init is freed after the module's init function. */
export type Block = "core" | "init";

/** Where something lies: in a block of this module, which may still move, or at an address that is final. */
export type Place =
  | { readonly block: Block; readonly offset: number }
  | { readonly address: number };

/** One R_MIPS_26 relocation, its symbol resolved. */
export interface Jump {
  /** The section that is patched, and r_offset in it. */
  readonly section: string;
  readonly offset: number;
  /** The instruction as it stands in the file, in-place addend included. */
  readonly word: number;
  readonly symbol: string;
  /** The block that `section` lies in, and the site's place in that block. */
  readonly block: Block;
  readonly at: Place;
  /** S alone: what Linux's overflow check looks at. */
  readonly value: Place;
  /** S + A: where the jump goes. A is the in-place field times four, its sign extended from 28 bits. */
  readonly target: Place;
  /** Whether S + A is the first instruction of a function; an imported symbol counts as one. */
  readonly targetIsFunction: boolean;
}

/** One block without veneers; offset 0 is its first section. */
export interface BlockFacts {
  /** Address the block is loaded at. */
  readonly base: number;
  /** Bytes from the first section's start to the last section's end. */
  readonly size: number;
  /** The greatest alignment among the block's sections, a power of two. */
  readonly alignment: number;
}

export interface PlanFacts {
  readonly blocks: { readonly core: BlockFacts; readonly init: BlockFacts };
  readonly jumps: readonly Jump[];
  /** The register that veneers go through, by number; t9 unless told. */
  readonly register?: number;
}

/** A jump that doesn't reach its target, or that Linux refuses. */
export interface FarJump {
  readonly section: string;
  readonly offset: number;
  /** The site. */
  readonly address: number;
  readonly symbol: string;
  /** S + A. */
  readonly target: number;
  /** The first address of the 256 MiB region that the site's jump stays in, and of the target's. */
  readonly siteRegion: number;
  readonly targetRegion: number;
  /** Why the jump is listed, in a sentence. */
  readonly reason: string;
  /** Linux's verdict, which looks at S alone: true where it says "relocation overflow". */
  readonly overflowsInLinux: boolean;
  /** The veneer the jump goes through; null when it needs none or is refused. */
  readonly trampoline: number | null;
  /** What mends the site: the jump to the veneer, or to a target in reach; null when refused. */
  readonly word: number | null;
  /** Why nothing mends it, in a sentence; null when something does. */
  readonly refusal: string | null;
}

/** One veneer. */
export interface Trampoline {
  readonly address: number;
  readonly words: readonly number[];
  readonly target: number;
  readonly symbol: string;
  /** The block that holds it; it lives as long as that block. */
  readonly block: Block;
  /** The first address of the 256 MiB region that holds it. */
  readonly region: number;
  /** Addresses of the jumps that go through it, ascending. */
  readonly sites: readonly number[];
}

export interface TrampolinePlan {
  /** Bytes that all sections of a block move up, to leave head room for veneers below them. */
  readonly shift: { readonly core: number; readonly init: number };
  /** Bytes of each block with shift and veneers. */
  readonly size: { readonly core: number; readonly init: number };
  /** In the order of the facts' jumps. */
  readonly farJumps: readonly FarJump[];
  /** Ascending by address. */
  readonly trampolines: readonly Trampoline[];
  /** Those of `farJumps` that nothing mends. */
  readonly refused: readonly FarJump[];
}

const BLOCKS = ["core", "init"] as const;
const ADDRESS_SPACE = 2 ** 32;

/** A number for each block. */
type PerBlock = Readonly<Record<Block, number>>;

/** Attempts that make room for what lacked a slot; after them, there is head room for every jump. */
const STEPS = 8;

/**
 * Plans the veneers of one module: one per (S + A, region) in each block, init code using the core's where
 * they are in the same region, core code never using one in init memory. Deterministic.
 *
 * Head room moves sections, and with them targets inside the module, so what is far may change with it:
 * each attempt tells how many veneers lack a slot, and the next one makes room for them.
 *
 * @throws Misuse when the facts contradict each other: blocks that overlap or leave the address space, a
 * site outside its block, a register that a veneer may not use.
 */
export function planTrampolines(facts: PlanFacts): TrampolinePlan {
  const register = facts.register ?? T9;
  const fault = veneerFault(veneerWords(0, register), 0);
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
function roomOf(facts: PlanFacts, block: Block): Room {
  const { base, size, alignment } = facts.blocks[block];
  const other = facts.blocks[block === "core" ? "init" : "core"];
  const end = base + size;
  if (!(base >= 0 && size >= 0 && end <= ADDRESS_SPACE)) {
    throw new Misuse(
      `the ${block} block, ${size} bytes at ${hex(base)}, leaves the 32-bit address space`,
    );
  }
  if (!(alignment >= 1 && Number.isInteger(Math.log2(alignment)))) {
    throw new Misuse(`the ${block} block's alignment, ${alignment}, isn't a power of two`);
  }
  if (size > 0 && other.size > 0 && base < other.base + other.size && other.base < end) {
    throw new Misuse(`the core and init blocks overlap at ${hex(Math.max(base, other.base))}`);
  }
  const limit = other.size > 0 && other.base >= end ? other.base : ADDRESS_SPACE;
  return { base, size, alignment, limit };
}

interface Attempt {
  readonly plan: TrampolinePlan;
  /** Veneers that have no slot and that more head room may give one. */
  readonly missing: PerBlock;
}

/** The whole plan, for a given number of head slots. */
function attempt(facts: PlanFacts, rooms: Readonly<Record<Block, Room>>, heads: PerBlock): Attempt {
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
  const trampolines = new Map<string, Trampoline & { readonly sites: number[] }>();
  const key = (block: Block, far: FarJump): string => `${block} ${far.siteRegion} ${far.target}`;

  const findOrPlace = (block: Block, far: FarJump): Trampoline | undefined => {
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
  const patched = new Map<number, number>();
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
  const inOrder = [...trampolines.values()].sort((a, b) => a.address - b.address);
  for (const trampoline of inOrder) trampoline.sites.sort((a, b) => a - b);
  return {
    plan: {
      shift,
      size: { core: slots.core.end - rooms.core.base, init: slots.init.end - rooms.init.base },
      farJumps,
      trampolines: inOrder,
      refused: farJumps.filter((far) => far.refusal !== null),
    },
    missing: { core: missing.core.size, init: missing.init.size },
  };
}

/** A jump with its places turned into addresses. */
interface Site {
  readonly jump: Jump;
  readonly address: number;
  readonly value: number;
  readonly target: number;
}

function settle(facts: PlanFacts, shift: PerBlock, jump: Jump): Site {
  const addressOf = (place: Place): number =>
    ("block" in place
      ? facts.blocks[place.block].base + shift[place.block] + place.offset
      : place.address) >>> 0;
  const address = addressOf(jump.at);
  const into = address - facts.blocks[jump.block].base - shift[jump.block];
  if (into < 0 || into + 4 > facts.blocks[jump.block].size) {
    throw new Misuse(
      `the jump at ${jump.section}+${hex(jump.offset)} isn't in the ${jump.block} block`,
    );
  }
  return { jump, address, value: addressOf(jump.value), target: addressOf(jump.target) };
}

/** The instruction with its 26-bit field set to an address in reach. */
function aimed(word: number, address: number): number {
  return ((word & 0xfc00_0000) | ((address >>> 2) & 0x03ff_ffff)) >>> 0;
}

/**
 * What is wrong with a jump, or null when nothing is. A far jump that may go through a veneer comes back
 * with neither word nor refusal.
 */
function judge(site: Site, alone: boolean): FarJump | null {
  const { jump, address, value, target } = site;
  const siteRegion = reachOf(address);
  const targetRegion = regionOf(target);
  const far = siteRegion !== targetRegion;
  const misaligned = value % 4 !== 0;
  // Linux looks at the alignment of S first, then at S without the addend.
  const overflowsInLinux = !misaligned && regionOf(value) !== siteRegion;
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

function reason({ jump: { symbol }, address, value, target }: Site): string {
  const siteRegion = reachOf(address);
  if (value % 4 !== 0)
    return `${symbol} is at ${hex(value)}, and a jump reaches multiples of 4 only`;
  if (regionOf(target) === siteRegion) {
    return (
      `the jump reaches ${hex(target)}, but Linux checks ${symbol} without the addend, ` +
      `and ${hex(value)} is outside the region of ${hex(siteRegion)}`
    );
  }
  const goes = `the jump goes to ${hex(target)} (${symbol}${value === target ? "" : " plus an addend"})`;
  const reach = `${goes}, in the region of ${hex(regionOf(target))}, but stays in that of ${hex(siteRegion)}`;
  if (regionOf(value) !== siteRegion) return reach;
  const lost = (siteRegion | (target & 0x0fff_ffff)) >>> 0;
  return `${reach}; Linux checks ${symbol} without the addend and sends it to ${hex(lost)}`;
}
