// Allocates a module's memory and makes its far-jump plan. The two depend on each other: the plan on the blocks'
// addresses, the blocks' sizes on the plan. So the blocks are first allocated as laid out, as Linux does, which is
// enough for most modules. If the plan doesn't fit, they are freed and allocated again with the most memory that its
// far jumps can need.

import { type Address, plus, type Width } from "../../address.ts";
import { alignUp } from "../../bytes/ranges.ts";
import { Misuse, Refusal } from "../../errors.ts";
import type { Rules } from "../../kernel/rules/table.ts";
import {
  type Block,
  blocksOf,
  type Jump,
  type PerBlock,
  type PlanFacts,
  perBlock,
  SIDES,
  type SlotTable,
  type Veneers,
} from "../../trampoline/facts.ts";
import { openWrtPlan, SLOT } from "../../trampoline/openwrt.ts";
import { planTrampolines, type TrampolinePlan } from "../../trampoline/plan.ts";
import { veneerSize } from "../../trampoline/veneer.ts";
import type { ModuleBlock, ModuleHost } from "../host.ts";
import { freeMemory } from "../loaded.ts";
import type { BlockLayout, ModuleLayout } from "./layout.ts";

/** The requested addresses of the blocks. */
export interface Bases<A extends Address = number> {
  /** The first block's address, where the search for the others begins; default: the first free range. */
  readonly base?: A | undefined;
  /** The init block's address, on a kernel that has one. */
  readonly initBase?: A | undefined;
  /** Addresses of single blocks. */
  readonly place?: PerBlock<A> | undefined;
}

/** The bases, and how far jumps share veneers; see PlanFacts. */
export interface Placing<A extends Address = number> extends Bases<A> {
  readonly veneers?: Veneers;
}

export interface Placement<A extends Address> {
  /** The allocated blocks, in the kernel's order. */
  readonly memories: readonly ModuleBlock<A>[];
  /** Without jumps an empty plan: no shift, sizes as laid out. */
  readonly plan: TrampolinePlan<A>;
  /** The address of offset 0 of each block's layout: the block's base plus the plan's shift. */
  readonly origin: PerBlock<A>;
  /** The tables that hold the slots of the kernel's own plan. */
  readonly tables: readonly SlotTable<A>[];
}

type Sizes = PerBlock<number>;

/** More memory can move a block across a region's boundary, where it needs more again; two rounds are enough. */
const ROUNDS = 4;

/**
 * Allocates memory and plans.
 * @param jumps the jumps that veneers may mend; if empty, there are none, as on Linux.
 * @param rules the kernel's: whether a block's size is a whole number of pages.
 * @throws Refusal (ENOMEM) if there is no room, from the host or because no size suffices.
 * @throws Misuse for an address of a block that the kernel doesn't have.
 */
export function placeModule<A extends Address>(
  host: ModuleHost<A>,
  layout: ModuleLayout,
  placing: Placing<A>,
  jumps: readonly Jump<A>[],
  rules: Rules,
): Placement<A> {
  const blocks = blocksOf(layout.blocks);
  checkPlaces(blocks, placing);
  const sizesOf = (size: (block: Block) => number): Sizes =>
    perBlock(blocks, (block) => wholeSize(host, rules, size(block)));
  let sizes = sizesOf((block) => layout.blocks[block]?.size ?? 0);
  for (let round = 0; round < ROUNDS; round++) {
    const placement = place(host, layout, placing, jumps, sizes, rules);
    const { plan } = placement;
    const roomy = sizesWithVeneers(layout, plan, placing);
    const planned = sizesOf((block) => plan.size[block] ?? 0);
    // A jump may be refused because there is no room for a veneer, which more memory mends, or for another reason.
    const mayLackRoom = plan.refused.length > 0 && !fitsInto(host, roomy, sizes);
    if (fitsInto(host, planned, sizes) && !mayLackRoom) {
      return tighten(host, placement, sizes, planned);
    }
    freeMemory(host, placement.memories, null);
    const grown = sizes;
    sizes = sizesOf((block) => Math.max(grown[block] ?? 0, roomy[block] ?? 0, planned[block] ?? 0));
  }
  const bytes = blocks.map((block) => sizes[block] ?? 0).filter((size) => size > 0);
  throw new Refusal({
    errno: "ENOMEM",
    dmesg: [],
    explanation: `the module's trampolines don't fit into ${bytes.join(" + ")} bytes of module memory`,
  });
}

