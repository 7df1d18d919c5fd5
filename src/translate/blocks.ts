// The control flow of a unit, read from the code: which instructions its root leads to without a call or a
// return, in basic blocks. Nothing is executed or written; a jump through a register leads to the targets observed so
// far. Code that can't be translated, or exceeds a limit, becomes an exit to the interpreter.
//
// A small function is read again at each call of it, so its blocks are in the unit once for each context: the chain of
// calls that led there. Its return goes on after the call if that is where ra leads, and otherwise really returns. A call
// through a register is compared with the few targets observed.

import {
  OP_BEQ,
  OP_SPECIAL2,
  SPECIAL2_CLZ,
  SPECIAL2_TRACE_SITE,
} from "../../assembly/shared/opcodes.ts";
import type { Access, Instruction } from "./instruction.ts";
import type { LoopPlan } from "./loop-plan.ts";

/** How a block ends. The instruction of a branch, jump or call comes with the one in its delay slot. */
export type BlockEnd =
  | { readonly kind: "next"; readonly to: number }
  | {
      readonly kind: "branch";
      readonly by: Instruction;
      readonly slot: Instruction;
      readonly taken: number;
      readonly otherwise: number;
    }
  | {
      readonly kind: "jump";
      readonly by: Instruction;
      readonly slot: Instruction;
      readonly to: number;
    }
  | {
      readonly kind: "call";
      readonly by: Instruction;
      readonly slot: Instruction;
      /** null: the target is in a register. */
      readonly target: number | null;
      readonly returnTo: number;
    }
  | {
      readonly kind: "switch";
      readonly by: Instruction;
      readonly slot: Instruction;
      readonly targets: readonly number[];
    }
  | {
      /** A return, or a jump out to another function. */
      readonly kind: "leave";
      readonly by: Instruction;
      readonly slot: Instruction;
      readonly returns: boolean;
    }
  | {
      /** A call through a register: to those of the targets whose blocks are in the unit, or to a block that calls. */
      readonly kind: "choose";
      readonly by: Instruction;
      readonly slot: Instruction;
      readonly targets: readonly number[];
    }
  | {
      /** The call of such a target as isn't one of them; the jump itself is done. */
      readonly kind: "call other";
      readonly returnTo: number;
    }
  | {
      /** The return of a function whose blocks are in the unit. */
      readonly kind: "return";
      readonly by: Instruction;
      readonly slot: Instruction;
      /** Where its call expects it. */
      readonly to: number;
    }
  | {
      /** The begin of a planned loop: to its first block without checks, or else to the one with them. */
      readonly kind: "plan";
      readonly plan: LoopPlan;
    }
  | {
      /** The end of a turn without checks: to the next turn, or out of it. */
      readonly kind: "turn";
      readonly plan: LoopPlan;
    }
  | {
      /** Out of the turns without checks; with two successors, to the first if the loop is known to end here. */
      readonly kind: "settle";
      readonly plan: LoopPlan;
    }
  | {
      /** On to an address, near or far, that isn't part of the unit. */
      readonly kind: "exit";
      readonly pc: number;
    };

export interface Block {
  readonly pc: number;
  /** Without those of the end. */
  readonly instructions: readonly Instruction[];
  readonly end: BlockEnd;
  /** In a loop without checks: the way to memory of each of its instructions. */
  readonly access?: ReadonlyMap<Instruction, Access>;
  /** There too: the block that it is a copy of, by number, the loop's plan, and whether it can be in the last turn. */
  readonly copy?: { readonly of: number; readonly plan: LoopPlan; readonly isLast: boolean };
}

/** A unit's blocks, the root's first, and for each the blocks that it leads to, in the order of its end's targets. */
export interface Flow {
  readonly blocks: readonly Block[];
  readonly successors: readonly (readonly number[])[];
}

export interface CodeReader {
  /** The instruction at a guest address, or undefined where there is none to be translated. */
  instruction(pc: number): Instruction | undefined;
  /** The observed targets of the jump through a register at pc. */
  jumpTargets(pc: number): readonly number[];
}

export interface UnitLimits {
  readonly instructions: number;
  /** The greatest distance of a block from the root, in bytes. */
  readonly distance: number;
}

const RA = 31;
const RA_BIT = 0x80000000;
/** t9, the register of indirect calls and tail calls. */
const T9_BIT = 1 << 25;

/** Instructions of a function that is read at its calls, how deep such calls may be, and contexts in a unit. */
const LARGEST_INLINED = 48;
const DEEPEST_INLINED = 2;
const MOST_CONTEXTS = 12;
/** Observed targets that a call through a register is compared with. */
const MOST_CHOICES = 3;

/** A chain of calls that the unit contains. */
interface Context {
  readonly number: number;
  readonly depth: number;
  /** Where its function returns to; null in the unit's own. */
  readonly returnTo: Place | null;
}

