// Finds the loops of a unit whose turns can run without checks, and gives each of them a second body for those turns.
// All of a loop's guards and its look at FUEL move to its begin, or none of them does: while one exit is left in it,
// the values that this exit would store are kept for it, and little is gained. So a loop has a plan only if
//
//   - no other loop, call, jump through a register or branch-likely is in it
//   - each access is in a window, at an address that moves by the same distance in every turn or is in a known range
//   - nothing else in it could leave: no trap, no store beside code, no word of farjal's own
//
// The first turn always runs with checks, so a loop that seldom has another costs no more than before. The new blocks
// are ordinary nodes of the flow, so their order, labels and registers follow as for all others:
//
//   ──► the body with checks ──► plan ──► the body without checks ──► turn ──► settle ──► out, or
//                  ▲               │                  ▲                 │                  │
//                  ├───────────────┘                  └─────────────────┘                  │
//                  └───────────────────────────────────────────────────────────────────────┘
//
// If the number of turns is known, the last of them has a body of its own, between turn and settle: the others then
// leave nothing in registers for an exit, so that more of the host's registers are free.
//
// The planner is a pure function: it writes no code.

import { OP_BNE } from "../../assembly/shared/opcodes.ts";
import { greatest, least } from "../extremes.ts";
import {
  commonForms,
  difference,
  type Form,
  type Forms,
  follow,
  hasSameTerms,
  initialForms,
  plus,
  strideOf,
} from "./address-form.ts";
import {
  type Block,
  type BlockEnd,
  blockLength,
  type Flow,
  instructionsOf,
  isOwnWord,
} from "./blocks.ts";
import { type FlowGraph, flowGraph } from "./flow-graph.ts";
import { type Plain, plainAccess } from "./guards.ts";
import { type Access, type Instruction, isGuarded } from "./instruction.ts";
import type { LoopPlan, Reach, Trip } from "./loop-plan.ts";

/** A larger loop, or one with more to check at its begin, has no plan. */
const LARGEST_LOOP = 200;
const MOST_REACHES = 8;
/** A larger loop's last turn has no code of its own. */
const LARGEST_APART = 100;

/** A loop's blocks in execution order: the header first, the one block that ends its turns last. */
interface Loop {
  readonly header: number;
  readonly body: readonly number[];
  readonly last: number;
}

/** An access in a loop: the forms of its base register and where that is relative to the turn's begin. */
interface Reached {
  readonly plain: Plain;
  readonly base: Form;
  readonly stride: number;
}

type Ways = ReadonlyMap<Instruction, Access>;

interface Planned {
  readonly plan: LoopPlan;
  readonly access: Ways;
}

/** The flow with a second body for each loop that has a plan. */
export function planLoops(flow: Flow, access: (instruction: Instruction) => Access): Flow {
  const graph = flowGraph(flow.successors);
  const before = predecessors(graph);
  let planned = flow;
  for (const header of flow.blocks.keys()) {
    const best = bestPlan(latchesOf(header, graph, before), (latches) => {
      const { loop, merged } = loopOf(header, latches, planned, graph);
      if (!loop.body.every((node) => isPlain(merged.blocks[node] as Block))) return undefined;
      const made = planOf(loop, merged, access);
      return made && { loop, merged, made };
    });
    if (best !== undefined) planned = withTurns(best.merged, best.loop, best.made);
  }
  return planned;
}

/**
 * The plan for a header's latches. Where one's body contains another, the code doesn't say whether that is a loop in a
 * loop, or one loop whose turns can be short. The inner one is best if its trip is known, otherwise all as one loop.
 */
function bestPlan<Tried extends { made: Planned }>(
  all: readonly Latch[],
  attempt: (latches: readonly Latch[]) => Tried | undefined,
): Tried | undefined {
  if (all.length === 0) return undefined;
  const inner = all.filter(
    (one) => !all.some(({ from }) => from !== one.from && one.body.has(from)),
  );
  const first = inner.length === 0 ? undefined : attempt(inner);
  if (first?.made.plan.trip !== undefined || inner.length === all.length) return first;
  return attempt(all) ?? first;
}

/** The loop with these latches. If it has several, they meet in an empty block, which is then the last of a turn. */
function loopOf(header: number, latches: readonly Latch[], flow: Flow, graph: FlowGraph) {
  const nodes = new Set(latches.flatMap(({ body }) => [...body]));
  const body = [...nodes].sort((a, b) => place(graph, a) - place(graph, b));
  const [only, ...others] = latches;
  if (only !== undefined && others.length === 0) {
    return { loop: { header, body, last: only.from }, merged: flow };
  }
  const last = flow.blocks.length;
  return {
    loop: { header, body: [...body, last], last },
    merged: withOneLatch(header, latches, flow),
  };
}

