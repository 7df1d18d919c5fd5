// A loop's plan: what has to hold at its begin so that a number of turns needs no check. If it does, FUEL lasts for
// these turns and every access of every one of them is in its window. So the turns run without a guard and without a
// look at FUEL; what isn't planned runs in the same loop with its checks. A plan is a value: loop-planner.ts makes it
// of a unit's blocks, loop-code.ts writes its code.

import type { Form } from "./address-form.ts";

/** Addresses that must be in a window in each turn. */
export interface Reach {
  /** The lowest of them in the first turn, from the window's start. */
  readonly lowest: Form;
  /** The greatest distance of `lowest` from the window's start that leaves room for all of them. */
  readonly room: number;
  /** The change of the addresses with each turn. */
  readonly stride: number;
  /** log2 of an access's size, to which the address must be aligned. */
  readonly log2: number;
}

/** The loop ends when a distance, which shrinks by `step` with each turn, is 0 at the last branch of a turn. */
export interface Trip {
  /** The distance at that branch in the first turn. */
  readonly distance: Form;
  /** Not 0, unsigned. */
  readonly step: number;
}

export interface LoopPlan {
  /** The least and the most instructions of a turn. */
  readonly least: number;
  readonly most: number;
  readonly reaches: readonly Reach[];
  /** Only if all turns have the same length. Without it, each turn tests whether it is the last. */
  readonly trip: Trip | undefined;
  /** Registers that only addresses are made of: in these turns they hold so much less, the window's start. */
  readonly rebased: ReadonlyMap<number, number>;
  /**
   * Whether the last turn has code of its own. What a turn leaves in registers for nobody but an exit is then kept in the
   * last turn alone, and the other turns need fewer of the host's registers. Only with a trip.
   */
  readonly lastApart: boolean;
}
