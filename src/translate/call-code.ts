// Calls and returns of units through the function table. Between units the state is in memory: a call stores the dirty
// registers, and the callee returns the address at which the guest continues. The caller continues only if that is the
// address it expects. So a frame on the host's stack is an assumption that is checked, never relied on.

import {
  LOCAL_A,
  LOCAL_ADDRESS,
  LOCAL_B,
  LOCAL_DEPTH,
  LOCAL_ENTRY,
  LOCAL_FUEL,
  LOCAL_PC,
  LOCAL_TARGET,
} from "../../assembly/shared/emitted-code.ts";
import { DISPATCH } from "../../assembly/shared/memory-map.ts";
import { RETURN_HOOK } from "../../assembly/shared/trace-ring.ts";
import {
  DISPATCH_ENTRIES,
  DISPATCH_HIGH,
  DISPATCH_LOW,
  DISPATCH_TRANSLATED,
} from "../../assembly/shared/translated-code.ts";
import {
  I32_ADD,
  I32_AND,
  I32_CONST,
  I32_EQ,
  I32_GT_S,
  I32_LOAD,
  I32_LT_S,
  I32_NE,
  I32_OR,
  I32_SHL,
  I32_SHR_U,
  I32_XOR,
} from "../../assembly/shared/wasm-opcodes.ts";
import type { CountCode } from "./count-code.ts";
import type { Body } from "./encoder/body.ts";
import type { StateCode } from "./state-code.ts";
import { RETURN_TRACED } from "./unit-interface.ts";

/** The most units active on the host's stack; deeper calls return to the interpreter's loop. */
const DEEPEST = 400;

/** What a unit's calls need to know of it and of the code around it. */
export interface CallSetting {
  /** The unit's place among its module's functions. */
  readonly index: number;
  /** The slot of the code at an address, translated or not. */
  slotOf(pc: number): number;
}

export class CallCode {
  readonly #body: Body;
  readonly #state: StateCode;
  readonly #setting: CallSetting;
  /** The address of the unit itself. */
  readonly #root: number;
  /** Counts what is executed; null: nothing is counted. */
  readonly #counts: CountCode | null;

  constructor(
    body: Body,
    state: StateCode,
    setting: CallSetting,
    root: number,
    counts: CountCode | null,
  ) {
    this.#body = body;
    this.#state = state;
    this.#setting = setting;
    this.#root = root;
    this.#counts = counts;
  }

  /** The begin of the unit: returns at once if FUEL is below a bound or the call is too deep. */
  enter(bound: number): void {
    const body = this.#body;
    this.#state.loadFuel();
    body.get(LOCAL_FUEL);
    body.op(I32_CONST, bound);
    body.op(I32_LT_S);
    body.get(LOCAL_DEPTH);
    body.op(I32_CONST, DEEPEST);
    body.op(I32_GT_S);
    body.op(I32_OR);
    body.if();
    body.get(LOCAL_PC);
    body.return();
    body.end();
  }

  /**
   * A call of an address or, if that is null, of the one in TARGET, which is `likely` a known one. The code after it
   * runs if the callee returns to `returnTo`; it has FUEL and no register.
   */
  call(target: number | null, likely: number | null, returnTo: number, dirty: number): void {
    const body = this.#body;
    this.#state.store(dirty);
    if (target === null) body.get(LOCAL_TARGET);
    else body.op(I32_CONST, target);
    this.#pushDepth();
    if (target === this.#root) {
      body.call(this.#setting.index);
    } else {
      if (target === null) this.#pushSlotOfTarget(likely);
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
    this.#counts?.leaving(body);
    body.get(LOCAL_A);
    body.return();
    body.end();
    body.end();
    this.#state.loadFuel();
  }

  /** Returns to TARGET, after `leaving`: code for a traced function. */
  return(dirty: number, leaving: Uint8Array | undefined): void {
    this.#state.store(dirty);
    if (leaving !== undefined) this.#body.append(leaving);
    this.#counts?.leaving(this.#body);
    this.#body.get(LOCAL_TARGET);
    this.#body.return();
  }

  /** A tail call of TARGET: the other function returns in place of this one. */
  leave(dirty: number): void {
    const body = this.#body;
    this.#state.store(dirty);
    this.#counts?.leaving(body);
    body.get(LOCAL_TARGET);
    this.#pushDepth();
    this.#pushSlotOfTarget(null);
    body.callIndirect(0);
    body.return();
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
    this.#findSlot();
    if (likely !== null) body.end();
    body.get(LOCAL_B);
  }

  /** B = the slot: the same look-up as in assembly/interpreter/dispatch.ts. */
  #findSlot(): void {
    const body = this.#body;
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
  }
}
