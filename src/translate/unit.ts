// The WebAssembly function of a unit: blocks in structured control flow, the guest's registers in locals.
//
//   entry    if FUEL is too low or the call too deep, returns its start address without doing anything;
//            otherwise loads the registers that the unit uses
//   body     blocks, nested as in the dominator tree; FUEL is reduced by each block's length
//   exits    a failed guard branches out with a number that encodes its address and how much of its block is undone
//
// An exit stores the registers that differ from memory and returns the next instruction's address. The set of these
// registers is known at each place (register-state.ts); guards with the same set share an exit.
//
// Between units the state is in memory: a call stores the dirty registers, and the callee returns the address at which
// the guest continues. The caller continues only if that is the address it expects. So a frame on the host's stack is
// an assumption that is checked, never relied on.

import { CPU_GPR, CPU_HI } from "../../assembly/shared/cpu-state.ts";
import {
  LOCAL_A,
  LOCAL_ADDRESS,
  LOCAL_B,
  LOCAL_CONDITION,
  LOCAL_COUNT,
  LOCAL_DEPTH,
  LOCAL_ENTRY,
  LOCAL_FUEL,
  LOCAL_HI_LO,
  LOCAL_LABEL,
  LOCAL_PC,
  LOCAL_TARGET,
  LOCAL_WIDE,
} from "../../assembly/shared/emitted-code.ts";
import { BLOCK_COUNT_UNTAKEN } from "../../assembly/shared/execution-counts.ts";
import { DISPATCH } from "../../assembly/shared/memory-map.ts";
import { OP_SPECIAL2, SPECIAL2_TRACE_ENTER } from "../../assembly/shared/opcodes.ts";
import { RETURN_HOOK } from "../../assembly/shared/trace-ring.ts";
import {
  DISPATCH_ENTRIES,
  DISPATCH_HIGH,
  DISPATCH_LOW,
  DISPATCH_TRANSLATED,
  EXITED,
  FUEL,
} from "../../assembly/shared/translated-code.ts";
import {
  I32_ADD,
  I32_AND,
  I32_CONST,
  I32_EQ,
  I32_EQZ,
  I32_GT_S,
  I32_LOAD,
  I32_LT_S,
  I32_NE,
  I32_OR,
  I32_ROTR,
  I32_SHL,
  I32_SHR_U,
  I32_STORE,
  I32_SUB,
  I32_XOR,
  I64_ADD,
  I64_CONST,
  I64_EXTEND_I32_U,
  I64_LOAD,
  I64_OR,
  I64_ROTL,
  I64_SHL,
  I64_STORE,
} from "../../assembly/shared/wasm-opcodes.ts";
import { greatest, least } from "../extremes.ts";
import { type Block, blockLength, successors } from "./blocks.ts";
import { Body, type FunctionType, type Label } from "./encoder/body.ts";
import type { Bytes } from "./encoder/bytes.ts";
import type { ValueType } from "./encoder/opcodes.ts";
import { type Edge, type FlowGraph, flowGraph } from "./flow-graph.ts";
import { accessPlan } from "./guards.ts";
import type { Access, Emitter, Instruction } from "./instruction.ts";
import { instructionsOf, type RegisterState, registerState } from "./register-state.ts";

/** The most units active on the host's stack; deeper calls return to the interpreter's loop. */
const DEEPEST = 400;
/** An exit's number: the failed guard's bit, what of the block was not done, and where, in words. */
const FAILED = 1;
const REFUND_SHIFT = 1;
const REFUND_BITS = 12;
const PLACE_SHIFT = REFUND_SHIFT + REFUND_BITS;
/** The bits of a refund limit a block's length; the remaining bits limit the distance between a unit's blocks. */
export const LONGEST_BLOCK = (1 << REFUND_BITS) - 1;
export const LONGEST_UNIT = (1 << (31 - PLACE_SHIFT)) * 4;
/** HI and LO in a set of registers: the bit of r0. */
const ACCUMULATOR = 1;
/** Addresses that a jump table may span, in words. */
const WIDEST_SWITCH = 1024;