function place({ order }: FlowGraph, node: number): number {
  return order[node] ?? -1;
}

/** The end of a turn: where a backward edge to a loop's header begins, and the nodes from which that is reached. */
interface Latch {
  readonly from: number;
  readonly body: ReadonlySet<number>;
}

/** By node, the reachable nodes with an edge to it. */
function predecessors(graph: FlowGraph): number[][] {
  const before = graph.edges.map((): number[] => []);
  graph.edges.forEach((list, from) => {
    if (place(graph, from) >= 0) for (const { to } of list) before[to]?.push(from);
  });
  return before;
}

/** The latches of a node that backward edges go to, but for those of loops that contain another header. */
function latchesOf(
  header: number,
  graph: FlowGraph,
  before: readonly (readonly number[])[],
): Latch[] {
  if (!graph.isLoop[header]) return [];
  const all = (before[header] ?? []).filter((from) => place(graph, from) >= place(graph, header));
  return [...new Set(all)].flatMap((from) => {
    const body = bodyOf(header, from, before, graph);
    return body === undefined ? [] : [{ from, body }];
  });
}

/** The flow with an empty block between these latches and their header. */
function withOneLatch(header: number, latches: readonly Latch[], flow: Flow): Flow {
  const { pc } = flow.blocks[header] as Block;
  const meeting = flow.blocks.length;
  const successors = [...flow.successors, [header]];
  for (const { from } of latches) {
    successors[from] = (successors[from] ?? []).map((to) => (to === header ? meeting : to));
  }
  const block: Block = { pc, instructions: [], end: { kind: "next", to: pc } };
  return { blocks: [...flow.blocks, block], successors };
}

/** The nodes from which a backward edge's begin can be reached without its header, if no other loop is among them. */
function bodyOf(
  header: number,
  last: number,
  before: readonly (readonly number[])[],
  { isLoop, firstDispatcher }: FlowGraph,
): ReadonlySet<number> | undefined {
  const body = new Set([header]);
  const pending = [last];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (body.has(node)) continue;
    if (node >= firstDispatcher || isLoop[node]) return undefined;
    body.add(node);
    for (const from of before[node] ?? []) pending.push(from);
  }
  return header >= firstDispatcher ? undefined : body;
}

function isPlain(block: Block): boolean {
  const { end } = block;
  const goesOn =
    end.kind === "next" ||
    end.kind === "jump" ||
    (end.kind === "branch" && end.by.kind === "branch" && end.by.link === 0);
  // farjal's own words read FUEL for the time of their records.
  return goesOn && !instructionsOf(block).some(({ word }) => isOwnWord(word));
}

// Making a plan

function planOf(
  loop: Loop,
  flow: Flow,
  access: (instruction: Instruction) => Access,
): Planned | undefined {
  const { shortest, longest, whole } = lengthsOf(loop, flow);
  if (whole > LARGEST_LOOP) return undefined;
  const { places, after } = formsIn(loop, flow);
  const strides = initialForms().map((own, register) => {
    const later = after[register];
    const same = own !== undefined && later !== undefined && later.span === 0;
    return same && hasSameTerms(own, later) ? later.constant : undefined;
  });
  const all = loop.body.flatMap((node) => instructionsOf(flow.blocks[node] as Block));
  const reached: Reached[] = [];
  for (const instruction of all) {
    const way = access(instruction);
    if (!instruction.guards || isGuarded(way)) continue;
    const plain = plainAccess(instruction, way);
    const base = plain && places.get(instruction)?.[plain.base];
    const stride = base && strideOf(base, strides);
    if (plain === undefined || base === undefined || stride === undefined) return undefined;
    const { size } = plain;
    if (stride % size !== 0 || (base.span > 0 && base.step % size !== 0)) return undefined;
    reached.push({ plain, base, stride });
  }
  // FUEL counts the turns of a trip, so all of them must take as much of it.
  const trip = shortest === longest ? tripOf(loop, flow, places, strides) : undefined;
  const rebased = rebasedOf(all, reached, trip === undefined ? undefined : lastBranch(loop, flow));
  const reaches = reachesOf(reached, rebased);
  if (reaches.length > MOST_REACHES || reaches.some(({ room }) => room < 0)) return undefined;
  return {
    plan: {
      least: shortest,
      most: longest,
      reaches,
      trip,
      rebased,
      lastApart: trip !== undefined && whole <= LARGEST_APART && leavesBehind(all),
    },
    access: waysOf(all, access, reached, rebased),
  };
}

/**
 * Whether a turn leaves something in registers that the next one doesn't read. In code order, which may not be the order
 * of every turn: the answer decides about speed alone.
 */
