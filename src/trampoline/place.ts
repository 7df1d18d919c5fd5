// Places veneers for a given number of head slots in each block: computes where every jump is, which jumps are far, and
// which slot the veneer of each group and region gets, with its address and words. Veneers without a slot are counted;
// plan.ts then makes room and places again.

import { type Address, ascending, plus } from "../address.ts";
import { hex } from "../hex.ts";
import { withTarget } from "../isa/assemble.ts";
import { R } from "../isa/registers.ts";
import {
  type Block,
  blocksOf,
  isInitBlock,
  type PerBlock,
  type PlanFacts,
  type Side,
} from "./facts.ts";
import { type FarJump, judge, settle } from "./far-jump.ts";
import type { Grouping } from "./group.ts";
import { regionOf } from "./region.ts";
import { headShift, type Room, Slots } from "./room.ts";
import { veneerWords } from "./veneer.ts";

/** One veneer. */
export interface Trampoline<A extends Address = number> {
  readonly address: A;
  readonly words: readonly number[];
  readonly target: A;
  readonly symbol: string;
  /** The block that contains it and with which it is freed, or the table of OpenWrt's loader. */
  readonly block: Block | Side;
  /** The first address of the 256 MiB region that contains it. */
  readonly region: A;
  /** Addresses of the jumps that use it, ascending. */
  readonly sites: readonly A[];
}

export interface Placement<A extends Address = number> {
  /** Bytes by which all sections of a block move up, to make head room for veneers below them. */
  readonly shift: PerBlock<number>;
  /** Bytes of each block, including shift and veneers. */
  readonly size: PerBlock<number>;
  /** In the order of the facts' jumps. */
  readonly farJumps: readonly FarJump<A>[];
  /** Ascending by address. */
  readonly trampolines: readonly Trampoline<A>[];
  /** Veneers without a slot; more head room may provide one. */
  readonly missing: PerBlock<number>;
}

/** One block while veneers are placed in it. */
class Area<A extends Address> {
  readonly block: Block;
  readonly shift: number;
  readonly slots: Slots<A>;
  /** By group and region. */
  readonly veneers = new Map<string, Trampoline<A> & { readonly sites: A[] }>();
  readonly missing = new Set<string>();
  readonly #room: Room<A>;

  constructor(block: Block, room: Room<A>, heads: number) {
    this.block = block;
    this.#room = room;
    this.shift = headShift(room, heads);
    this.slots = new Slots(room, heads);
  }

  /** The address of the first section. */
  get origin(): A {
    return plus(this.#room.base, this.shift);
  }

  /** A place for one more veneer; null if there is none, which is counted where head room would help. */
  take(key: string, region: A): A | null {
    const address = this.slots.take(region);
    if (address === null && region === regionOf(this.#room.base)) this.missing.add(key);
    return address;
  }
}

/**
 * Places the veneers of grouped jumps: one for each (group, region) in each block. A jump also uses a veneer of another
 * block in its region that lives at least as long as its own: never one in init memory, unless it is there itself.
 * @param heads slots of head room in each block.
 */
export function place<A extends Address>(
  facts: PlanFacts<A>,
  grouping: Grouping,
  rooms: PerBlock<Room<A>>,
  heads: PerBlock<number>,
): Placement<A> {
  const register = facts.register ?? R.t9;
  const areas = blocksOf(rooms).map(
    (block) => new Area<A>(block, rooms[block] as Room<A>, heads[block] ?? 0),
  );
  // Blocks that stay come first, so that init code can use their veneers.
  const lasting = areas.filter(({ block }) => !isInitBlock(block));
  const passing = areas.filter(({ block }) => isInitBlock(block));
  const inOrder = [...lasting, ...passing];
  const perArea = <T>(value: (area: Area<A>) => T): PerBlock<T> =>
    Object.fromEntries(areas.map((area) => [area.block, value(area)]));

  const veneerOf = (area: Area<A>, group: number, far: FarJump<A>): Trampoline<A> | null => {
    const key = `${group} ${far.siteRegion}`;
    const usable = isInitBlock(area.block) ? inOrder : lasting;
    let trampoline = usable.find(({ veneers }) => veneers.has(key))?.veneers.get(key);
    if (trampoline === undefined) {
      const address = area.take(key, far.siteRegion);
      if (address === null) return null;
      const { target, symbol, siteRegion: region } = far;
      const words = veneerWords(target, register);
      trampoline = { address, words, target, symbol, block: area.block, region, sites: [] };
      area.veneers.set(key, trampoline);
    }
    trampoline.sites.push(far.address);
    return trampoline;
  };

  const origin = perArea((area) => area.origin);
  const sites = facts.jumps.map((jump) => settle(facts, origin, jump));
  const patched = new Map<A, number>();
  for (const { address } of sites) patched.set(address, (patched.get(address) ?? 0) + 1);
  const judged = sites.map((site, index) => {
    const group = grouping.jumps[index];
    return judge(site, patched.get(site.address) === 1, typeof group === "string" ? group : null);
  });
  for (const area of inOrder) {
    for (const [index, { jump }] of sites.entries()) {
      const far = judged[index] ?? null;
      const group = grouping.jumps[index];
      if (jump.block !== area.block || far === null || typeof group !== "number") continue;
      if (far.word !== null || far.refusal !== null) continue;
      const veneer = veneerOf(area, group, far);
      judged[index] =
        veneer === null
          ? { ...far, refusal: noRoom(area.block, far) }
          : { ...far, trampoline: veneer.address, word: withTarget(jump.word, veneer.address) };
    }
  }

  const trampolines = inOrder.flatMap(({ veneers }) => [...veneers.values()]);
  for (const trampoline of trampolines) trampoline.sites.sort(ascending);
  return {
    shift: perArea(({ shift }) => shift),
    size: perArea(({ slots }) => slots.end),
    farJumps: judged.filter((far) => far !== null),
    trampolines: trampolines.sort((a, b) => ascending(a.address, b.address)),
    missing: perArea(({ missing }) => missing.size),
  };
}

function noRoom(block: Block, far: FarJump<Address>): string {
  return `the ${block} block has no room for a trampoline in the region of ${hex(far.siteRegion)}`;
}
