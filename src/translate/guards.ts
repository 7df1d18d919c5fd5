// Guards that several accesses share. Within a block, accesses through one register that is not written in between are
// at constant distances. If they use the same window, the guard of the first one can check all of them: it requires an
// address so far inside the window that the others are inside too. When that guard fails, the interpreter performs the
// accesses one by one. A prologue that saves eight registers has one guard instead of eight.

import {
  OP_LB,
  OP_LBU,
  OP_LH,
  OP_LHU,
  OP_LW,
  OP_SB,
  OP_SH,
  OP_SW,
} from "../../assembly/shared/opcodes.ts";
import { type Access, type Instruction, isGuarded, type Window } from "./instruction.ts";

/** The size of each access in bytes, by opcode; instructions that are not listed keep their own guards. */
const SIZES: ReadonlyMap<number, number> = new Map([
  [OP_LB, 1],
  [OP_LBU, 1],
  [OP_SB, 1],
  [OP_LH, 2],
  [OP_LHU, 2],
  [OP_SH, 2],
  [OP_LW, 4],
  [OP_SW, 4],
]);
/** A window is shrunk only if it is at least this many times larger than the reduction. */
const ROOM = 4;

/** An access through a window, with what its instruction encodes. */
export interface Plain {
  readonly instruction: Instruction;
  readonly base: number;
  readonly offset: number;
  readonly size: number;
  readonly window: Window;
}

interface Group {
  readonly first: Plain;
  readonly others: Plain[];
  /** Offsets of the lowest and highest access from the first, in bytes. */
  least: number;
  greatest: number;
}

/**
 * Chooses how each instruction of a block finds memory, given in execution order: by its own guard, by a guard for
 * several, or by an earlier guard.
 */
export function accessPlan(
  instructions: readonly Instruction[],
  own: (instruction: Instruction) => Access,
): ReadonlyMap<Instruction, Access> {
  const plan = new Map(instructions.map((instruction) => [instruction, own(instruction)]));
  const groups: Group[] = [];
  let open: Group[] = [];
  for (const [instruction, access] of plan) {
    const plain = plainAccess(instruction, access);
    if (plain !== undefined) {
      const group = open.find((candidate) => joins(plain, candidate));
      if (group === undefined) open.push(beginGroup(groups, plain));
      else add(group, plain);
    }
    open = open.filter(({ first }) => (instruction.writes & (1 << first.base)) === 0);
  }
  for (const { first, others, least, greatest } of groups) {
    if (others.length === 0) continue;
    const { start, size, offset } = first.window;
    plan.set(first.instruction, {
      start: start - least,
      size: size - (greatest - least),
      offset: offset - least,
    });
    for (const { instruction, window } of others) {
      plan.set(instruction, { ...window, isGuarded: true });
    }
  }
  return plan;
}

/** The access, if it is a load or store of an aligned place in a window, with a guard. */
export function plainAccess(instruction: Instruction, access: Access): Plain | undefined {
  const { word } = instruction;
  const size = SIZES.get(word >>> 26);
  if (typeof access === "string" || isGuarded(access) || size === undefined) return undefined;
  const base = (word >>> 21) & 0x1f;
  return { instruction, base, offset: (word << 16) >> 16, size, window: access };
}

function beginGroup(groups: Group[], first: Plain): Group {
  const group = { first, others: [], least: 0, greatest: 0 };
  groups.push(group);
  return group;
}

/** Whether the group's guard can check this access too. */
function joins({ base, offset, size, window }: Plain, { first, least, greatest }: Group): boolean {
  const distance = offset - first.offset;
  const span = Math.max(greatest, up(distance)) - Math.min(least, down(distance));
  return (
    base === first.base &&
    size <= first.size &&
    distance % size === 0 &&
    window.start === first.window.start &&
    window.size === first.window.size &&
    window.offset === first.window.offset &&
    span * ROOM <= window.size
  );
}

function add(group: Group, member: Plain): void {
  const distance = member.offset - group.first.offset;
  group.others.push(member);
  group.least = Math.min(group.least, down(distance));
  group.greatest = Math.max(group.greatest, up(distance));
}

/** Windows begin and end at words. */
function down(distance: number): number {
  return Math.floor(distance / 4) * 4;
}

function up(distance: number): number {
  return Math.ceil(distance / 4) * 4;
}
