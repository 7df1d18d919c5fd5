// The debugger: breakpoints, watchpoints, steps and registers for anything that runs guest code: a call that a
// machine has entered, or a bare processor. It keeps the lists and the register names; the core stops the run
// (assembly/memory/watches.ts). Breakpoints are not visible in guest memory, a run stops before the instruction, and
// the host's own reads and writes trigger no watchpoint.

import { MODE_STOP_ON_EXCEPTION } from "../../assembly/shared/cpu-state.ts";
import { CP0_EBASE } from "../../assembly/shared/opcodes.ts";
import { RangeAllocator } from "../bytes/ranges.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import { GuestMemory } from "./guest-memory.ts";
import type { Processor } from "./processor.ts";
import type { Halt } from "./stop.ts";
import type { WatchKind } from "./watches.ts";

/** Something that runs guest code and can be stopped: a GuestCall, or the result of bareRun(). */
export interface DebugTarget {
  readonly processor: Processor;
  /** Continues for at most `steps` steps. */
  advance(steps?: number): Halt;
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
    this.#halt = this.#target.advance(count);
    return this.#halt;
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
