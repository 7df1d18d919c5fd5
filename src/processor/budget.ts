// How many steps a run may take: instructions, and a host function served counts as one. A guest may loop for
// ever; a budget ends that at an exact step.

import { Misuse } from "../errors.ts";

/** Steps of a run that is given no budget. */
export const DEFAULT_BUDGET = 1_000_000_000;

/** @throws Misuse unless it is a whole number of steps, at least 1. */
export function checkBudget(budget: number): void {
  if (!Number.isSafeInteger(budget) || budget < 1) {
    throw new Misuse(`a budget is a number of instructions, at least 1; ${budget} is not`);
  }
}

/** Steps that may be done, shared by a call and those within it. */
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

  spend(steps: number): void {
    this.#spent += steps;
  }
}