/** An address in a context. */
interface Place {
  readonly pc: number;
  readonly context: Context;
}

/** How a block ends, and the places that it leads to in the unit. */
interface End {
  readonly end: BlockEnd;
  readonly to: readonly Place[];
}

/** Reads the unit that begins at an address; `inlines`: with the small functions that it calls. */
export function readFlow(root: number, code: CodeReader, limits: UnitLimits, inlines = true): Flow {
  return new FlowReader(root, code, limits, inlines).read();
}

class FlowReader {
  readonly #root: number;
  readonly #code: CodeReader;
  readonly #limits: UnitLimits;
  readonly #inlines: boolean;
  readonly #isSmall = new Map<number, boolean>();
  #contexts = 1;
  /** By key: places where blocks begin, how blocks end, and the instructions between. */
  readonly #leaders = new Map<number, Place>();
  readonly #ends = new Map<number, End>();
  readonly #read = new Map<number, Instruction>();
  readonly #queue: Place[] = [];

  constructor(root: number, code: CodeReader, limits: UnitLimits, inlines: boolean) {
    this.#root = root;
    this.#code = code;
    this.#limits = limits;
    this.#inlines = inlines;
  }

  read(): Flow {
    this.#lead({ pc: this.#root, context: { number: 0, depth: 0, returnTo: null } });
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      this.#readFrom(next);
    }
    const numbers = new Map([...this.#leaders.keys()].map((key, index) => [key, index]));
    const found = [...this.#leaders.values()].map((place) => this.#blockAt(place));
    return {
      blocks: found.map(({ block }) => block),
      successors: found.map(({ to }) => to.map((place) => numbers.get(keyOf(place)) as number)),
    };
  }

  #lead(place: Place): void {
    const key = keyOf(place);
    if (this.#leaders.has(key)) return;
    this.#leaders.set(key, place);
    this.#queue.push(place);
  }

  #readFrom(first: Place): void {
    for (let place = first; ; place = behind(place, 4)) {
      const key = keyOf(place);
      const { pc } = place;
      if (this.#read.has(key) || this.#ends.has(key)) return; // already read from another leader
      if (this.#read.size >= this.#limits.instructions || !this.#isNear(pc)) {
        this.#ends.set(key, { end: { kind: "exit", pc }, to: [] });
        return;
      }
      const instruction = this.#code.instruction(pc);
      const end = this.#endAt(place, instruction);
      if (end === undefined && instruction !== undefined) {
        this.#read.set(key, instruction);
        continue;
      }
      if (end === undefined) return;
      this.#ends.set(key, end);
      for (const to of end.to) this.#lead(to);
      return;
    }
  }

  #isNear(pc: number): boolean {
    return Math.abs(pc - this.#root) <= this.#limits.distance;
  }

  #blockAt(first: Place): { block: Block; to: readonly Place[] } {
    const { pc } = first;
    const instructions: Instruction[] = [];
    for (let place = first; ; place = behind(place, 4)) {
      const key = keyOf(place);
      const found = this.#ends.get(key);
      if (found !== undefined) return { block: { pc, instructions, end: found.end }, to: found.to };
      if (place !== first && this.#leaders.has(key)) {
        return { block: { pc, instructions, end: { kind: "next", to: place.pc } }, to: [place] };
      }
      const instruction = this.#read.get(key);
      if (instruction === undefined) {
        return { block: { pc, instructions, end: { kind: "exit", pc: place.pc } }, to: [] };
      }
      instructions.push(instruction);
    }
  }

  /** How a block ends at a place, or undefined when it goes on. */
  #endAt(place: Place, by: Instruction | undefined): End | undefined {
    const { pc, context } = place;
    const exit: End = { end: { kind: "exit", pc }, to: [] };
    if (by === undefined || by.kind === "exact") return exit;
    if (by.kind === "next") return undefined;
    const slot = this.#code.instruction(pc + 4);
    // A guard in the delay slot leaves before the branch, which is then done again: it must not have
    // changed what it reads.
    const again = by.link === 0 || (by.reads & (1 << by.link)) === 0;
    if (slot === undefined || slot.kind !== "next" || !again) return exit;
    const next = behind(place, 8);
    const target = { pc: by.target, context };
    if (isAlwaysTaken(by)) return { end: { kind: "jump", by, slot, to: by.target }, to: [target] };
    if (by.kind === "branch" || by.kind === "likely") {
      const end: BlockEnd = { kind: "branch", by, slot, taken: by.target, otherwise: next.pc };
      return { end, to: by.target === next.pc ? [next] : [target, next] };
    }
    if (by.link !== 0) return this.#call(by, slot, next);
    if (by.kind === "jump") return { end: { kind: "jump", by, slot, to: by.target }, to: [target] };
    const returns = by.reads === RA_BIT;
    if (returns && context.returnTo !== null) {
      const end: BlockEnd = { kind: "return", by, slot, to: context.returnTo.pc };
      return { end, to: [context.returnTo] };
    }
    const targets = this.#code.jumpTargets(pc);
    if (returns || by.reads === T9_BIT || targets.length === 0) {
      return { end: { kind: "leave", by, slot, returns }, to: [] };
    }
    return {
      end: { kind: "switch", by, slot, targets },
      to: targets.map((to) => ({ pc: to, context })),
    };
  }

