// The debugger: breakpoints, watchpoints, steps and registers over anything that runs guest code: a call
// that a machine has entered, or a bare processor. It keeps the lists and the names of registers; where a
// run stops is the core's (assembly/memory/watches.ts). Breakpoints never show in guest memory, stops happen
// before the instruction, and what the host writes or reads meets no watchpoint.

import { MODE_STOP_ON_EXCEPTION } from "../../assembly/shared/cpu-state.ts";
import { CP0_EBASE } from "../../assembly/shared/opcodes.ts";
import { RangeAllocator } from "../bytes/ranges.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import { GuestMemory } from "./guest-memory.ts";
import type { Processor } from "./processor.ts";
import type { Halt } from "./stop.ts";
import type { WatchKind } from "./watches.ts";

/** Something that runs guest code and can stand still: a GuestCall is one, bareRun() makes another. */
export interface DebugTarget {
  readonly processor: Processor;
  /** Goes on for at most so many steps. */
  advance(steps?: number): Halt;
}

export interface Watchpoint {
  readonly address: number;
  /** Bytes. */
  readonly size: number;
  readonly kind: Exclude<WatchKind, "execute">;
}

export interface RunOptions {
  /** Stop before the instruction at this address too. */
  readonly address?: number;
  /** Stop after so many steps; without it, when something else stops the run. */
  readonly budget?: number;
  /**
   * On a processor that takes its exceptions itself: stop at the first instruction of a vector. (Where
   * exceptions are the host's, they always end the run.) The vectors are those that EBase says when the run
   * begins, and the boot vectors.
   */
  readonly exception?: boolean;
}

const BOOT_BASE = 0xbfc00200;
const VECTORS = [0x000, 0x180, 0x200];

export class Debugger {
  readonly processor: Processor;
  /** Guest memory by guest address; reading and writing meets no watchpoint. */
  readonly memory: GuestMemory;
  readonly #target: DebugTarget;
  /** As often as it was added. */
  #breakpoints: number[] = [];
  #watchpoints: Watchpoint[] = [];
  #halt: Halt = { reason: "steps" };

  constructor(target: DebugTarget) {
    this.#target = target;
    this.processor = target.processor;
    this.memory = new GuestMemory(target.processor, NOTHING_TO_ALLOCATE);
  }

  /** Why the guest stands still. */
  get halt(): Halt {
    return this.#halt;
  }

  get breakpoints(): readonly number[] {
    return this.#breakpoints;
  }

  get watchpoints(): readonly Watchpoint[] {
    return this.#watchpoints;
  }

  /** Stops runs before the instruction at an address. @throws Misuse when it isn't a word's. */
  addBreakpoint(address: number): void {
    if (address % 4 !== 0) throw new Misuse(`no instruction can lie at ${hex(address)}`);
    this.#setBreakpoints([...this.#breakpoints, address]);
  }

  /** @returns false when there is none. */
  removeBreakpoint(address: number): boolean {
    const index = this.#breakpoints.indexOf(address);
    if (index >= 0) this.#setBreakpoints(this.#breakpoints.toSpliced(index, 1));
    return index >= 0;
  }

  /** Stops runs before an access of the guest to any of the bytes. */
  addWatchpoint(watchpoint: Watchpoint): void {
    this.#setWatchpoints([...this.#watchpoints, watchpoint]);
  }

  /** @returns false when there is none like it. */
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
   * Runs so many steps: instructions, delay slots among them; a host function is one. Ends early as
   * runUntil() does.
   */
  step(count = 1): Halt {
    this.#halt = this.#target.advance(count);
    return this.#halt;
  }

  /** Runs until a breakpoint, a watchpoint, the end, or what the options add. */
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

/** Where the processor goes with an exception, as far as it takes them itself. */
function vectors(processor: Processor): number[] {
  if (processor.mode & MODE_STOP_ON_EXCEPTION) return [];
  const base = processor.cp0(CP0_EBASE >>> 3, CP0_EBASE & 7);
  return [base, BOOT_BASE].flatMap((start) => VECTORS.map((offset) => (start + offset) >>> 0));
}

/** A debugger reads and writes what is there; it sets nothing aside. */
const NOTHING_TO_ALLOCATE = new RangeAllocator(0, 0);
