// The open calls of each thread of a kernel, as function_graph's shadow stacks hold them. A call is over when a jump
// leads to its return address while the stack pointer is as it was at its entry. Calls that end in another way (a task
// that exits, a jump out of an exception) are dropped when the stack pointer has passed them.

import { OBSERVED_CALLS, OBSERVED_DEPTH, OBSERVED_THREADS } from "../limits.ts";

/** An open call. */
export interface OpenCall {
  readonly ip: number;
  /** When it was entered. */
  readonly entered: number;
  readonly back: number;
  readonly sp: number;
}

/** A stack's memory: a task's, and an interrupt's, has 8 KiB or more, at a multiple of its size (THREAD_SIZE). */
const STACK_SIZE = 0x2000;

export class CallStacks {
  readonly #stacks = new Map<number, OpenCall[]>();
  readonly #maxDepth: number;
  /** Calls entered since the open ones were counted. */
  #entered = 0;

  /** @param maxDepth calls nested so deep are ignored; 0: none is. */
  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth === 0 ? OBSERVED_DEPTH : Math.min(maxDepth, OBSERVED_DEPTH);
  }

  /** A function is entered. @returns its depth; undefined when it is ignored. */
  enter(thread: number, sp: number, back: number, ip: number, entered: number): number | undefined {
    if (this.#entered >= OBSERVED_CALLS && this.#open() >= OBSERVED_CALLS) this.#stacks.clear();
    this.#entered += 1;
    const stack = this.#of(thread);
    for (let top = stack.at(-1); top !== undefined && isPast(top.sp, sp); top = stack.at(-1)) {
      stack.pop();
    }
    if (stack.length >= this.#maxDepth) return undefined;
    return stack.push({ ip, entered, back, sp }) - 1;
  }

  /** A jump leads to an address: reports each call that this ends, the innermost first. */
  leave(
    thread: number,
    sp: number,
    address: number,
    ended: (call: OpenCall, depth: number) => void,
  ): void {
    const stack = this.#stacks.get(thread);
    if (stack === undefined) return;
    const last = stack.findLastIndex((call) => call.back === address && call.sp === sp);
    if (last < 0) return;
    stack.length = last + 1;
    // A function that ends in a jump to another one returns with it.
    for (let top = stack.at(-1); top?.back === address && top.sp === sp; top = stack.at(-1)) {
      stack.pop();
      ended(top, stack.length);
    }
  }

  #open(): number {
    this.#entered = 0;
    let open = 0;
    for (const stack of this.#stacks.values()) open += stack.length;
    return open;
  }

  #of(thread: number): OpenCall[] {
    const known = this.#stacks.get(thread);
    if (known !== undefined) return known;
    if (this.#stacks.size >= OBSERVED_THREADS) this.#stacks.clear();
    const stack: OpenCall[] = [];
    this.#stacks.set(thread, stack);
    return stack;
  }
}

/** Whether the stack, which grows down, has been taken back beyond a call's entry. Other stacks don't say. */
function isPast(entry: number, sp: number): boolean {
  return entry < sp && Math.floor(entry / STACK_SIZE) === Math.floor(sp / STACK_SIZE);
}