/** Refuses addresses of blocks that the kernel's rules don't have. */
function checkPlaces<A extends Address>(blocks: readonly Block[], placing: Placing<A>): void {
  const { base, initBase, place = {} } = placing;
  const [first] = blocks;
  const unknown = blocksOf(place).find((block) => !blocks.includes(block));
  if (unknown !== undefined) {
    throw new Misuse(`this kernel gives a module no ${unknown} memory, but ${blocks.join(", ")}`);
  }
  if (initBase !== undefined && !blocks.includes("init")) {
    throw new Misuse(`this kernel gives a module no init memory, but ${blocks.join(", ")}`);
  }
  if (initBase !== undefined && place.init !== undefined) {
    throw new Misuse("the init block has two addresses");
  }
  if (base !== undefined && first !== undefined && (place[first] ?? base) !== base) {
    throw new Misuse(`the ${first} block has two addresses`);
  }
}

/** A block's size as the kernel counts it. */
export function wholeSize(
  { pageSize }: { readonly pageSize: number },
  { L2 }: Rules,
  size: number,
): number {
  return L2 === "pages" ? alignUp(size, pageSize) : size;
}

/** Replaces memory that is larger than its plan needs by memory of the right size, at the same addresses. */
function tighten<A extends Address>(
  host: ModuleHost<A>,
  placement: Placement<A>,
  sizes: Sizes,
  planned: Sizes,
): Placement<A> {
  const exact = placement.memories.map((memory) => ({
    ...memory,
    size: planned[memory.type] ?? 0,
  }));
  if (!fitsInto(host, sizes, planned)) {
    freeMemory(host, placement.memories, null);
    for (const { type, size, base } of exact) host.allocate({ type, size, base });
  }
  return { ...placement, memories: exact };
}

function place<A extends Address>(
  host: ModuleHost<A>,
  layout: ModuleLayout,
  placing: Placing<A>,
  jumps: readonly Jump<A>[],
  sizes: Sizes,
  rules: Rules,
): Placement<A> {
  const memories = allocateAll(host, blocksOf(layout.blocks), placing, sizes, rules);
  const plan = planFor(host, memories, layout, jumps, placing.veneers);
  return { memories, plan, origin: originOf(host, memories, layout, plan.shift), tables: [] };
}

/**
 * Allocates memory as a kernel does that mends far jumps by itself, OpenWrt's, and makes its plan. The kernel allocates
 * the tables before the module, of which both addresses are by chance; here a module can have the address asked for.
 * @param slots the most that it can need.
 */
export function placeWithSlots<A extends Address>(
  host: ModuleHost<A>,
  layout: ModuleLayout,
  placing: Placing<A>,
  jumps: readonly Jump<A>[],
  rules: Rules,
  slots: number,
): Placement<A> {
  const placement = placeModule(host, layout, placing, [], rules);
  const { memories } = placement;
  const tables: SlotTable<A>[] = [];
  try {
    const size = slots * SLOT;
    for (const side of size === 0 ? [] : SIDES) {
      const block = host.allocate({ type: "slots", size, direct: side === "kseg0" });
      tables.push({ ...block, side });
    }
  } catch (error) {
    freeMemory(host, [...memories, ...tables], null);
    throw error;
  }
  const plan = openWrtPlan(factsFor(host, memories, layout, jumps), tables);
  // module_finalize() frees a table that nothing uses.
  const uses = ({ side }: SlotTable<A>) => plan.trampolines.some(({ block }) => block === side);
  for (const table of tables) if (!uses(table)) host.free(table);
  return {
    ...placement,
    plan: { ...plan, size: placement.plan.size },
    tables: tables.filter(uses),
  };
}