/** (pc, depth) -> pc. */
const UNIT_TYPE: FunctionType = { parameters: ["i", "i"], results: ["i"] };
/** storeBesideCode(va, value, log2) -> done. */
const STORE_TYPE: FunctionType = { parameters: ["i", "i", "i"], results: ["i"] };
/** enterTraced(word, site, sp, ra, fuel) -> ra. */
const ENTER_TYPE: FunctionType = { parameters: ["i", "i", "i", "i", "i"], results: ["i"] };
/** leftBlock(slot, pc, undone), of the host. */
const LEFT_TYPE: FunctionType = { parameters: ["i", "i", "i"], results: [] };
/** The types that a module's functions have, and what it imports: functions 0, 1, … */
const TYPES: readonly FunctionType[] = [UNIT_TYPE, STORE_TYPE, ENTER_TYPE];
const IMPORTS = [
  { name: "storeBesideCode", type: 1 },
  { name: "enterTraced", type: 2 },
  { name: "returnTraced", type: 0 },
] as const;
const RETURN_TRACED = 2;
const LEFT_BLOCK = 3;

/** What the modules of units have in common. */
export interface UnitInterface {
  readonly types: readonly FunctionType[];
  readonly imports: readonly { readonly name: string; readonly type: number }[];
}

/** Of units that count nothing, and of those that count what they execute. */
export const PLAIN: UnitInterface = { types: TYPES, imports: IMPORTS };
export const COUNTED: UnitInterface = {
  types: [...TYPES, LEFT_TYPE],
  imports: [...IMPORTS, { name: "leftBlock", type: TYPES.length }],
};
/** The table slot of the core's own returnTraced(), which is a unit at RETURN_HOOK. */
export const HOOK_SLOT = 1;
const LOCALS: ValueType[] = Array.from({ length: LOCAL_COUNT + 1 - 2 }, (_, index) =>
  [LOCAL_HI_LO, LOCAL_WIDE, LOCAL_COUNT].includes(index + 2) ? "l" : "i",
);

/** The inputs of a unit besides its blocks. */
export interface UnitSetting {
  /** Its place in the function table. */
  readonly slot: number;
  /** Its place among its module's functions. */
  readonly index: number;
  readonly emitter: Emitter;
  /** The way to memory for an instruction; asked once. */
  access(instruction: Instruction): Access;
  /** The slot of the code at an address, translated or not. */
  slotOf(pc: number): number;
  /** The only observed target of the call through a register at pc, if there is just one. */
  likelyTarget(pc: number): number | null;
  /** Where each block counts how often it is completed, if it does (block-counts.ts); then the module is COUNTED. */
  counterOf: ((block: number) => number) | null;
}

/** The unit's function, for a module that is PLAIN or COUNTED. */
export function unitBody(blocks: readonly Block[], setting: UnitSetting): Bytes {
  return new Unit(blocks, setting).write();
}

class Unit {
  readonly #blocks: readonly Block[];
  /** By address. */
  readonly #numbers: ReadonlyMap<number, number>;
  readonly #setting: UnitSetting;
  readonly #graph: FlowGraph;
  readonly #body: Body;
  readonly #root: number;
  readonly #lowest: number;
  /** The most instructions executed between two checks of FUEL. */
  readonly #bound: number;
  /** By block, the way to memory of each instruction. */
  readonly #access: readonly ReadonlyMap<Instruction, Access>[];
  readonly #state: RegisterState;
  /** Whether function_graph's entry is in it. */
  readonly #isTraced: boolean;
  /** The blocks where FUEL is checked; every loop contains one. */
  readonly #checked: ReadonlySet<number>;
  readonly #loops = new Map<number, Label>();
  readonly #merges = new Map<number, Label>();
  /** By the registers that they store. */
  readonly #exits = new Map<number, Label>();

