// Calls guest code from the host: sets the registers as o32 requires and serves the host functions that the guest
// calls. guest-call.ts runs a call, whole or in pieces. Calls nest (a host function may call the guest), so each
// restores the processor's state when it ends. All open calls share one budget.

import {
  CPU_GPR,
  CPU_HI,
  CPU_IN_DELAY_SLOT,
  CPU_LO,
  CPU_NEXT_PC,
  CPU_PC,
} from "../../../assembly/shared/cpu-state.ts";
import { KSEG0 } from "../../../assembly/shared/memory-map.ts";
import { EXC_TLBL, EXC_TLBS } from "../../../assembly/shared/opcodes.ts";
import { Misuse } from "../../errors.ts";
import type { OpenFunctions } from "../../ftrace/ring/shadow-stack.ts";
import { hex } from "../../hex.ts";
import { R } from "../../isa/registers.ts";
import { CALL_NESTING } from "../../limits.ts";
import { Budget } from "../../processor/budget.ts";
import { type GuestMemory, Unmapped } from "../../processor/guest-memory.ts";
import type { Processor } from "../../processor/processor.ts";
import {
  exceptionStop,
  type GuestStop,
  type Naming,
  panicStop,
  type StopPlace,
  stopPlace,
  unresolvedStop,
} from "../../processor/stop.ts";
import { Pauses } from "../pauses.ts";
import { type CallHost, type CallState, type CallSubject, GuestCall } from "./guest-call.ts";
import {
  type HostCallContext,
  type OpenHostCall,
  openHostCall,
  REGISTER_ARGUMENTS,
} from "./host-call.ts";
import type { HostFunctions } from "./host-functions.ts";
import { setHostResult } from "./host-result.ts";
import type { CallOutcome } from "./outcome.ts";

/** The return address of called functions. It is never executed: the run stops before it. */
export const RETURN_ADDRESS = KSEG0 + 0xff0;

/** o32: sp is a multiple of eight. */
const STACK_ALIGNMENT = 8;
/** Thrown by a host function (or its stand-in) to end the guest's call; never leaves call(). */
export class GuestEnd extends Error {
  readonly kind: "unresolved" | "panic";

  constructor(kind: "unresolved" | "panic", text: string) {
    super(text);
    this.kind = kind;
  }
}

export interface CallSetup extends Naming {
  /** Top of the stack and gp (thread_info) for an outermost call; nested calls use the stack below. */
  readonly stackTop: number;
  readonly threadInfo: number;
  /** function_graph's shadow stacks: the native one and the guest's. */
  readonly shadows: readonly OpenFunctions[];
  /** CallHost.keep(). */
  readonly keep: () => (() => void) | null;
}

export class Caller {
  readonly #processor: Processor;
  readonly #memory: GuestMemory;
  readonly #functions: HostFunctions;
  readonly #setup: CallSetup;
  readonly #words: Uint32Array;
  /** Host work done at intervals during calls. */
  readonly pauses = new Pauses();
  /** Calls that were entered and not yet left, the innermost last. */
  readonly #open: GuestCall[] = [];

  constructor(
    processor: Processor,
    memory: GuestMemory,
    functions: HostFunctions,
    setup: CallSetup,
  ) {
    this.#processor = processor;
    this.#memory = memory;
    this.#functions = functions;
    this.#setup = setup;
    this.#words = processor.words;
  }

  /** The number of calls that were entered and not yet left. */
  get depth(): number {
    return this.#open.length;
  }

  /** Calls the function at `address`; `budget` limits its steps, including those of nested calls. */
  call(address: number, args: readonly number[], budget: number): CallOutcome {
    const call = this.start(address, { target: hex(address), args, note: null }, budget);
    try {
      for (;;) {
        const { reason } = call.advance();
        // Breakpoints apply only to calls under a debugger.
        if (reason !== "breakpoint" && reason !== "watchpoint") return call.result();
      }
    } finally {
      call.close();
    }
  }

