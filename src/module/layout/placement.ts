// Allocates a module's memory and makes its far-jump plan. The two depend on each other: the plan on the blocks'
// addresses, the blocks' sizes on the plan. So the blocks are first allocated as laid out, as Linux does, which is
// enough for most modules. If the plan doesn't fit, they are freed and allocated again with the most memory that its
// far jumps can need.

import { type Address, plus } from "../../address.ts";
import { Refusal } from "../../errors.ts";
import type { Jump, Veneers } from "../../trampoline/facts.ts";
import { planTrampolines, type TrampolinePlan } from "../../trampoline/plan.ts";
import { veneerSize } from "../../trampoline/veneer.ts";
import type { ModuleHost, ModuleMemory } from "../host.ts";
import { freeMemory } from "../loaded.ts";
import type { BlockLayout, ModuleLayout } from "./layout.ts";

/** The requested addresses of the blocks; see MemoryRequest. */
export interface Bases<A extends Address = number> {
  readonly base?: A | undefined;
  readonly initBase?: A | undefined;
}

/** The bases, and how far jumps share veneers; see PlanFacts. */
export interface Placing<A extends Address = number> extends Bases<A> {
  readonly veneers?: Veneers;
}

export interface Placement<A extends Address> {
  readonly memory: ModuleMemory<A>;
  /** Without jumps an empty plan: no shift, sizes as laid out. */
  readonly plan: TrampolinePlan<A>;
  /** The address of offset 0 of each block's layout: the block's base plus the plan's shift. */
  readonly origin: { readonly core: A; readonly init: A };
}

interface Sizes {
  readonly core: number;
  readonly init: number;
}

/** More memory can move a block across a region's boundary, where it needs more again; two rounds are enough. */
const ROUNDS = 4;

/**
 * Allocates memory and plans.
 * @param jumps the jumps that veneers may mend; if empty, there are none, as on Linux.
 * @throws Refusal (ENOMEM) if there is no room, from the host or because no size suffices.
 */
export function placeModule<A extends Address>(
  host: ModuleHost<A>,
  layout: ModuleLayout,
  placing: Placing<A>,
  jumps: readonly Jump<A>[],
): Placement<A> {
  let sizes: Sizes = { core: layout.blocks.core.size, init: layout.blocks.init.size };
  for (let round = 0; round < ROUNDS; round++) {
    const placement = place(host, layout, placing, jumps, sizes);
    const { plan } = placement;
    const roomy = sizesWithVeneers(layout, plan, placing);
    // A jump may be refused because there is no room for a veneer, which more memory mends, or for another reason.
    const mayLackRoom = plan.refused.length > 0 && !fitsInto(host, roomy, sizes);
    if (fitsInto(host, plan.size, sizes) && !mayLackRoom) return tighten(host, placement, sizes);
    freeMemory(host, placement.memory, null);
    sizes = {
      core: Math.max(sizes.core, roomy.core, plan.size.core),
      init: Math.max(sizes.init, roomy.init, plan.size.init),
    };
  }
  throw new Refusal({
    errno: "ENOMEM",
    dmesg: [],
    explanation: `the module's veneers don't fit into ${sizes.core} + ${sizes.init} bytes of module memory`,
  });
}

/** Replaces memory that is larger than its plan needs by memory of the right size, at the same addresses. */
function tighten<A extends Address>(
  host: ModuleHost<A>,
  placement: Placement<A>,
  sizes: Sizes,
): Placement<A> {
  const { memory, plan } = placement;
  const exact = { ...placement, memory: resized(memory, plan.size) };
  if (fitsInto(host, sizes, plan.size)) return exact;
  freeMemory(host, memory, null);
  host.allocate({
    coreSize: plan.size.core,
    initSize: plan.size.init,
    base: memory.core.base,
    initBase: memory.init.size > 0 ? memory.init.base : undefined,
  });
  return exact;
}

function resized<A extends Address>(
  { core, init }: ModuleMemory<A>,
  sizes: Sizes,
): ModuleMemory<A> {
  return {
    core: { base: core.base, size: sizes.core },
    init: { base: init.base, size: sizes.init },
  };
}

function place<A extends Address>(
  host: ModuleHost<A>,
  layout: ModuleLayout,
  { base, initBase, veneers }: Placing<A>,
  jumps: readonly Jump<A>[],
  sizes: Sizes,
): Placement<A> {
  const memory = host.allocate({ coreSize: sizes.core, initSize: sizes.init, base, initBase });
  const plan = planFor(memory, layout, jumps, veneers);
  return {
    memory,
    plan,
    origin: {
      core: plus(memory.core.base, plan.shift.core),
      init: plus(memory.init.base, plan.shift.init),
    },
  };
}

/** The plan for a module in this memory. */
export function planFor<A extends Address>(
  memory: ModuleMemory<A>,
  layout: ModuleLayout,
  jumps: readonly Jump<A>[],
  veneers: Veneers = "shared",
): TrampolinePlan<A> {
  const facts = (base: A, { size, alignment }: BlockLayout) => ({ base, size, alignment });
  return planTrampolines({
    blocks: {
      core: facts(memory.core.base, layout.blocks.core),
      init: facts(memory.init.base, layout.blocks.init),
    },
    jumps,
    veneers,
  });
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
  const withVeneers = ({ size, alignment }: BlockLayout): number =>
    size === 0 ? 0 : size + 2 * (veneer * (most + 1) + alignment);
  return { core: withVeneers(layout.blocks.core), init: withVeneers(layout.blocks.init) };
}

function fitsInto<A extends Address>(
  { pageSize }: ModuleHost<A>,
  wanted: Sizes,
  sizes: Sizes,
): boolean {
  const pages = (size: number): number => Math.ceil(size / pageSize);
  return pages(wanted.core) <= pages(sizes.core) && pages(wanted.init) <= pages(sizes.init);
}
