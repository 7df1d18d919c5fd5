// The WebAssembly function of a unit: blocks in structured control flow, the guest's registers in locals.
//
//   entry    if FUEL is too low or the call too deep, returns its start address without doing anything;
//            otherwise loads the registers that the unit uses
//   body     blocks, nested as in the dominator tree; FUEL is looked at where a loop begins
//   exits    a failed guard branches out with a number that encodes its address and what FUEL is ahead by
//
// This file nests the blocks and writes how each of them ends. Which registers differ from memory is known at each
// place (register-state.ts), and by how much FUEL is too high (owed-fuel.ts); exit-code.ts leaves the unit, call-code.ts
// calls others, loop-code.ts begins the turns that a loop's plan frees from checks.

import {
  LOCAL_CONDITION,
  LOCAL_ENDS,
  LOCAL_LABEL,
  LOCAL_TARGET,
} from "../../assembly/shared/emitted-code.ts";
import { OP_SPECIAL2, SPECIAL2_TRACE_ENTER } from "../../assembly/shared/opcodes.ts";
import {
  I32_CONST,
  I32_EQ,
  I32_EQZ,
  I32_NE,
  I32_ROTR,
  I32_SUB,
} from "../../assembly/shared/wasm-opcodes.ts";
import { greatest, least } from "../extremes.ts";
import type { BlockCounter } from "./block-counts.ts";
import { type Block, blockLength, type Flow, instructionsOf, isCall } from "./blocks.ts";
import { CallCode, type CallSetting } from "./call-code.ts";
import { constantAccesses } from "./constant-addresses.ts";
import { CountCode } from "./count-code.ts";
import { Body, type FunctionType, type Label } from "./encoder/body.ts";
import type { Bytes } from "./encoder/bytes.ts";
import { ExitCode } from "./exit-code.ts";
import { type Edge, type FlowGraph, flowGraph } from "./flow-graph.ts";
import { accessPlan } from "./guards.ts";
import { type Access, type Emitter, type Instruction, isGuarded } from "./instruction.ts";
import { LoopCode } from "./loop-code.ts";
import type { LoopPlan } from "./loop-plan.ts";
import { planLoops } from "./loop-planner.ts";
import { owedAtBegins } from "./owed-fuel.ts";
import { type RegisterState, registerState } from "./register-state.ts";
import { StateCode } from "./state-code.ts";
import { COUNTED, LOCALS, PLAIN, UNIT_TYPE } from "./unit-interface.ts";

/** Addresses that a jump table may span, in words. */
const WIDEST_SWITCH = 1024;

/** The inputs of a unit besides its blocks. */
export interface UnitSetting extends CallSetting {
  /** Its place in the function table. */
  readonly slot: number;
  readonly emitter: Emitter;
  /** The way to memory for an instruction; asked once. */
  access(instruction: Instruction): Access;
  /** The only observed target of the call through a register at pc, if there is just one. */
  likelyTarget(pc: number): number | null;
  /** Where each block counts how often it is completed, if it does (block-counts.ts); then the module is COUNTED. */
  readonly counterOf: ((block: number) => BlockCounter | null) | null;
}

/** The unit's function, for a module that is PLAIN or COUNTED. */
export function unitBody(flow: Flow, setting: UnitSetting): Bytes {
  return new Unit(flow, setting).write();
}

class Unit {
  readonly #flow: Flow;
  readonly #emitter: Emitter;
  readonly #likelyTarget: UnitSetting["likelyTarget"];
  /** null: nothing is counted. */
  readonly #counts: CountCode | null;
  readonly #graph: FlowGraph;
  readonly #body: Body;
  readonly #stateCode: StateCode;
  readonly #exits: ExitCode;
  readonly #calls: CallCode;
  readonly #loopCode: LoopCode;
  /** The most instructions executed between two checks of FUEL; a loop's plan leaves as much. */
  readonly #bound: number;
  /** By block, the way to memory of each instruction. */
  readonly #access: readonly ReadonlyMap<Instruction, Access>[];
  readonly #state: RegisterState;
  /** Whether function_graph's entry is in it. */
  readonly #isTraced: boolean;
  /** The blocks where FUEL is checked; every loop contains one, but for turns that a plan has counted. */
  readonly #checked: ReadonlySet<number>;
  /** By node, what is owed of FUEL at its begin; nothing while instructions are counted. */
  readonly #owed: readonly number[];
  readonly #loops = new Map<number, Label>();
  readonly #merges = new Map<number, Label>();

