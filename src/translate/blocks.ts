// The control flow of a unit, read from the code: which instructions its root leads to without a call or a
// return, in basic blocks. Nothing is executed or written; a jump through a register leads to the targets observed so
// far. Code that can't be translated, or exceeds a limit, becomes an exit to the interpreter.

import { OP_BEQ } from "../../assembly/shared/opcodes.ts";
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

const RA_BIT = 0x80000000;
/** t9, the register of indirect calls and tail calls. */
const T9_BIT = 1 << 25;

/** Reads the unit that begins at an address. */
export function readFlow(root: number, code: CodeReader, limits: UnitLimits): Flow {
  const leaders = new Set([root]);
  const ends = new Map<number, BlockEnd>();
  const read = new Map<number, Instruction>();
  const queue = [root];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (let pc = next; ; pc += 4) {
      if (read.has(pc) || ends.has(pc)) break; // already read from another leader
      if (read.size >= limits.instructions || Math.abs(pc - root) > limits.distance) {
        ends.set(pc, { kind: "exit", pc });
        break;
      }
      const instruction = code.instruction(pc);
      const end = endAt(pc, instruction, code);
      if (end === undefined && instruction !== undefined) {
        read.set(pc, instruction);
        continue;
      }
      if (end === undefined) break;
      ends.set(pc, end);
      for (const to of targetsOf(end)) {
        if (leaders.has(to)) continue;
        leaders.add(to);
        queue.push(to);
      }
      break;
    }
  }
  const blocks = [...leaders].map((pc) => blockAt(pc, leaders, read, ends));
  const numbers = new Map(blocks.map(({ pc }, index) => [pc, index]));
  const successors = blocks.map(({ end }) => targetsOf(end).map((pc) => numbers.get(pc) as number));
  return { blocks, successors };
}

function blockAt(
  pc: number,
  leaders: ReadonlySet<number>,
  read: ReadonlyMap<number, Instruction>,
  ends: ReadonlyMap<number, BlockEnd>,
): Block {
  const instructions: Instruction[] = [];
  for (let at = pc; ; at += 4) {
    const end = ends.get(at);
    if (end !== undefined) return { pc, instructions, end };
    if (at !== pc && leaders.has(at)) return { pc, instructions, end: { kind: "next", to: at } };
    const instruction = read.get(at);
    if (instruction === undefined) return { pc, instructions, end: { kind: "exit", pc: at } };
    instructions.push(instruction);
  }
}

/** How a block ends at pc, or undefined when it goes on. */
function endAt(pc: number, by: Instruction | undefined, code: CodeReader): BlockEnd | undefined {
  if (by === undefined || by.kind === "exact") return { kind: "exit", pc };
  if (by.kind === "next") return undefined;
  const slot = code.instruction(pc + 4);
  // A guard in the delay slot leaves before the branch, which is then done again: it must not have
  // changed what it reads.
  const again = by.link === 0 || (by.reads & (1 << by.link)) === 0;
  if (slot === undefined || slot.kind !== "next" || !again) return { kind: "exit", pc };
  if (isAlwaysTaken(by)) return { kind: "jump", by, slot, to: by.target };
  if (by.kind === "branch" || by.kind === "likely") {
    return { kind: "branch", by, slot, taken: by.target, otherwise: pc + 8 };
  }
  const target = by.kind === "jump" ? by.target : null;
  if (by.link !== 0) return { kind: "call", by, slot, target, returnTo: pc + 8 };
  if (target !== null) return { kind: "jump", by, slot, to: target };
  const targets = code.jumpTargets(pc);
  if (by.reads === RA_BIT || by.reads === T9_BIT || targets.length === 0) {
    return { kind: "leave", by, slot, returns: by.reads === RA_BIT };
  }
  return { kind: "switch", by, slot, targets };
}

/** Whether it is the assembler's `b`, a beq of a register and itself: nothing in the unit falls through it. */
function isAlwaysTaken({ kind, word }: Instruction): boolean {
  const [rs, rt] = [(word >>> 21) & 31, (word >>> 16) & 31];
  return kind === "branch" && word >>> 26 === OP_BEQ && rs === rt;
}

/** The addresses within the unit that the block leads to. */
function targetsOf(end: BlockEnd): readonly number[] {
  switch (end.kind) {
    case "next":
    case "jump":
      return [end.to];
    case "branch":
      return end.taken === end.otherwise ? [end.taken] : [end.taken, end.otherwise];
    case "call":
      return [end.returnTo];
    case "switch":
      return end.targets;
    default:
      return [];
  }
}

/** The instructions of a block in execution order. */
export function instructionsOf({ instructions, end }: Block): Instruction[] {
  return "by" in end ? [...instructions, end.by, end.slot] : [...instructions];
}

/** The instructions that a block completes when it is run to its end. */
export function blockLength({ instructions, end }: Block): number {
  return instructions.length + ("by" in end ? 2 : 0);
}
