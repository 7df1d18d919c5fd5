// The debugger: breakpoints, watchpoints, steps and registers for anything that runs guest code: a call that a
// machine has entered, or a bare processor. It keeps the lists and the register names; the core stops the run
// (assembly/memory/watches.ts). Breakpoints are not visible in guest memory, a run stops before the instruction, and
// the host's own reads and writes trigger no watchpoint.

import { MODE_STOP_ON_EXCEPTION } from "../../assembly/shared/cpu-state.ts";
import { CP0_EBASE } from "../../assembly/shared/opcodes.ts";
import { RangeAllocator } from "../bytes/ranges.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import { GuestMemory } from "./guest-memory.ts";
import { History, type HistoryOptions, type Rewindable } from "./history.ts";
import type { Processor } from "./processor.ts";
import type { Halt } from "./stop.ts";
import type { WatchKind } from "./watches.ts";

/** Something that runs guest code and can be stopped: a GuestCall, or the result of bareRun(). */
export interface DebugTarget {
  readonly processor: Processor;
  /** Continues for at most `steps` steps. */
  advance(steps?: number): Halt;
  /** Its state as something to go back to; null or missing: it can't go back. */
  readonly rewindable?: Rewindable | null;
}

export interface Watchpoint {
  readonly address: number;
  /** Bytes. */
  readonly size: number;
  readonly kind: Exclude<WatchKind, "execute">;
}

export interface RunOptions {
  /** Also stop before the instruction at this address. */
  readonly address?: number;
  /** Stop after this many steps; default: only when something else stops the run. */
  readonly budget?: number;
  /**
   * On a processor that handles its exceptions itself: stop at the first instruction of a vector. (Where the host
   * handles exceptions, they always end the run.) The vectors are those at EBase's value when the run begins, and the
   * boot vectors.
   */
  readonly exception?: boolean;
}

const HISTORY_OPTIONS: OptionKeys<HistoryOptions> = { every: true, bytes: true };

const BOOT_BASE = 0xbfc00200;
const VECTORS = [0x000, 0x180, 0x200];

export class Debugger {
  readonly processor: Processor;
  /** Guest memory by guest address; these reads and writes trigger no watchpoint. */
  readonly memory: GuestMemory;
  readonly #target: DebugTarget;
  /** Breakpoint addresses, each with the number of times it was added. */
  #breakpoints: number[] = [];
  #watchpoints: Watchpoint[] = [];
  #halt: Halt = { reason: "steps" };
  #history: History | null = null;

  constructor(target: DebugTarget) {
    this.#target = target;
    this.processor = target.processor;
    this.memory = new GuestMemory(target.processor, NOTHING_TO_ALLOCATE);
  }

  /** Why the guest is stopped. */
  get halt(): Halt {
    return this.#halt;
  }

  get breakpoints(): readonly number[] {
    return this.#breakpoints;
  }

  get watchpoints(): readonly Watchpoint[] {
    return this.#watchpoints;
  }

  /** Stops runs before the instruction at an address. @throws Misuse when the address is not word-aligned. */
  addBreakpoint(address: number): void {
    if (address % 4 !== 0)
      throw new Misuse(`${hex(address)} is no instruction's address: it is not a multiple of 4`);
    this.#setBreakpoints([...this.#breakpoints, address]);
  }

  /** @returns false when there is none. */
  removeBreakpoint(address: number): boolean {
    const index = this.#breakpoints.indexOf(address);
    if (index >= 0) this.#setBreakpoints(this.#breakpoints.toSpliced(index, 1));
    return index >= 0;
  }

  /** Stops runs before the guest accesses any of the bytes. */
  addWatchpoint(watchpoint: Watchpoint): void {
    this.#setWatchpoints([...this.#watchpoints, watchpoint]);
  }