function leavesBehind(all: readonly Instruction[]): boolean {
  let [read, written] = [0, 0];
  for (const { reads, writes } of all) {
    read |= reads & ~written;
    written |= writes;
  }
  return (written & ~read) !== 0;
}

/** Instructions of the shortest and the longest turn, and of all the loop's blocks. */
function lengthsOf({ header, body, last }: Loop, { blocks, successors }: Flow) {
  const shortest: number[] = [];
  const longest: number[] = [];
  let whole = 0;
  for (const node of body) {
    const before = body.filter((from) => node !== header && successors[from]?.includes(node));
    const upTo = (lengths: readonly number[]): number[] => before.map((from) => lengths[from] ?? 0);
    const length = blockLength(blocks[node] as Block);
    shortest[node] = length + (node === header ? 0 : least(upTo(shortest)));
    longest[node] = length + greatest(upTo(longest), 0);
    whole += length;
  }
  return { shortest: shortest[last] ?? 0, longest: longest[last] ?? 0, whole };
}

/** The forms before each instruction of a turn, over the registers at its begin, and those at its end. */
function formsIn({ header, body, last }: Loop, { blocks, successors }: Flow) {
  const places = new Map<Instruction, Forms>();
  const atEnd = new Map<number, Forms>();
  for (const node of body) {
    const before = node === header ? [] : body.filter((from) => successors[from]?.includes(node));
    let forms: Forms =
      before
        .map((from) => atEnd.get(from) ?? initialForms())
        .reduce<Forms | undefined>((all, one) => (all ? commonForms(all, one) : one), undefined) ??
      initialForms();
    for (const instruction of instructionsOf(blocks[node] as Block)) {
      places.set(instruction, forms);
      forms = follow(instruction, forms);
    }
    atEnd.set(node, forms);
  }
  return { places, after: atEnd.get(last) ?? [] };
}

function lastBranch({ last }: Loop, { blocks }: Flow): Instruction | undefined {
  const end = blocks[last]?.end;
  return end?.kind === "branch" ? end.by : undefined;
}

/** The trip of a loop that a bne of two values ends, whose distance changes by the same amount in every turn. */
function tripOf(
  { header, last }: Loop,
  { blocks, successors }: Flow,
  places: ReadonlyMap<Instruction, Forms>,
  strides: readonly (number | undefined)[],
): Trip | undefined {
  const end = blocks[last]?.end;
  if (end?.kind !== "branch" || end.by.word >>> 26 !== OP_BNE) return undefined;
  const [taken, otherwise] = successors[last] ?? [];
  if (taken !== header || otherwise === undefined || otherwise === header) return undefined;
  const forms = places.get(end.by);
  const [rs, rt] = [forms?.[(end.by.word >>> 21) & 31], forms?.[(end.by.word >>> 16) & 31]];
  if (rs === undefined || rt === undefined || rs.span > 0) return undefined;
  const ahead = difference(rs, rt);
  const stride = ahead && strideOf(ahead, strides);
  if (ahead === undefined || stride === undefined || stride === 0) return undefined;
  if (stride < 0) return { distance: ahead, step: -stride };
  const behind = difference(rt, rs);
  return behind && { distance: behind, step: stride };
}

/**
 * Registers that can hold an address less its window's start: they are written only by steps of their own, and read only
 * by these, as the base of accesses to one window, and by the branch that the trip replaces.
 */
function rebasedOf(
  all: readonly Instruction[],
  reached: readonly Reached[],
  replaced: Instruction | undefined,
): ReadonlyMap<number, number> {
  const rebased = new Map<number, number>();
  for (const { plain, stride } of reached) {
    const { base: register, window } = plain;
    if (register === 0 || stride === 0 || rebased.has(register)) continue;
    const fits = all.every((one) => {
      const bit = 1 << register;
      if (((one.reads | one.writes) & bit) === 0 || one === replaced) return true;
      const { word } = one;
      if (isStep(word, register)) return true;
      const access = reached.find(({ plain: { instruction } }) => instruction === one);
      if (access === undefined || (one.writes & bit) !== 0 || access.plain.base !== register)
        return false;
      const stored = one.writes === 0 && ((word >>> 16) & 31) === register;
      const { start, offset } = access.plain.window;
      return !stored && offset - start === window.offset - window.start;
    });
    if (fits) rebased.set(register, window.start);
  }
  return rebased;
}

/** addiu r, r, n. */
function isStep(word: number, register: number): boolean {
  return word >>> 16 === ((9 << 10) | (register << 5) | register);
}

