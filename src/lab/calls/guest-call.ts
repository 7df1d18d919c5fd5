// A call into the guest that was entered and not yet left. It can be run in pieces, stopped at breakpoints and
// inspected in between. call.ts enters calls and serves their host functions; this file runs them and records why
// one has stopped. A plain call runs to its end in one piece.

import { STOP_HYPERCALL, STOP_LIMIT } from "../../../assembly/shared/stops.ts";
import { Misuse } from "../../errors.ts";
import { R } from "../../isa/registers.ts";
import { type Budget, HOST_CALL_STEPS } from "../../processor/budget.ts";
import type { Checkpoint, Rewindable } from "../../processor/history.ts";
import type { Processor } from "../../processor/processor.ts";
import { type ProcessorState, putState, stateOf } from "../../processor/snapshot.ts";
import {
  budgetStop,
  type GuestStop,
  type Halt,
  haltOf,
  killedStop,
  type StopPlace,
} from "../../processor/stop.ts";
import type { Pauses } from "../pauses.ts";
import type { CallOutcome } from "./outcome.ts";

/** What a call needs from the code that entered it. */
export interface CallHost {
  readonly processor: Processor;
  readonly pauses: Pauses;
  /** Runs the host function of a HYPERCALL and continues at ra, or returns why it can't. */
  serve(code: number): GuestStop | undefined;
  place(): StopPlace;
  /** Called when the call is over, to restore the state from before it. */
  leave(call: GuestCall): void;
  /** Keeps the host's part of the machine's state. @returns what puts it back; null when it can't be put back. */
  keep(): (() => void) | null;
}

/** A place that a call can go back to. */
interface CallCheckpoint extends Checkpoint {
  readonly state: ProcessorState;
  readonly spent: number;
  readonly putBack: (() => void) | null;
}

/** What was called, and with which arguments. */
export interface CallSubject {
  /** The function's name, or its address as 0x and eight digits. */
  readonly target: string;
  /** The arguments as o32 passes them. */
  readonly args: readonly number[];
  /** A text that start() was given, for the program that continues the call. */
  readonly note: string | null;
}

/** An open call as plain values, from which it can be continued. */
export interface CallState extends CallSubject {
  /** CPU_COUNT when the call was entered. */
  readonly started: number;
  /** The budget, and the part already used. */
  readonly total: number;
  readonly spent: number;
  /** The processor's registers from before the call, and the shadow stacks' places. */
  readonly saved: readonly number[];
}

export class GuestCall {
  readonly processor: Processor;
  readonly budget: Budget;
  /** CPU_COUNT when the call was entered. */
  readonly started: number;
  /** The processor's registers from before the call, and the shadow stacks' places. */
  readonly saved: Uint32Array;
  readonly subject: CallSubject;
  readonly #host: CallHost;
  #halt: Halt = { reason: "steps" };
  #open = true;
  #running = false;
  #steps = 0;

  constructor(
    host: CallHost,
    subject: CallSubject,
    budget: Budget,
    started: number,
    saved: Uint32Array,
  ) {
    this.#host = host;
    this.processor = host.processor;
    this.budget = budget;
    this.started = started;
    this.saved = saved;
    this.subject = subject;
  }

  /** What was called: the function's name, or its address as 0x and eight digits. */
  get target(): string {
    return this.subject.target;
  }

  /** The call's arguments as o32 passes them. */
  get args(): readonly number[] {
    return this.subject.args;
  }

  /** The text that start() was given with the call; null if none. */
  get note(): string | null {
    return this.subject.note;
  }

  /** Why the call is stopped now. */
  get halt(): Halt {
    return this.#halt;
  }

