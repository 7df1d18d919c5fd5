// The history of a run that a debugger can go back in. A run is deterministic, so an earlier place is reached from a
// checkpoint before it, by running again up to the exact step. Checkpoints share the pages of memory that didn't change
// between them, and their number is bounded: when there are too many, every second one goes, and the distance between
// new ones doubles. When they hold too much memory, the oldest go, and the history begins later.

import { HISTORY_BYTES } from "../limits.ts";
import type { Halt } from "./stop.ts";

/** A target whose state can be kept and put back. */
export interface Rewindable<C extends Checkpoint = Checkpoint> {
  /** The steps that it has taken, as advance() counts them. */
  readonly steps: number;
  advance(steps: number): Halt;
  /** @param before an earlier checkpoint, whose unchanged parts the new one shares. */
  checkpoint(before?: C): C;
  rewind(checkpoint: C): void;
}

export interface Checkpoint {
  /** The target's steps at that time. */
  readonly steps: number;
  /** Its pages of memory, by object: equal ones are shared. */
  readonly pages: Iterable<Uint8Array>;
}

/** Steps between two checkpoints, at first. */
const FIRST_DISTANCE = 4_000_000;
const MOST_CHECKPOINTS = 32;
/** How far before a place a further checkpoint is made when that place was reached from a far one. */
const NEAR = 2_000;
const FAR = 200_000;
/** Steps, and halts, between two chances to end a search. */
const PIECE = 2_000_000;
const HALTS = 1000;

export interface HistoryOptions {
  /** Steps between two checkpoints, at first; default: 4,000,000. */
  readonly every?: number | undefined;
  /** The most bytes of memory in all checkpoints together; default: 512 MiB. */
  readonly bytes?: number | undefined;
}

export class History {
  readonly #target: Rewindable;
  readonly #every: number;
  readonly #mostBytes: number;
  /** Ascending by steps. */
  #checkpoints: Checkpoint[];
  #distance: number;
  /** One more, near the place that was reached last. */
  #near: Checkpoint | null = null;

  /** Begins at the target's present state. */
  constructor(target: Rewindable, options: HistoryOptions = {}) {
    this.#target = target;
    this.#every = options.every ?? FIRST_DISTANCE;
    this.#distance = this.#every;
    this.#mostBytes = options.bytes ?? HISTORY_BYTES;
    this.#checkpoints = [target.checkpoint()];
  }

  /** Where the history begins. */
  get first(): number {
    return this.#checkpoints[0]?.steps ?? this.#target.steps;
  }

  /** Forgets everything before the target's present state, which was changed from outside. */
  restart(): void {
    this.#near = null;
    this.#checkpoints = [this.#target.checkpoint()];
    this.#distance = this.#every;
  }

  /** Runs on, and makes checkpoints on the way. */
  advance(steps: number): Halt {
    const end = this.#target.steps + steps;
    for (;;) {
      const due = (this.#checkpoints.at(-1)?.steps ?? 0) + this.#distance;
      const { steps: now } = this.#target;
      if (now >= due) this.#add();
      const until = now >= due ? now + this.#distance : due;
      const halt = this.#target.advance(Math.min(end, until) - now);
      if (halt.reason !== "steps" || this.#target.steps >= end) return halt;
    }
  }

  /** Goes to an earlier place, at the nearest where the history begins. Breakpoints must be switched off. */
  goTo(steps: number): void {
    const to = Math.max(steps, this.first);
    this.#rewindBefore(to + 1);
    const way = to - this.#target.steps;
    if (way > FAR) {
      this.#run(to - NEAR);
      this.#near = this.#target.checkpoint(this.#before(to));
    }
    this.#run(to);
  }

  /**
   * The last halts before a place, one for each stretch between two checkpoints, the last stretch first. The target is
   * run meanwhile, and is somewhere in the history afterwards. null is a chance to end the search.
   */
  *haltsBefore(steps: number): Generator<PastHalt | null> {
    for (let end = steps; end > this.first; ) {
      const start = this.#rewindBefore(end);
      let last: PastHalt | undefined;
      for (let turns = 1; this.#target.steps < end; turns += 1) {
        const before = this.#target.steps;
        const halt = this.#target.advance(Math.min(end - before, PIECE));
        const { steps: now } = this.#target;
        const isStuck = halt.reason === "returned" || (halt.reason === "ended" && now === before);
        if (isStuck || now >= end) break;
        if (halt.reason !== "steps") last = { steps: now, halt };
        if (halt.reason === "steps" || turns % HALTS === 0) yield null;
      }
      yield last ?? null;
      end = start;
    }
  }

  /** Puts the last checkpoint before a place back. @returns its steps. */
  #rewindBefore(steps: number): number {
    const checkpoint = this.#before(steps);
    if (checkpoint === undefined) return steps;
    this.#target.rewind(checkpoint);
    return checkpoint.steps;
  }

  #before(steps: number): Checkpoint | undefined {
    const far = this.#checkpoints.findLast((one) => one.steps < steps);
    const near = this.#near;
    return near !== null && near.steps < steps && near.steps >= (far?.steps ?? 0) ? near : far;
  }

  #run(to: number): void {
    while (this.#target.steps < to) {
      const before = this.#target.steps;
      this.#target.advance(to - before);
      if (this.#target.steps === before) return;
    }
  }

  #add(): void {
    this.#checkpoints.push(this.#target.checkpoint(this.#checkpoints.at(-1)));
    if (this.#checkpoints.length > MOST_CHECKPOINTS) {
      this.#checkpoints = this.#checkpoints.filter((_, index) => index % 2 === 0);
      this.#distance *= 2;
    }
    while (this.#checkpoints.length > 2 && bytesOf(this.#checkpoints) > this.#mostBytes) {
      this.#checkpoints.shift();
    }
  }
}

/** A halt in the past. */
export interface PastHalt {
  readonly steps: number;
  readonly halt: Halt;
}

function bytesOf(checkpoints: readonly Checkpoint[]): number {
  const pages = new Set<Uint8Array>();
  for (const checkpoint of checkpoints) for (const page of checkpoint.pages) pages.add(page);
  let bytes = 0;
  for (const page of pages) bytes += page.length;
  return bytes;
}