/** The address of offset 0 of each block's layout; 0 for a block that has no memory. */
export function originOf<A extends Address>(
  { width }: { readonly width: Width<A> },
  memories: readonly ModuleBlock<A>[],
  layout: ModuleLayout,
  shift: PerBlock<number>,
): PerBlock<A> {
  const bases = new Map(memories.map(({ type, base }) => [type, base]));
  return perBlock(blocksOf(layout.blocks), (block) =>
    plus(bases.get(block) ?? width.zero, shift[block] ?? 0),
  );
}

/** Allocates every block that isn't empty, or none: first those with given addresses, then the others in order. */
function allocateAll<A extends Address>(
  host: ModuleHost<A>,
  blocks: readonly Block[],
  { base, initBase, place = {} }: Placing<A>,
  sizes: Sizes,
  { O1 }: Rules,
): ModuleBlock<A>[] {
  const [first] = blocks;
  const given: PerBlock<A | undefined> = {
    ...(first === undefined ? {} : { [first]: base }),
    init: initBase,
    ...place,
  };
  const wanted = blocks.filter((type) => (sizes[type] ?? 0) > 0);
  const memories = new Map<Block, ModuleBlock<A>>();
  const allocate = (type: Block): void => {
    const size = sizes[type] ?? 0;
    // The init block comes after the core block; since 6.4 the search for each block begins at the same address.
    const from = base ?? (type === "init" ? memories.get("core")?.base : undefined);
    const direct = O1 === "kseg0";
    memories.set(type, { ...host.allocate({ type, size, base: given[type], from, direct }), type });
  };
  try {
    for (const type of wanted) if (given[type] !== undefined) allocate(type);
    for (const type of wanted) if (given[type] === undefined) allocate(type);
  } catch (error) {
    freeMemory(host, [...memories.values()], null);
    throw error;
  }
  return wanted.map((type) => memories.get(type) as ModuleBlock<A>);
}

/** The plan for a module in this memory. */
export function planFor<A extends Address>(
  host: Pick<ModuleHost<A>, "width">,
  memories: readonly ModuleBlock<A>[],
  layout: ModuleLayout,
  jumps: readonly Jump<A>[],
  veneers: Veneers = "shared",
): TrampolinePlan<A> {
  return planTrampolines({ ...factsFor(host, memories, layout, jumps), veneers });
}

function factsFor<A extends Address>(
  { width }: Pick<ModuleHost<A>, "width">,
  memories: readonly ModuleBlock<A>[],
  layout: ModuleLayout,
  jumps: readonly Jump<A>[],
): PlanFacts<A> {
  const bases = new Map(memories.map(({ type, base }) => [type, base]));
  const blocks = perBlock(blocksOf(layout.blocks), (block) => {
    const { size, alignment } = layout.blocks[block] as BlockLayout;
    return { base: bases.get(block) ?? width.zero, size, alignment };
  });
  return { blocks, jumps };
}

/** The size of each block with room for all veneers it may need, twice: above its sections, and in head room below. */
function sizesWithVeneers<A extends Address>(
  layout: ModuleLayout,
  { farJumps }: TrampolinePlan<A>,
  { veneers }: Placing<A>,
): Sizes {
  const targets = new Set(farJumps.map(({ siteRegion, target }) => `${siteRegion} ${target}`));
  const most = veneers === "each" ? farJumps.length : targets.size;
  const veneer = farJumps.reduce((size, far) => Math.max(size, veneerSize(far.target)), 0);
  return perBlock(blocksOf(layout.blocks), (block) => {
    const { size, alignment } = layout.blocks[block] as BlockLayout;
    return size === 0 ? 0 : size + 2 * (veneer * (most + 1) + alignment);
  });
}

function fitsInto<A extends Address>(
  { pageSize }: ModuleHost<A>,
  wanted: Sizes,
  sizes: Sizes,
): boolean {
  const pages = (size: number | undefined): number => Math.ceil((size ?? 0) / pageSize);
  return blocksOf(wanted).every((block) => pages(wanted[block]) <= pages(sizes[block]));
}