  constructor(blocks: readonly Block[], setting: UnitSetting) {
    this.#blocks = blocks;
    this.#setting = setting;
    this.#numbers = new Map(blocks.map(({ pc }, index) => [pc, index]));
    const successorsOf = blocks.map(({ end }) =>
      successors(end).map((pc) => this.#numbers.get(pc) as number),
    );
    this.#graph = flowGraph(successorsOf);
    const { edges, firstDispatcher, isLoop } = this.#graph;
    const dispatched = edges.slice(firstDispatcher).flatMap((list) => list.map(({ to }) => to));
    this.#checked = new Set([...blocks.keys()].filter((node) => isLoop[node]).concat(dispatched));
    const { types, imports } = setting.counterOf === null ? PLAIN : COUNTED;
    const functions = imports.map(({ type }) => types[type] as FunctionType);
    functions[setting.index] = UNIT_TYPE;
    this.#body = new Body(UNIT_TYPE, LOCALS, functions, types);
    this.#root = blocks[0]?.pc ?? 0;
    // A block that is too far away is only an exit, of length 0, and no guard leaves from it.
    this.#lowest = least(blocks.filter((block) => blockLength(block) > 0).map(({ pc }) => pc));
    this.#bound = blocks.reduce((sum, block) => sum + blockLength(block), 0);
    this.#access = blocks.map((block) =>
      accessPlan(instructionsOf(block), (instruction) => setting.access(instruction)),
    );
    this.#isTraced = blocks.some((block) =>
      instructionsOf(block).some(({ word }) => isTraceEnter(word)),
    );
    const guards = (node: number, instruction: Instruction): boolean =>
      instruction.guards && !isGuarded(this.#access[node]?.get(instruction));
    this.#state = registerState(blocks, successorsOf, guards, this.#checked);
  }

  write(): Bytes {
    const body = this.#body;
    this.#load(FUEL, LOCAL_FUEL);
    body.get(LOCAL_FUEL);
    body.op(I32_CONST, this.#bound);
    body.op(I32_LT_S);
    body.get(LOCAL_DEPTH);
    body.op(I32_CONST, DEEPEST);
    body.op(I32_GT_S);
    body.op(I32_OR);
    body.if();
    body.get(LOCAL_PC);
    body.return();
    body.end();
    const { live, exits } = this.#state;
    this.#loadRegisters(live[0] ?? 0);
    for (const stored of exits) this.#exits.set(stored, body.block("i"));
    this.#tree(0);
    if (!body.isUnreachable) body.unreachable();
    for (const stored of exits.toReversed()) {
      body.end();
      this.#leaveByExit();
      this.#finish(stored);
    }
    return body.finish(UNIT_TYPE.parameters.length);
  }

  // Structure

  /** The node and all that it dominates. */
  #tree(node: number): void {
    if (this.#graph.isLoop[node]) {
      this.#loops.set(node, this.#body.loop());
      this.#within(node);
      this.#body.end();
    } else {
      this.#within(node);
    }
  }

  /** The node inside a block for each merge node below it, whose code follows the block's end. */
  #within(node: number): void {
    const merges = (this.#graph.children[node] ?? []).filter((child) => this.#graph.isMerge[child]);
    for (const merge of merges.toReversed()) this.#merges.set(merge, this.#body.block());
    if (node >= this.#graph.firstDispatcher) this.#dispatcher(node);
    else this.#block(node);
    for (const merge of merges) {
      if (!this.#body.isUnreachable) this.#body.unreachable();
      this.#body.end();
      this.#tree(merge);
    }
  }

  #goTo(from: number, edge: Edge): void {
    const { to, label } = edge;
    if (label !== null) {
      this.#body.op(I32_CONST, label);
      this.#body.set(LOCAL_LABEL);
    }
    const place = this.#label(from, to);
    if (place === undefined) this.#tree(to);
    else this.#body.br(place);
  }

  /** The label of a branch to the node, if its code doesn't follow immediately. */
  #label(from: number, to: number): Label | undefined {
    const { order, isMerge } = this.#graph;
    if ((order[to] ?? 0) <= (order[from] ?? 0)) return this.#loops.get(to);
    return isMerge[to] ? this.#merges.get(to) : undefined;
  }