  /** A call: of functions that are read here, or of a unit of its own. */
  #call(by: Instruction, slot: Instruction, returnTo: Place): End {
    const target = by.kind === "jump" ? by.target : null;
    const end: BlockEnd = { kind: "call", by, slot, target, returnTo: returnTo.pc };
    const call = { end, to: [returnTo] };
    if (by.link !== RA) return call;
    if (target !== null) {
      if (!this.#mayInline([target], returnTo.context)) return call;
      const to = this.#inlined(target, returnTo);
      return { end: { kind: "jump", by, slot, to: target }, to: [to] };
    }
    const targets = this.#code.jumpTargets(by.pc);
    if (targets.length === 0 || targets.length > MOST_CHOICES) return call;
    if (!this.#mayInline(targets, returnTo.context)) return call;
    const choices = targets.map((one) => this.#inlined(one, returnTo));
    const other: Place = { pc: by.pc, context: this.#newContext(returnTo) };
    this.#leaders.set(keyOf(other), other);
    this.#ends.set(keyOf(other), {
      end: { kind: "call other", returnTo: returnTo.pc },
      to: [returnTo],
    });
    this.#lead(returnTo);
    return { end: { kind: "choose", by, slot, targets }, to: [...choices, other] };
  }

  #mayInline(targets: readonly number[], { depth }: Context): boolean {
    if (!this.#inlines || depth >= DEEPEST_INLINED) return false;
    if (this.#contexts + targets.length > MOST_CONTEXTS) return false;
    return targets.every((target) => this.#isNear(target) && this.#isWorthInlining(target));
  }

  #isWorthInlining(target: number): boolean {
    const known = this.#isSmall.get(target) ?? isSmall(target, this.#code, this.#limits);
    this.#isSmall.set(target, known);
    return known;
  }

  #inlined(target: number, returnTo: Place): Place {
    return { pc: target, context: this.#newContext(returnTo) };
  }

  #newContext(returnTo: Place): Context {
    return { number: this.#contexts++, depth: returnTo.context.depth + 1, returnTo };
  }
}

/** Whether a function is small, returns, and has no words of farjal's own: its call site, for one, is off. */
function isSmall(target: number, code: CodeReader, limits: UnitLimits): boolean {
  const { blocks } = readFlow(
    target,
    code,
    { ...limits, instructions: LARGEST_INLINED + 1 },
    false,
  );
  const length = blocks.reduce((sum, block) => sum + blockLength(block), 0);
  return (
    length <= LARGEST_INLINED &&
    blocks.every(({ end }) => !["exit", "switch"].includes(end.kind)) &&
    blocks.every(({ end }) => end.kind !== "leave" || end.returns) &&
    !blocks.some((block) => instructionsOf(block).some(({ word }) => isOwnWord(word)))
  );
}

/** Whether a word is one of farjal's own, or would be. */
export function isOwnWord(word: number): boolean {
  const funct = word & 0x3f;
  return word >>> 26 === OP_SPECIAL2 && funct >= SPECIAL2_TRACE_SITE && funct < SPECIAL2_CLZ;
}

function keyOf({ pc, context }: Place): number {
  return context.number * 2 ** 32 + pc;
}

function behind({ pc, context }: Place, by: number): Place {
  return { pc: pc + by, context };
}

/** Whether it is the assembler's `b`, a beq of a register and itself: nothing in the unit falls through it. */
function isAlwaysTaken({ kind, word }: Instruction): boolean {
  const [rs, rt] = [(word >>> 21) & 31, (word >>> 16) & 31];
  return kind === "branch" && word >>> 26 === OP_BEQ && rs === rt;
}

/** The instructions of a block in execution order. */
export function instructionsOf({ instructions, end }: Block): Instruction[] {
  return "by" in end ? [...instructions, end.by, end.slot] : [...instructions];
}

/** The instructions that a block completes when it is run to its end. */
export function blockLength({ instructions, end }: Block): number {
  return instructions.length + ("by" in end ? 2 : 0);
}

/** Whether it ends with a call of another unit, before which all of the state is stored. */
export function isCall({ end }: Block): boolean {
  return end.kind === "call" || end.kind === "call other";
}