  /** @returns false when there is no equal one. */
  removeWatchpoint({ address, size, kind }: Watchpoint): boolean {
    const index = this.#watchpoints.findIndex(
      (one) => one.address === address && one.size === size && one.kind === kind,
    );
    if (index >= 0) this.#setWatchpoints(this.#watchpoints.toSpliced(index, 1));
    return index >= 0;
  }

  /** Removes all breakpoints and watchpoints. */
  clear(): void {
    this.processor.setWatches([]);
    this.#breakpoints = [];
    this.#watchpoints = [];
  }

  /**
   * Runs the given number of steps: instructions, delay slots included, where a host function counts as one. Ends
   * early for the same reasons as runUntil().
   */
  step(count = 1): Halt {
    this.#halt = (this.#history ?? this.#target).advance(count);
    return this.#halt;
  }

  /**
   * Begins a history here, in which reverseStep() and reverse() go back.
   * @returns false when the target can't go back.
   */
  record(options: HistoryOptions = {}): boolean {
    checkOptions("record()", options, HISTORY_OPTIONS);
    const { rewindable } = this.#target;
    this.#history = rewindable == null ? null : new History(rewindable, options);
    return this.#history !== null;
  }

  /** Whether there is a history. */
  get recording(): boolean {
    return this.#history !== null;
  }

  /** Must be called when registers or memory were changed: the history begins anew. */
  changed(): void {
    this.#history?.restart();
  }

  /** Goes back this many steps, whatever breakpoints there are. @throws Misuse without a history. */
  reverseStep(count = 1): Halt {
    const { history, target } = this.#past();
    const to = target.steps - count;
    this.#goTo(to);
    this.#halt = { reason: to < history.first ? "begin" : "steps" };
    return this.#halt;
  }

  /**
   * Goes back to the last place where a forward run would stop: before the instruction at a breakpoint, and after one that
   * has accessed a watched address, whose access is the next to be undone. The generator yields while it searches; if it
   * is ended early, the guest is where it was.
   * @throws Misuse without a history.
   */
  *reverse(): Generator<undefined, Halt> {
    const { history, target } = this.#past();
    const { steps } = target;
    let to = steps;
    try {
      for (const past of history.haltsBefore(steps)) {
        if (past === null) {
          yield;
          continue;
        }
        to = past.halt.reason === "watchpoint" ? past.steps + 1 : past.steps;
        this.#halt = past.halt;
        return past.halt;
      }
      to = history.first;
      this.#halt = { reason: "begin" };
      return this.#halt;
    } finally {
      this.#goTo(to);
    }
  }

  /** Runs until a breakpoint, a watchpoint, the end, or a condition in the options. */
  runUntil({ address, budget, exception = false }: RunOptions = {}): Halt {
    const extra = [
      ...(address === undefined ? [] : [address]),
      ...(exception ? vectors(this.processor) : []),
    ];
    if (extra.length === 0) return this.step(budget ?? Number.POSITIVE_INFINITY);
    this.#apply([...this.#breakpoints, ...extra], this.#watchpoints);
    try {
      return this.step(budget ?? Number.POSITIVE_INFINITY);
    } finally {
      this.#apply(this.#breakpoints, this.#watchpoints);
    }
  }

  #past(): { readonly history: History; readonly target: Rewindable } {
    const { rewindable } = this.#target;
    if (this.#history === null || rewindable == null) {
      throw new Misuse("there is no history to go back in: record() begins one");
    }
    return { history: this.#history, target: rewindable };
  }

  #goTo(steps: number): void {
    this.processor.setWatches([]);
    try {
      this.#history?.goTo(steps);
    } finally {
      this.#apply(this.#breakpoints, this.#watchpoints);
      this.processor.run(0); // a breakpoint at pc is reported by this, and the next run passes it
    }
  }

  #setBreakpoints(breakpoints: number[]): void {
    this.#apply(breakpoints, this.#watchpoints);
    this.#breakpoints = breakpoints;
  }

  #setWatchpoints(watchpoints: Watchpoint[]): void {
    this.#apply(this.#breakpoints, watchpoints);
    this.#watchpoints = watchpoints;
  }

  #apply(breakpoints: readonly number[], watchpoints: readonly Watchpoint[]): void {
    this.processor.setWatches([
      ...breakpoints.map((address) => ({ address, size: 4, kind: "execute" as const })),
      ...watchpoints,
    ]);
  }
}

/** The exception vectors of a processor that handles exceptions itself; otherwise none. */
function vectors(processor: Processor): number[] {
  if (processor.mode & MODE_STOP_ON_EXCEPTION) return [];
  const base = processor.cp0(CP0_EBASE >>> 3, CP0_EBASE & 7);
  return [base, BOOT_BASE].flatMap((start) => VECTORS.map((offset) => (start + offset) >>> 0));
}

/** A debugger reads and writes existing memory and allocates none. */
const NOTHING_TO_ALLOCATE = new RangeAllocator(0, 0);