  constructor(flow: Flow, setting: UnitSetting) {
    const own = new Map(
      flow.blocks.flatMap(instructionsOf).map((one) => [one, setting.access(one)] as const),
    );
    const ownAccess = (instruction: Instruction): Access => own.get(instruction) ?? "pages";
    const known = constantAccesses(flow, ownAccess);
    const access = (one: Instruction): Access => known.get(one) ?? ownAccess(one);
    this.#flow = planLoops(flow, access);
    this.#emitter = setting.emitter;
    this.#likelyTarget = setting.likelyTarget;
    const { blocks, successors } = this.#flow;
    this.#graph = flowGraph(successors);
    const { edges, firstDispatcher, isLoop } = this.#graph;
    const dispatched = edges.slice(firstDispatcher).flatMap((list) => list.map(({ to }) => to));
    const loops = [...blocks.keys()].filter(
      (node) => isLoop[node] && blocks[node]?.access === undefined,
    );
    this.#checked = new Set([...loops, ...dispatched]);
    this.#owed =
      setting.counterOf === null ? owedAtBegins(this.#flow, this.#graph) : edges.map(() => 0);
    const { types, imports } = setting.counterOf === null ? PLAIN : COUNTED;
    const functions = imports.map(({ type }) => types[type] as FunctionType);
    functions[setting.index] = UNIT_TYPE;
    this.#counts = setting.counterOf && new CountCode(this.#flow, setting.counterOf);
    const locals = [...LOCALS, ...(this.#counts?.locals ?? [])];
    this.#body = new Body(UNIT_TYPE, locals, functions, types);
    // A block that is too far away is only an exit, of length 0, and no guard leaves from it.
    const lowest = least(flow.blocks.filter((block) => blockLength(block) > 0).map(({ pc }) => pc));
    this.#bound = flow.blocks.reduce((sum, block) => sum + blockLength(block), 0);
    this.#access = blocks.map((block) => block.access ?? accessPlan(instructionsOf(block), access));
    this.#isTraced = blocks.some((block) =>
      instructionsOf(block).some(({ word }) => isTraceEnter(word)),
    );
    const guards = (node: number, instruction: Instruction): boolean =>
      instruction.guards && !isGuarded(this.#access[node]?.get(instruction));
    this.#state = registerState(blocks, successors, guards, this.#checked);
    this.#stateCode = new StateCode(this.#body);
    const counts = this.#counts;
    this.#exits = new ExitCode(this.#body, this.#stateCode, { lowest, slot: setting.slot, counts });
    this.#calls = new CallCode(this.#body, this.#stateCode, setting, blocks[0]?.pc ?? 0, counts);
    this.#loopCode = new LoopCode(this.#body);
  }

  write(): Bytes {
    const { live, exits } = this.#state;
    this.#calls.enter(this.#bound);
    this.#stateCode.loadRegisters(live[0] ?? 0);
    this.#exits.open(exits);
    this.#tree(0);
    this.#exits.close();
    return this.#body.finish(UNIT_TYPE.parameters.length);
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

  /** @param owed of FUEL, at the end of `from` */
  #goTo(from: number, edge: Edge, owed = this.#owedAfter(from)): void {
    const { to, label } = edge;
    this.#pay(owed - (this.#owed[to] ?? 0));
    if (label !== null) {
      this.#body.op(I32_CONST, label);
      this.#body.set(LOCAL_LABEL);
    }
    const place = this.#label(from, to);
    if (place === undefined) this.#tree(to);
    else this.#body.br(place);
  }

  /** The label of a branch along an edge on which nothing else is done. */
  #direct(from: number, { to, label }: Edge): Label | undefined {
    const isFree = label === null && this.#owedAfter(from) === this.#owed[to];
    return isFree ? this.#label(from, to) : undefined;
  }

  /** What is owed of FUEL at the end of a block, before a call and after it. */
  #owedAtEnd(node: number): number {
    const block = this.#flow.blocks[node];
    if (block === undefined || this.#counts !== null) return 0;
    return (this.#owed[node] ?? 0) + blockLength(block);
  }

  #owedAfter(node: number): number {
    const block = this.#flow.blocks[node];
    return block !== undefined && isCall(block) ? 0 : this.#owedAtEnd(node);
  }

  #pay(owed: number): void {
    if (owed !== 0) this.#stateCode.addFuel(-owed);
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
    const block = this.#flow.blocks[node] as Block;
    const { end } = block;
    const length = blockLength(block);
    const dirtyAfter = this.#state.dirtyAfter[node] ?? 0;
    if (this.#checked.has(node)) {
      const owed = this.#owed[node] ?? 0;
      this.#exits.requireFuel(this.#bound, block.pc, owed, this.#state.dirty[node] ?? 0);
    }
    // While instructions are counted, a block pays at its begin: an exit's number then says what of it is undone.
    const paid = this.#counts === null ? -(this.#owed[node] ?? 0) : length;
    if (paid > 0) this.#pay(paid);
    block.instructions.forEach((instruction, index) => {
      this.#instruction(node, instruction, instruction.pc, paid - index, instruction.pc);
    });
    const [first, second] = this.#graph.edges[node] ?? [];
    const ahead = paid - block.instructions.length;
    if ("by" in end) this.#instruction(node, end.by, end.by.pc, ahead, end.by.pc);
    if ("slot" in end && end.by.kind !== "likely") this.#slot(node, end, ahead - 1);
    const isLikely = "slot" in end && end.by.kind === "likely";
    if (length > 0 && !isLikely) this.#counts?.completed(this.#body, node);
    switch (end.kind) {
      case "next":
      case "jump":
        this.#goTo(node, first as Edge);
        break;
      case "branch":
        if (end.by.kind === "likely") this.#likely(node, end, ahead - 1, first as Edge, second);
        else this.#branch(node, first as Edge, second ?? (first as Edge));
        break;
      case "call":
        this.#call(node, end.target, this.#likelyTarget(end.by.pc), end.returnTo);
        break;
      case "call other":
        this.#call(node, null, null, end.returnTo);
        break;
      case "choose":
        this.#chooseCallee(node, end.targets);
        break;
      case "return":
        this.#returnTo(node, end.to);
        break;
      case "switch":
        this.#switch(node, end.targets);
        break;
      case "leave":
        if (end.returns) this.#return(node);
        else {
          this.#pay(this.#owedAtEnd(node));
          this.#calls.leave(dirtyAfter);
        }
        break;
      case "plan":
        this.#plan(node, end.plan, first as Edge, second as Edge);
        break;
      case "turn":
        this.#loopCode.pushGoesOn();
        this.#fork(node, first as Edge, second as Edge);
        break;
      case "settle":
        this.#settle(node, end.plan, first as Edge, second);
        break;
      case "exit":
        this.#counts?.leaving(this.#body);
        this.#pay(this.#owedAtEnd(node));
        this.#stateCode.store(dirtyAfter);
        this.#body.op(I32_CONST, end.pc);
        this.#body.return();
    }
  }

  /** Writes the core's code for an instruction; FUEL is ahead by `refund`, or behind, when it begins. */
  #instruction(
    node: number,
    instruction: Instruction,
    exitTo: number,
    refund: number,
    site: number,
  ): void {
    const isSlot = exitTo !== instruction.pc;
    const code = this.#emitter.code(instruction, {
      access: this.#access[node]?.get(instruction) ?? "pages",
      exit: this.#exits.guardNumber(exitTo, isSlot ? refund + 1 : refund),
      label: this.#exits.depth(this.#state.exitOf(node, instruction)),
      refund,
      site,
    });
    this.#body.append(code);
  }

  /** A guard in a delay slot leaves before the branch. */
  #slot(node: number, { by, slot }: { by: Instruction; slot: Instruction }, refund: number): void {
    this.#instruction(node, slot, by.pc, refund, by.pc);
  }

  #branch(node: number, taken: Edge, otherwise: Edge): void {
    const body = this.#body;
    body.get(LOCAL_CONDITION);
    if (this.#counts === null) {
      this.#fork(node, taken, otherwise);
      return;
    }
    body.if();
    this.#counts.went(body, node, "taken");
    this.#goTo(node, taken);
    body.else();
    this.#counts.went(body, node, "otherwise");
    this.#goTo(node, otherwise);
    body.end();
    body.unreachable();
  }

  /** Goes on at one of two nodes, as the condition on the stack says. */
  #fork(node: number, taken: Edge, otherwise: Edge): void {
    const body = this.#body;
    const direct = this.#direct(node, taken);
    if (direct !== undefined) {
      body.brIf(direct);
      this.#goTo(node, otherwise);
      return;
    }
    const other = this.#direct(node, otherwise);
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
    refund: number,
    taken: Edge,
    otherwise: Edge | undefined,
  ): void {
    const body = this.#body;
    body.get(LOCAL_CONDITION);
    body.if();
    this.#slot(node, end, refund);
    this.#counts?.completed(body, node);
    this.#counts?.went(body, node, "taken");
    this.#goTo(node, taken);
    body.else();
    this.#counts?.completed(body, node);
    this.#counts?.went(body, node, "otherwise");
    this.#goTo(node, otherwise ?? taken, this.#owedAfter(node) - 1);
    body.end();
    body.unreachable();
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
      this.#compareTarget(node, targets);
    }
    this.#exits.recordFailure();
    this.#return(node);
  }

  /** Goes on at the edge of the target that TARGET is equal to, if there is one. */
  #compareTarget(node: number, targets: readonly number[]): void {
    const body = this.#body;
    const edges = this.#graph.edges[node] ?? [];
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

  #chooseCallee(node: number, targets: readonly number[]): void {
    this.#compareTarget(node, targets);
    this.#goTo(node, this.#graph.edges[node]?.[targets.length] as Edge);
  }

  /** After the call of a function whose blocks are here, if it returns there; otherwise really returns. */
  #returnTo(node: number, to: number): void {
    const body = this.#body;
    body.get(LOCAL_TARGET);
    body.op(I32_CONST, to);
    body.op(I32_NE);
    body.if();
    this.#return(node);
    body.end();
    this.#goTo(node, this.#graph.edges[node]?.[0] as Edge);
  }

  /** The callee may have changed every register. */
  #call(node: number, target: number | null, likely: number | null, returnTo: number): void {
    this.#pay(this.#owedAtEnd(node));
    this.#calls.call(target, likely, returnTo, this.#state.dirtyAfter[node] ?? 0);
    // The successor, not the edge, which leads to a dispatcher if the control flow is irreducible.
    const [next = 0] = this.#flow.successors[node] ?? [];
    this.#stateCode.loadRegisters(this.#state.live[next] ?? 0);
    this.#exits.requireFuel(this.#bound, returnTo, 0, 0);
    this.#goTo(node, this.#graph.edges[node]?.[0] as Edge);
  }

  /** Continues at TARGET. For a function traced by function_graph, resolves RETURN_HOOK first. */
  #return(node: number): void {
    this.#pay(this.#owedAtEnd(node));
    const leaving = this.#isTraced ? this.#emitter.leaving() : undefined;
    this.#calls.return(this.#state.dirtyAfter[node] ?? 0, leaving);
  }

  /** To the turns without checks, or to the loop with them. */
  #plan(node: number, plan: LoopPlan, unchecked: Edge, checked: Edge): void {
    const none = this.#body.block();
    this.#loopCode.begin(plan, this.#bound, none);
    this.#goTo(node, unchecked);
    if (!this.#body.isUnreachable) this.#body.unreachable();
    this.#body.end();
    this.#goTo(node, checked);
  }

  #settle(node: number, plan: LoopPlan, first: Edge, second: Edge | undefined): void {
    this.#loopCode.settle(plan);
    this.#counts?.settled(this.#body, plan, second !== undefined);
    if (second === undefined) {
      this.#goTo(node, first);
    } else {
      this.#body.get(LOCAL_ENDS);
      this.#fork(node, first, second);
    }
  }
}

function isTraceEnter(word: number): boolean {
  return word >>> 26 === OP_SPECIAL2 && (word & 0x3f) === SPECIAL2_TRACE_ENTER;
}