  /** Enters the call without running it. Within another call, that call's budget applies. */
  start(address: number, subject: CallSubject, budget: number): GuestCall {
    if (this.#open.length >= CALL_NESTING) {
      throw new Misuse(`host functions and guest calls nest more than ${CALL_NESTING} deep`);
    }
    const outer = this.#open.at(-1);
    const saved = this.#saveState();
    const call = this.#made(
      subject,
      outer?.budget ?? new Budget(budget),
      this.#processor.count,
      saved,
    );
    if (outer === undefined) {
      this.#processor.setGpr(R.sp, this.#setup.stackTop);
      this.#processor.setGpr(R.gp, this.#setup.threadInfo);
    }
    try {
      this.#enter(address, subject.args);
    } catch (error) {
      call.close();
      throw error;
    }
    return call;
  }

  /** Whether no call runs now. */
  get still(): boolean {
    return !this.#open.some((call) => call.running);
  }

  /** The one call that is open, as numbers, or null. */
  get state(): CallState | null {
    return this.#open.at(-1)?.state ?? null;
  }

  /**
   * Continues a call of an earlier state; the calls that are open now end.
   * @param budget the steps it may still take; default: the rest of its old budget.
   */
  restore(state: CallState | null, budget?: number): GuestCall | null {
    for (const call of this.#open) call.abandon();
    this.#open.length = 0;
    if (state === null) return null;
    const total = budget === undefined ? state.total : state.spent + budget;
    const budgetLeft = new Budget(total, state.spent);
    return this.#made(state, budgetLeft, state.started, Uint32Array.from(state.saved));
  }

  /** Whether a call's state has as many registers as are saved here, with register 0 being zero. */
  fits({ saved }: CallState): boolean {
    return saved.length === this.#saveState().length && saved[0] === 0;
  }

  #made(
    { target, args, note }: CallSubject,
    budget: Budget,
    started: number,
    saved: Uint32Array,
  ): GuestCall {
    const host: CallHost = {
      processor: this.#processor,
      pauses: this.pauses,
      serve: (code) => this.#serve(code),
      place: () => this.#place(),
      leave: (call) => this.#leave(call),
      keep: this.#setup.keep,
    };
    const call = new GuestCall(
      host,
      { target, args: Object.freeze([...args]), note },
      budget,
      started,
      saved,
    );
    this.#open.push(call);
    return call;
  }

  #leave(call: GuestCall): void {
    if (this.#open.at(-1) !== call) throw new Misuse("a call within this one is not over yet");
    this.#open.pop();
    this.#putBack(call.saved);
  }

  #enter(address: number, args: readonly number[]): void {
    const stackWords = Math.max(args.length, REGISTER_ARGUMENTS);
    const below = this.#processor.gpr(R.sp) - 4 * stackWords;
    const sp = below - (below % STACK_ALIGNMENT);
    args.forEach((word, index) => {
      if (index < REGISTER_ARGUMENTS) this.#processor.setGpr(R.a0 + index, word);
      else this.#memory.setU32(sp + 4 * index, word);
    });
    this.#processor.setGpr(R.sp, sp);
    this.#processor.setGpr(R.ra, RETURN_ADDRESS);
    this.#processor.returnTo = RETURN_ADDRESS;
    this.#processor.pc = address;
  }

  /** Runs the host function of a HYPERCALL, then continues at ra. */
  #serve(code: number): GuestStop | undefined {
    const entry = this.#functions.at(code);
    if (entry === undefined) return unresolvedStop(`host function ${code}`, this.#place());
    const returnAddress = this.#processor.gpr(R.ra);
    let opened: OpenHostCall | undefined;
    try {
      const { name, run, signature } = entry;
      opened = openHostCall(name, signature.args, this.#context(returnAddress));
      setHostResult(this.#processor, name, signature.returns, run(opened.call));
    } catch (error) {
      // The guest passed an address on which the kernel's own function would have faulted.
      if (error instanceof Unmapped) {
        return exceptionStop(error.write ? EXC_TLBS : EXC_TLBL, error.address, this.#place());
      }
      if (!(error instanceof GuestEnd)) throw error;
      const end = error.kind === "panic" ? panicStop : unresolvedStop;
      return end(error.message, this.#place());
    } finally {
      opened?.end();
    }
    this.#processor.pc = returnAddress;
    return undefined;
  }

  #context(returnAddress: number): HostCallContext {
    const memory = this.#memory;
    return {
      memory,
      returnAddress,
      arg: (index) =>
        index < REGISTER_ARGUMENTS
          ? this.#processor.gpr(R.a0 + index)
          : memory.u32(this.#processor.gpr(R.sp) + 4 * index),
      register: (number) => this.#processor.gpr(number),
      setRegister: (number, value) => this.#processor.setGpr(number, value),
      charge: (steps) => this.#open.at(-1)?.budget.spend(steps),
      callGuest: (address, args) => {
        const { v0, exception } = this.call(address, args, 0);
        if (exception !== undefined) throw new GuestEnd("panic", exception.message);
        return v0;
      },
    };
  }

  #place(): StopPlace {
    return stopPlace(this.#processor, this.#setup);
  }

  /** The registers, then the depths of function_graph's shadow stacks. */
  #saveState(): Uint32Array {
    const last = Math.max(CPU_HI, CPU_LO, CPU_PC, CPU_NEXT_PC, CPU_IN_DELAY_SLOT);
    const registers = this.#words.subarray(CPU_GPR / 4, last / 4 + 1);
    return Uint32Array.from([...registers, ...this.#setup.shadows.flatMap(({ place }) => place)]);
  }

  #putBack(saved: Uint32Array): void {
    let end = saved.length;
    for (const shadow of this.#setup.shadows.toReversed()) {
      const start = end - shadow.place.length;
      shadow.return(saved.subarray(start, end));
      end = start;
    }
    this.#words.set(saved.subarray(0, end), CPU_GPR / 4);
  }
}