  /**
   * Continues for at most `steps` steps, an instruction or a host function each; the budget is charged more for a host
   * function. A call that has ended can also be continued, at the instruction where it ended.
   */
  advance(steps = Number.POSITIVE_INFINITY): Halt {
    if (steps !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(steps) && steps >= 0)) {
      throw new Misuse(`a number of steps can't be ${steps}`);
    }
    if (!this.#open) throw new Misuse("the call is over");
    if (this.#running) throw new Misuse("the call is running");
    if (this.#halt.reason === "returned") return this.#halt;
    this.#running = true;
    try {
      this.#halt = this.#run(steps);
      return this.#halt;
    } finally {
      this.#running = false;
    }
  }

  /** Going back in the call; null while a tracer runs, whose events can't be taken back. */
  get rewindable(): Rewindable<CallCheckpoint> | null {
    if (this.#host.keep() === null) return null;
    const call = this;
    return {
      get steps() {
        return call.#steps;
      },
      advance: (steps) => this.advance(steps),
      checkpoint: (before) => this.#checkpoint(before),
      rewind: (checkpoint) => this.#rewind(checkpoint),
    };
  }

  #checkpoint(before?: CallCheckpoint): CallCheckpoint {
    const state = stateOf(this.processor, before?.state);
    return {
      steps: this.#steps,
      pages: state.memory.map(({ bytes }) => bytes),
      state,
      spent: this.budget.spent,
      putBack: this.#host.keep(),
    };
  }

  #rewind({ steps, state, spent, putBack }: CallCheckpoint): void {
    putState(this.processor, state);
    putBack?.();
    this.budget.rewind(spent);
    this.#steps = steps;
    this.#halt = { reason: "steps" };
  }

  #run(steps: number): Halt {
    let left = steps;
    const spend = (done: number): void => {
      left -= done;
      this.#steps += done;
      this.budget.spend(done);
    };
    for (;;) {
      const before = this.processor.count;
      const { pauses } = this.#host;
      const reason = this.processor.run(Math.min(left, this.budget.left, pauses.left(before)));
      spend(this.processor.count - before);
      pauses.attend(this.processor.count);
      if (reason === STOP_LIMIT && left > 0 && this.budget.left > 0) continue;
      if (reason === STOP_HYPERCALL && this.budget.left > 0) {
        const stop = this.#host.serve(this.processor.stopValue);
        if (stop !== undefined) return this.#ended(stop);
        spend(1);
        this.budget.spend(HOST_CALL_STEPS - 1);
        continue;
      }
      return this.#why(reason);
    }
  }

  /** Instructions that it has completed so far. */
  get instructions(): number {
    return this.processor.count - this.started;
  }

  /**
   * What the function returned, or why it stopped.
   * @throws Misuse while the call can still go on.
   */
  result(): CallOutcome {
    const { instructions } = this;
    if (this.#halt.reason === "ended") return { instructions, exception: this.#halt.stop };
    if (this.#halt.reason !== "returned") {
      throw new Misuse("the call hasn't returned: advance() it, or close() it without a result");
    }
    return { v0: this.processor.gpr(R.v0), v1: this.processor.gpr(R.v1), instructions };
  }

  /**
   * Ends the call at its present instruction, on behalf of a debugger. A call that has already ended is not changed.
   * @param by the debugger's name, for the stop's message.
   */
  kill(by = "the debugger"): void {
    if (this.#halt.reason === "ended" || this.#halt.reason === "returned") return;
    this.#halt = this.#ended(killedStop(this.#host.place(), by));
  }

  /** Whether it is running now; then the caller of this getter is a host function within it. */
  get running(): boolean {
    return this.#running;
  }

  /** What a machine made in the same way needs to continue this call. */
  get state(): CallState {
    const { started, budget, saved, subject } = this;
    return { ...subject, started, total: budget.total, spent: budget.spent, saved: [...saved] };
  }

  /** Ends the call without restoring registers: the machine's state has been replaced. */
  abandon(): void {
    this.#open = false;
  }

  /** Leaves the call at any point and restores the registers from before it. */
  close(): void {
    if (!this.#open) return;
    if (this.#running) throw new Misuse("the call is running");
    this.#host.leave(this);
    this.#open = false;
  }

  /** A HYPERCALL is still pending here only if the budget has no step left for it. */
  #why(reason: number): Halt {
    const outOfSteps = reason === STOP_LIMIT || reason === STOP_HYPERCALL;
    if (!outOfSteps) return haltOf(this.processor, reason, () => this.#host.place());
    if (this.budget.left > 0) return { reason: "steps" };
    return this.#ended(budgetStop(this.budget.total, this.#host.place()));
  }

  #ended(stop: GuestStop): Halt {
    return { reason: "ended", stop };
  }
}
