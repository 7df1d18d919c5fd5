// The number of steps a run may take: instructions, where a call of a host function counts as many as take the host's
// time. A guest may loop forever; a budget ends its run at an exact step.

import { Misuse } from "../errors.ts";

/** The default budget of a run, in steps. */
export const DEFAULT_BUDGET = 1_000_000_000;

/**
 * The steps that a call of a host function counts for, besides what its work is charged: the host serves one in the time
 * of some hundreds of interpreted instructions.
 */
export const HOST_CALL_STEPS = 200;

/** @throws Misuse unless it is a whole number of steps, at least 1. */
export function checkBudget(budget: number): void {
  if (!Number.isSafeInteger(budget) || budget < 1) {
    throw new Misuse(`a budget is a number of instructions, at least 1; ${budget} is not`);
  }
}

/** A budget of steps, shared by a call and the calls nested in it. */
export class Budget {
  readonly total: number;
  #spent = 0;

  constructor(total: number, spent = 0) {
    this.total = total;
    this.#spent = spent;
  }

  get spent(): number {
    return this.#spent;
  }

  get left(): number {
    return Math.max(this.total - this.#spent, 0);
  }

  /** Goes back to an earlier state of it. */
  rewind(spent: number): void {
    this.#spent = spent;
  }

  spend(steps: number): void {
    this.#spent += steps;
  }
}
