// The calls of one run, by place and callee, with what each executed until it returned. The core reports jumps to the
// functions' first instructions and to the places where their calls return (src/processor/marks.ts), so the counts are
// exact; code is interpreted meanwhile.

import { PROFILED_DEPTH } from "../limits.ts";

/** The calls from one place to one function. */
export interface CallEdge {
  /** The jal or jalr; of a tail call, which leaves no trace of its place, the caller's first instruction. */
  readonly site: number;
  /** The callee's first instruction. */
  readonly callee: number;
  readonly calls: number;
  /**
   * Executed by the callee and all that it called. Calls of a function that is active already count as none: what they
   * execute is in the call that it is active by.
   */
  readonly instructions: number;
}

/** What is asked of the processor. */
export interface CallGraphProcessor {
  readonly count: number;
  readonly pc: number;
  gpr(number: number): number;
  follow(reached: ((address: number) => void) | null): void;
  mark(address: number): void;
}

interface Frame {
  /** Null for what the run began with. */
  readonly site: number | null;
  readonly callee: number;
  readonly back: number;
  readonly sp: number;
  readonly entered: number;
  /** Whether no frame below it is of the same function. */
  readonly isOutermost: boolean;
}

const [SP, RA] = [29, 31];
/** A call's jump and its delay slot. */
const CALL_SIZE = 8;

export class CallGraph {
  readonly #processor: CallGraphProcessor;
  readonly #entries: ReadonlySet<number>;
  readonly #frames: Frame[] = [];
  readonly #active = new Map<number, number>();
  readonly #edges = new Map<string, { -readonly [Key in keyof CallEdge]: CallEdge[Key] }>();

  /**
   * Begins at the processor's pc, the first instruction of a function.
   * @param entries the first instructions of functions.
   */
  constructor(processor: CallGraphProcessor, entries: Iterable<number>) {
    this.#processor = processor;
    this.#entries = new Set(entries);
    processor.follow((address) => this.#reached(address));
    for (const entry of this.#entries) processor.mark(entry);
    this.#push(null, processor.pc);
  }

  /** Ends it: calls that haven't returned end here. */
  end(): CallEdge[] {
    this.#processor.follow(null);
    this.#pop(0);
    return [...this.#edges.values()];
  }

  #reached(address: number): void {
    const [sp, ra] = [this.#processor.gpr(SP), this.#processor.gpr(RA)];
    const returned = this.#frames.findLastIndex(
      (frame) => frame.back === address && frame.sp === sp,
    );
    if (returned > 0) {
      let first = returned;
      // A function that ends in a jump to another one returns with it.
      while (first > 1 && this.#isOf(first - 1, address, sp)) first--;
      this.#pop(first);
    }
    if (!this.#entries.has(address) || this.#frames.length === PROFILED_DEPTH) return;
    const top = this.#frames.at(-1);
    const isTail = top !== undefined && top.back === ra && top.sp === sp;
    // A loop that begins with the function's first instruction.
    if (isTail && top.callee === address) return;
    this.#push(isTail ? top.callee : (ra - CALL_SIZE) >>> 0, address);
  }

  #isOf(index: number, back: number, sp: number): boolean {
    const frame = this.#frames[index];
    return frame?.back === back && frame.sp === sp;
  }

  #push(site: number | null, callee: number): void {
    const { count } = this.#processor;
    const [sp, back] = [this.#processor.gpr(SP), this.#processor.gpr(RA)];
    const active = this.#active.get(callee) ?? 0;
    this.#active.set(callee, active + 1);
    this.#frames.push({ site, callee, back, sp, entered: count, isOutermost: active === 0 });
    this.#processor.mark(back);
  }

  /** Ends the calls from a frame on. */
  #pop(from: number): void {
    const { count } = this.#processor;
    for (const { site, callee, entered, isOutermost } of this.#frames.splice(from).reverse()) {
      this.#active.set(callee, (this.#active.get(callee) ?? 1) - 1);
      if (site === null) continue;
      const key = `${site} ${callee}`;
      const edge = this.#edges.get(key) ?? { site, callee, calls: 0, instructions: 0 };
      edge.calls++;
      if (isOutermost) edge.instructions += count - entered;
      this.#edges.set(key, edge);
    }
  }
}