  #dispatcher(node: number): void {
    const edges = this.#graph.edges[node] ?? [];
    this.#choose(node, edges, edges.length - 1, () => {
      // Labels are node numbers; the table is over their places among the entries.
      this.#body.get(LOCAL_LABEL);
      this.#body.op(I32_CONST, edges[0]?.to ?? 0);
      this.#body.op(I32_SUB);
      return edges.map(({ to }) => to - (edges[0]?.to ?? 0));
    });
  }

  /**
   * A br_table: `push` leaves a number on the stack and returns the number of each edge; any other number takes the
   * edge at `otherwise`, or continues after the table.
   */
  #choose(
    from: number,
    edges: readonly Edge[],
    otherwise: number | null,
    push: () => readonly number[],
  ): void {
    const body = this.#body;
    const rest = otherwise === null ? body.block() : undefined;
    const arms = edges
      .toReversed()
      .map((edge) => ({ edge, label: body.block() }))
      .reverse();
    const numbers = push();
    const fallback = rest ?? arms[otherwise ?? 0]?.label;
    const table: Label[] = [];
    const size = greatest(numbers) + 1;
    for (let number = 0; number < size; number++) {
      const arm = arms[numbers.indexOf(number)]?.label ?? fallback;
      if (arm !== undefined) table.push(arm);
    }
    if (fallback !== undefined) table.push(fallback);
    body.brTable(table);
    for (const { edge } of arms) {
      body.end();
      this.#goTo(from, edge);
      if (!body.isUnreachable) body.unreachable();
    }
    if (rest !== undefined) body.end();
  }

  // Blocks

  #block(node: number): void {
    const block = this.#blocks[node] as Block;
    const { end } = block;
    const length = blockLength(block);
    if (this.#checked.has(node)) this.#requireFuel(block.pc, this.#state.dirty[node] ?? 0);
    if (length > 0) this.#addFuel(-length);
    block.instructions.forEach((instruction, index) => {
      this.#instruction(node, instruction, instruction.pc, length - index, instruction.pc);
    });
    const [first, second] = this.#graph.edges[node] ?? [];
    if ("by" in end) this.#branchItself(node, end.by);
    if ("slot" in end && end.by.kind !== "likely") this.#slot(node, end);
    const isLikely = "slot" in end && end.by.kind === "likely";
    if (length > 0 && !isLikely) this.#count(node, end.kind === "branch");
    switch (end.kind) {
      case "next":
      case "jump":
        this.#goTo(node, first as Edge);
        break;
      case "branch":
        if (end.by.kind === "likely") this.#likely(node, end, first as Edge, second);
        else this.#branch(node, first as Edge, second ?? (first as Edge));
        break;
      case "call":
        this.#call(node, end.by.pc, end.target, end.returnTo);
        this.#goTo(node, first as Edge);
        break;
      case "switch":
        this.#switch(node, end.targets);
        break;
      case "leave":
        if (end.returns) this.#return(node);
        else this.#leave(node);
        break;
      case "exit":
        this.#body.op(I32_CONST, end.pc);
        this.#finish(this.#dirtyAfter(node));
    }
  }

  /** Writes the core's code for an instruction; `refund` instructions of the block are not yet done when it begins. */
  #instruction(
    node: number,
    instruction: Instruction,
    exitTo: number,
    refund: number,
    site: number,
  ): void {
    const body = this.#body;
    const isSlot = exitTo !== instruction.pc;
    const exit = this.#exits.get(this.#state.exitOf(node, instruction));
    const code = this.#setting.emitter.code(instruction, {
      access: this.#access[node]?.get(instruction) ?? "pages",
      exit: this.#exitNumber(exitTo, isSlot ? refund + 1 : refund, FAILED),
      label: exit === undefined ? 0 : body.depth(exit),
      refund,
      site,
    });
    body.append(code);
  }

  #branchItself(node: number, by: Instruction): void {
    this.#instruction(node, by, by.pc, 2, by.pc);
  }

  /** A guard in a delay slot leaves before the branch. */
  #slot(node: number, { by, slot }: { by: Instruction; slot: Instruction }): void {
    this.#instruction(node, slot, by.pc, 1, by.pc);
  }

  #branch(node: number, taken: Edge, otherwise: Edge): void {
    const body = this.#body;
    body.get(LOCAL_CONDITION);
    const direct = taken.label === null ? this.#label(node, taken.to) : undefined;
    if (direct !== undefined) {
      body.brIf(direct);
      this.#goTo(node, otherwise);
      return;
    }
    const other = otherwise.label === null ? this.#label(node, otherwise.to) : undefined;
    if (other !== undefined) {
      body.op(I32_EQZ);
      body.brIf(other);
      this.#goTo(node, taken);
      return;
    }
    body.if();
    this.#goTo(node, taken);
    body.else();
    this.#goTo(node, otherwise);
    body.end();
    body.unreachable();
  }

  /** A likely branch that is not taken skips its delay slot. */
  #likely(
    node: number,
    end: { by: Instruction; slot: Instruction },
    taken: Edge,
    otherwise: Edge | undefined,
  ): void {
    const body = this.#body;
    body.get(LOCAL_CONDITION);
    body.if();
    this.#slot(node, end);
    this.#count(node, true);
    this.#goTo(node, taken);
    body.else();
    this.#addFuel(1);
    this.#count(node, true);
    this.#goTo(node, otherwise ?? taken);
    body.end();
    body.unreachable();
  }

  /** Counts the block as completed; at one that ends in a branch, CONDITION says whether it is taken. */
  #count(node: number, branches: boolean): void {
    const at = this.#setting.counterOf?.(node);
    if (at === undefined) return;
    const body = this.#body;
    body.op(I32_CONST, 0);
    body.op(I32_CONST, 0);
    body.op(I64_LOAD, 3, at);
    body.op(I64_CONST, 1);
    if (branches) {
      body.get(LOCAL_CONDITION);
      body.op(I32_EQZ);
      body.op(I64_EXTEND_I32_U);
      body.op(I64_CONST, 8 * BLOCK_COUNT_UNTAKEN);
      body.op(I64_SHL);
      body.op(I64_OR);
    }
    body.op(I64_ADD);
    body.op(I64_STORE, 3, at);
  }

  #switch(node: number, targets: readonly number[]): void {
    const body = this.#body;
    const edges = this.#graph.edges[node] ?? [];
    const lowest = least(targets);
    const places = targets.map((pc) => (pc - lowest) / 4);
    if (greatest(places) < WIDEST_SWITCH) {
      this.#choose(node, edges, null, () => {
        body.get(LOCAL_TARGET);
        body.op(I32_CONST, lowest);
        body.op(I32_SUB);
        body.op(I32_CONST, 2);
        body.op(I32_ROTR);
        return places;
      });
    } else {
      targets.forEach((pc, index) => {
        body.get(LOCAL_TARGET);
        body.op(I32_CONST, pc);
        body.op(I32_EQ);
        body.if();
        this.#goTo(node, edges[index] as Edge);
        if (!body.isUnreachable) body.unreachable();
        body.end();
      });
    }
    this.#tellFailure();
    this.#return(node);
  }

  // Calls and returns

  #call(node: number, pc: number, target: number | null, returnTo: number): void {
    const body = this.#body;
    this.#leaveState(this.#dirtyAfter(node));
    if (target === null) body.get(LOCAL_TARGET);
    else body.op(I32_CONST, target);
    this.#pushDepth();
    if (target === this.#root) {
      body.call(this.#setting.index);
    } else {
      if (target === null) this.#pushSlotOfTarget(this.#setting.likelyTarget(pc));
      else body.op(I32_CONST, this.#setting.slotOf(target));
      body.callIndirect(0);
    }
    body.set(LOCAL_A);
    const elsewhere = (): void => {
      body.get(LOCAL_A);
      body.op(I32_CONST, returnTo);
      body.op(I32_NE);
      body.if();
    };
    elsewhere();
    this.#returnTraced();
    elsewhere();
    body.get(LOCAL_A);
    body.return();
    body.end();
    body.end();
    // Not through the edge, which leads to a dispatcher if the control flow is irreducible.
    this.#loadRegisters(this.#state.live[this.#numbers.get(returnTo) ?? 0] ?? 0);
    this.#load(FUEL, LOCAL_FUEL);
    this.#requireFuel(returnTo, 0);
  }

  /** A callee traced by function_graph may return to RETURN_HOOK; A is then replaced by the real return address. */
  #returnTraced(): void {
    const body = this.#body;
    body.get(LOCAL_A);
    body.op(I32_CONST, RETURN_HOOK);
    body.op(I32_EQ);
    body.if();
    body.get(LOCAL_A);
    body.get(LOCAL_DEPTH);
    body.call(RETURN_TRACED);
    body.set(LOCAL_A);
    body.end();
  }

  /** Continues at TARGET. For a function traced by function_graph, resolves RETURN_HOOK first. */
  #return(node: number): void {
    const body = this.#body;
    this.#leaveState(this.#dirtyAfter(node));
    if (this.#isTraced) body.append(this.#setting.emitter.leaving());
    body.get(LOCAL_TARGET);
    body.return();
  }

  /** A tail call: the other function returns in place of this one. */
  #leave(node: number): void {
    const body = this.#body;
    this.#leaveState(this.#dirtyAfter(node));
    body.get(LOCAL_TARGET);
    this.#pushDepth();
    this.#pushSlotOfTarget(null);
    body.callIndirect(0);
    body.return();
  }

  /** Expects on the stack the next instruction's address, which becomes the result. */
  #finish(dirty: number): void {
    this.#leaveState(dirty);
    this.#body.return();
  }

  #leaveState(dirty: number): void {
    this.#storeRegisters(dirty);
    this.#storeLocal(FUEL, LOCAL_FUEL);
  }

  #pushDepth(): void {
    this.#body.get(LOCAL_DEPTH);
    this.#body.op(I32_CONST, 1);
    this.#body.op(I32_ADD);
  }

  /** Pushes the slot of the translated code at TARGET, or slot 0, whose function returns the address. */
  #pushSlotOfTarget(likely: number | null): void {
    const body = this.#body;
    if (likely !== null) {
      body.get(LOCAL_TARGET);
      body.op(I32_CONST, likely);
      body.op(I32_EQ);
      body.if();
      body.op(I32_CONST, this.#setting.slotOf(likely));
      body.set(LOCAL_B);
      body.else();
    }
    // The same look-up as in assembly/interpreter/dispatch.ts.
    body.get(LOCAL_TARGET);
    body.op(I32_CONST, DISPATCH_LOW);
    body.op(I32_SHR_U);
    body.get(LOCAL_TARGET);
    body.op(I32_CONST, DISPATCH_HIGH);
    body.op(I32_SHR_U);
    body.op(I32_XOR);
    body.op(I32_CONST, DISPATCH_ENTRIES - 1);
    body.op(I32_AND);
    body.op(I32_CONST, 3);
    body.op(I32_SHL);
    body.set(LOCAL_ADDRESS);
    body.get(LOCAL_ADDRESS);
    body.op(I32_LOAD, 2, DISPATCH + 4);
    body.set(LOCAL_ENTRY);
    body.op(I32_CONST, 0);
    body.set(LOCAL_B);
    body.get(LOCAL_ADDRESS);
    body.op(I32_LOAD, 2, DISPATCH);
    body.get(LOCAL_TARGET);
    body.op(I32_EQ);
    body.get(LOCAL_ENTRY);
    body.op(I32_CONST, 31);
    body.op(I32_SHR_U);
    body.op(I32_AND);
    body.if();
    body.get(LOCAL_ENTRY);
    body.op(I32_CONST, ~DISPATCH_TRANSLATED);
    body.op(I32_AND);
    body.set(LOCAL_B);
    body.end();
    if (likely !== null) body.end();
    body.get(LOCAL_B);
  }

  // Exits

  #exitNumber(pc: number, refund: number, failed: number): number {
    return (((pc - this.#lowest) / 4) << PLACE_SHIFT) | (refund << REFUND_SHIFT) | failed;
  }

  /** Records that this unit was left because an assumption of its translation failed. */
  #tellFailure(): void {
    this.#body.op(I32_CONST, 0);
    this.#body.op(I32_CONST, this.#setting.slot);
    this.#body.op(I32_STORE, 2, EXITED);
  }

  /** Replaces an exit's number on the stack by the address of the exit. */
  #leaveByExit(): void {
    const body = this.#body;
    body.set(LOCAL_A);
    body.get(LOCAL_A);
    body.op(I32_CONST, FAILED);
    body.op(I32_AND);
    body.if();
    this.#tellFailure();
    if (this.#setting.counterOf !== null) {
      body.op(I32_CONST, this.#setting.slot);
      this.#pushExitPlace();
      this.#pushExitRefund();
      body.call(LEFT_BLOCK);
    }
    body.end();
    body.get(LOCAL_FUEL);
    this.#pushExitRefund();
    body.op(I32_ADD);
    body.set(LOCAL_FUEL);
    this.#pushExitPlace();
  }

  /** Of the exit's number in A: the instructions of its block that were not done. */
  #pushExitRefund(): void {
    const body = this.#body;
    body.get(LOCAL_A);
    body.op(I32_CONST, REFUND_SHIFT);
    body.op(I32_SHR_U);
    body.op(I32_CONST, LONGEST_BLOCK);
    body.op(I32_AND);
  }

  /** Of the exit's number in A: the address where the interpreter continues. */
  #pushExitPlace(): void {
    const body = this.#body;
    body.get(LOCAL_A);
    body.op(I32_CONST, PLACE_SHIFT);
    body.op(I32_SHR_U);
    body.op(I32_CONST, 2);
    body.op(I32_SHL);
    body.op(I32_CONST, this.#lowest);
    body.op(I32_ADD);
  }

  /** Leaves the unit if FUEL might not last until the next check. */
  #requireFuel(pc: number, dirty: number): void {
    const body = this.#body;
    body.op(I32_CONST, this.#exitNumber(pc, 0, 0));
    body.get(LOCAL_FUEL);
    body.op(I32_CONST, this.#bound);
    body.op(I32_LT_S);
    body.brIf(this.#exits.get(dirty) as Label);
    body.drop();
  }

  // State

  #addFuel(count: number): void {
    this.#body.get(LOCAL_FUEL);
    this.#body.op(I32_CONST, count);
    this.#body.op(I32_ADD);
    this.#body.set(LOCAL_FUEL);
  }

  #loadRegisters(bits: number): void {
    for (const number of numbersOf(bits)) this.#load(CPU_GPR + 4 * number, number + 1);
    if (bits & ACCUMULATOR) this.#loadHiLo();
  }

  #storeRegisters(bits: number): void {
    for (const number of numbersOf(bits)) this.#storeLocal(CPU_GPR + 4 * number, number + 1);
    if (bits & ACCUMULATOR) this.#storeHiLo();
  }

  #load(address: number, local: number): void {
    this.#body.op(I32_CONST, 0);
    this.#body.op(I32_LOAD, 2, address);
    this.#body.set(local);
  }

  #storeLocal(address: number, local: number): void {
    this.#body.op(I32_CONST, 0);
    this.#body.get(local);
    this.#body.op(I32_STORE, 2, address);
  }

  /** HI precedes LO in memory, so reading both as one swaps them. */
  #loadHiLo(): void {
    this.#body.op(I32_CONST, 0);
    this.#body.op(I64_LOAD, 3, CPU_HI);
    this.#swapHalves();
    this.#body.set(LOCAL_HI_LO);
  }

  #storeHiLo(): void {
    this.#body.op(I32_CONST, 0);
    this.#body.get(LOCAL_HI_LO);
    this.#swapHalves();
    this.#body.op(I64_STORE, 3, CPU_HI);
  }

  #swapHalves(): void {
    this.#body.op(I64_CONST, 32);
    this.#body.op(I64_ROTL);
  }

  #dirtyAfter(node: number): number {
    return this.#state.dirtyAfter[node] ?? 0;
  }
}

function isTraceEnter(word: number): boolean {
  return word >>> 26 === OP_SPECIAL2 && (word & 0x3f) === SPECIAL2_TRACE_ENTER;
}

function isGuarded(access: Access | undefined): boolean {
  return typeof access === "object" && "isGuarded" in access;
}

/** The general registers of a set. */
function numbersOf(bits: number): number[] {
  return Array.from({ length: 31 }, (_, index) => index + 1).filter(
    (number) => (bits & (1 << number)) !== 0,
  );
}
