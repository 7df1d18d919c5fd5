// Which registers a unit holds in locals at each place. Two passes over the blocks find two facts:
//
//   dirty   some path from the entry or from the last call writes the register: memory doesn't have its value
//   live    it will be read, or stored at an exit of the unit, before it is certainly written
//
// Registers that are live at the unit's entry, or where a call has returned, are loaded there; dirty registers are
// stored at exits. So a local that is stored holds its register's value on every path to the exit. Sets of registers
// are bits; bit 0 is HI and LO.

import { type Block, instructionsOf, isCall } from "./blocks.ts";
import type { Instruction } from "./instruction.ts";

/** The most exits with different sets of registers to store; more would cost more code than they save. */
const MOST_EXITS = 24;

export interface RegisterState {
  /** By block: the registers that are dirty at its begin. */
  readonly dirty: readonly number[];
  /** By block: the registers that are live at its begin. */
  readonly live: readonly number[];
  /** By block: the registers that are dirty after its last instruction. */
  readonly dirtyAfter: readonly number[];
  /** The registers that a failing guard stores. */
  exitOf(block: number, instruction: Instruction): number;
  /** All values that exitOf() returns, and the sets stored where a block begins and after a call. */
  readonly exits: readonly number[];
}

/**
 * @param guards whether an instruction of the block has a guard; an instruction may be in two blocks, as a branch's
 *   target and in the delay slot before it
 * @param checked the blocks at whose begin the unit may leave
 */
export function registerState(
  blocks: readonly Block[],
  successorsOf: readonly (readonly number[])[],
  guards: (block: number, instruction: Instruction) => boolean,
  checked: ReadonlySet<number>,
): RegisterState {
  const dirty = dirtyAt(blocks, successorsOf);
  const written = blocks.map(writesOf);
  const dirtyAfter = blocks.map((_, node) => (dirty[node] ?? 0) | (written[node] ?? 0));
  const exact = exactExits(blocks, dirty, guards);
  const begins = [...checked].map((node) => dirty[node] ?? 0);
  const anyCall = blocks.some(isCall) ? [0] : [];
  const guarded = exact.flatMap((exits) => [...exits.values()]);
  const fine = distinct([...guarded, ...begins, ...anyCall]);
  if (fine.length <= MOST_EXITS) {
    const live = liveAt(blocks, successorsOf, dirty);
    const exitOf = (block: number, instruction: Instruction): number =>
      exact[block]?.get(instruction) ?? 0;
    return { dirty, live, dirtyAfter, exitOf, exits: fine };
  }
  // Too many: every guard stores all registers that its unit writes, so all of these are live everywhere.
  const all = written.reduce((bits, writes) => bits | writes, 0);
  const live = liveAt(
    blocks,
    successorsOf,
    blocks.map(() => all),
  );
  return {
    dirty,
    live,
    dirtyAfter,
    exitOf: () => all,
    exits: distinct([all, ...begins, ...anyCall]),
  };
}

function writesOf(block: Block): number {
  return instructionsOf(block).reduce((bits, { writes }) => bits | writes, 0);
}

function dirtyAt(blocks: readonly Block[], successorsOf: readonly (readonly number[])[]): number[] {
  const dirty = blocks.map(() => 0);
  const writes = blocks.map(writesOf);
  const queue = [...blocks.keys()];
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    const after = isCall(blocks[node] as Block) ? 0 : (dirty[node] ?? 0) | (writes[node] ?? 0);
    for (const next of successorsOf[node] ?? []) {
      const merged = (dirty[next] ?? 0) | after;
      if (merged === dirty[next]) continue;
      dirty[next] = merged;
      queue.push(next);
    }
  }
  return dirty;
}

/** By block: the registers dirty before each instruction that may leave; in a delay slot, before its branch. */
function exactExits(
  blocks: readonly Block[],
  dirty: readonly number[],
  guards: (block: number, instruction: Instruction) => boolean,
): Map<Instruction, number>[] {
  return blocks.map((block, node) => {
    const exits = new Map<Instruction, number>();
    let now = dirty[node] ?? 0;
    for (const instruction of instructionsOf(block)) {
      if (guards(node, instruction)) exits.set(instruction, now);
      now |= instruction.writes;
    }
    return exits;
  });
}

/** @param stored by block: registers that may be stored in it, whose locals must be valid from its begin */
function liveAt(
  blocks: readonly Block[],
  successorsOf: readonly (readonly number[])[],
  stored: readonly number[],
): number[] {
  const needs = blocks.map((block, node) => (stored[node] ?? 0) | readFirst(block));
  const certain = blocks.map(certainWrites);
  const live = [...needs];
  for (let changed = true; changed; ) {
    changed = false;
    for (const node of [...blocks.keys()].toReversed()) {
      if (isCall(blocks[node] as Block)) continue;
      const later = (successorsOf[node] ?? []).reduce((bits, next) => bits | (live[next] ?? 0), 0);
      const before = (needs[node] ?? 0) | (later & ~(certain[node] ?? 0));
      if (before === live[node]) continue;
      live[node] = before;
      changed = true;
    }
  }
  return live;
}

/** Registers that the block reads before it writes them. */
function readFirst(block: Block): number {
  let read = 0;
  let written = 0;
  for (const { reads, writes } of instructionsOf(block)) {
    read |= reads & ~written;
    written |= writes;
  }
  return read;
}

/** The registers that the block always writes; a likely branch's delay slot is not counted. */
function certainWrites(block: Block): number {
  const { end } = block;
  const all = instructionsOf(block);
  const certain = "by" in end && end.by.kind === "likely" ? all.slice(0, -1) : all;
  return certain.reduce((bits, { writes }) => bits | writes, 0);
}

function distinct(sets: readonly number[]): number[] {
  return [...new Set(sets)];
}