/** What is reached, joined where one check is enough. */
function reachesOf(reached: readonly Reached[], rebased: ReadonlyMap<number, number>): Reach[] {
  const groups: { first: Reached; low: number; high: number }[] = [];
  for (const one of reached) {
    const { plain, base } = one;
    const { size, offset, window } = plain;
    const low = base.constant + offset;
    const group = groups.find(
      ({ first }) =>
        first.plain.size === size &&
        first.plain.window.start === window.start &&
        first.plain.window.size === window.size &&
        first.plain.window.offset === window.offset &&
        hasSameTerms(first.base, base) &&
        (low - first.base.constant - first.plain.offset) % size === 0,
    );
    // The register itself must not be below the window either, or the sum with the access's offset would be too large.
    const lowest = rebased.has(plain.base) ? Math.min(low, base.constant + (offset % size)) : low;
    const high = low + base.span + size;
    if (group === undefined) {
      groups.push({ first: one, low: lowest, high });
    } else {
      group.low = Math.min(group.low, lowest);
      group.high = Math.max(group.high, high);
    }
  }
  return groups.map(({ first: { plain, base, stride }, low, high }) => ({
    lowest: plus({ ...base, span: 0, step: 1 }, low - base.constant - plain.window.start),
    room: plain.window.size - (high - low),
    stride,
    log2: Math.log2(plain.size),
  }));
}

/** The way to memory of each access: its window, or its place from a register that holds its window's start less. */
function waysOf(
  all: readonly Instruction[],
  access: (instruction: Instruction) => Access,
  reached: readonly Reached[],
  rebased: ReadonlyMap<number, number>,
): Ways {
  const ways = new Map(all.map((one) => [one, access(one)]));
  for (const { plain } of reached) {
    const { instruction, base, offset, window } = plain;
    const start = rebased.get(base);
    if (start === undefined) {
      ways.set(instruction, { ...window, isGuarded: true });
      continue;
    }
    // Narrow accesses of a big-endian guest flip the low bits of an address, so words alone can be moved.
    const words = offset & ~3;
    const place = window.offset - window.start + start + words;
    ways.set(instruction, { start: words, size: window.size, offset: place, isGuarded: true });
  }
  return ways;
}

// Adding the turns to the flow

function withTurns(flow: Flow, { header, body, last }: Loop, { plan, access }: Planned): Flow {
  const [blocks, successors] = [[...flow.blocks], [...flow.successors]];
  const add = (block: Block, to: readonly number[]): number => {
    blocks.push(block);
    successors.push(to);
    return blocks.length - 1;
  };
  const { pc } = blocks[header] as Block;
  const special = (kind: "plan" | "turn" | "settle"): Block => ({
    pc,
    instructions: [],
    end: { kind, plan },
  });
  const copies = (isLast: boolean): ReadonlyMap<number, number> =>
    new Map(
      body.map((node) => {
        const block = turnBlock(blocks[node] as Block, node === last, plan, access);
        return [node, add({ ...block, copy: { of: node, plan, isLast } }, [])];
      }),
    );
  const out = new Map<number, number>();
  const outTo = (to: number): number => {
    const known = out.get(to) ?? add(special("settle"), [to]);
    out.set(to, known);
    return known;
  };
  /** Links the copies of a turn, whose end leads to a node. */
  const link = (copied: ReadonlyMap<number, number>, end: number): void => {
    for (const [node, copy] of copied) {
      const isReplaced = node === last && plan.trip !== undefined;
      const to = isReplaced ? [header] : (successors[node] ?? []);
      successors[copy] = to.map((next) => {
        if (next === header) return end;
        return copied.get(next) ?? outTo(next);
      });
    }
  };
  const turns = copies(!plan.lastApart);
  const first = turns.get(header) as number;
  const exit = successors[last]?.find((to) => to !== header) ?? header;
  const over = add(special("settle"), plan.trip === undefined ? [header] : [exit, header]);
  let [next, begins] = [over, first];
  if (plan.lastApart) {
    const lastTurn = copies(true);
    next = lastTurn.get(header) as number;
    link(lastTurn, over);
    begins = add(special("turn"), [first, next]);
  }
  link(turns, add(special("turn"), [first, next]));
  const begin = add(special("plan"), [begins, header]);
  successors[last] = (successors[last] ?? []).map((to) => (to === header ? begin : to));
  return { blocks, successors };
}

/** A block of the body without checks. In the last one, a trip stands for the branch. */
function turnBlock(block: Block, isLast: boolean, { trip }: LoopPlan, access: Ways): Block {
  const { end } = block;
  const replaced: BlockEnd =
    isLast && trip !== undefined && end.kind === "branch"
      ? { kind: "jump", by: end.by, slot: end.slot, to: end.taken }
      : end;
  return { ...block, end: replaced, access };
}
