// The engines: how instructions are executed, and when code is translated. A run is a loop of slices in the core.
// Between two slices the translator handles the core's reason to stop: hot code, failed guards, or code that was
// overwritten. It may then replace the core's instance, so each slice enters the current instance.

import { CPU_LIMIT } from "../../assembly/shared/cpu-state.ts";
import { COUNTING } from "../../assembly/shared/execution-counts.ts";
import { STOP_CODE, STOP_EXITS, STOP_HOT, STOP_LIMIT } from "../../assembly/shared/stops.ts";
import { RING_PUBLISHED, RING_WRITTEN } from "../../assembly/shared/trace-ring.ts";
import { ENGINE, HOT_AFTER, OBSERVING, STOP_ABOUT } from "../../assembly/shared/translated-code.ts";
import { WATCH_LENGTH } from "../../assembly/shared/watches.ts";
import type { Endian } from "../bytes/endian.ts";
import { Misuse } from "../errors.ts";
import { BlockCounts } from "../translate/block-counts.ts";
import { OBSERVATION, Translator, type TranslatorStatistics } from "../translate/translator.ts";
import { UnitCache } from "../translate/unit-cache.ts";
import type { Mapping } from "../translate/windows.ts";
import { ExecutionCounts } from "./execution-counts.ts";
import type { WasmCore } from "./wasm-core.ts";

/**
 * How instructions are executed. `interpreter` interprets each one. `translator` translates code to WebAssembly when
 * it is reached a second time, `auto` when it is hot. The guest can't distinguish the engines.
 */
export type Engine = "interpreter" | "translator" | "auto";
export const ENGINES: readonly Engine[] = ["interpreter", "translator", "auto"];

/**
 * Visits before code is translated. A guest instruction costs as much to translate as to interpret several
 * thousand times: with 100 visits instead of 8,000, a thousand calls of zstd's compressor took three times as long.
 */
const HOT: Readonly<Record<Exclude<Engine, "interpreter">, number>> = { translator: 1, auto: 8000 };
/**
 * Instructions since reset before anything is translated. Runs shorter than two million instructions finish in
 * the interpreter before V8 has compiled the first units.
 */
const COLD: Readonly<Record<Exclude<Engine, "interpreter">, number>> = { translator: 0, auto: 2e6 };

/**
 * The translator's work is paid in instructions: so much is free, and each instruction completed pays for as much as it
 * would take to interpret PAID of them. Past that, code is interpreted until the debt is paid: a run that
 * makes new code all the time costs about ten times its interpretation, and never a hundred times. Code that rewrites
 * itself waits besides (Translator.postpones). Both are for `auto`: `translator` translates whatever it costs, which is
 * what comparisons of the engines need.
 */
const FREE_WORK = 2e8;
const PAID = 8;
/**
 * Code that runs widely, as in a booting kernel, is seldom worth its translation at HOT visits. So the translator has a
 * credit. Its work is taken from the credit, and each translated instruction adds the interpretation of GAINED. While
 * nothing is left, code has to be COOL times as hot. The credit begins with EAGER_WORK, and that is also its limit: a
 * long hot loop, such as the one that unpacks a kernel, doesn't pay for the translation of all the code after it.
 */
const EAGER_WORK = 12e6;
const GAINED = 1 / 4;
const COOL = 32;
/** What it costs to observe code: the exact reading takes ten times as long. */
const OBSERVATION_WORK = 10 * OBSERVATION;
/**
 * Instructions after a translation until code is observed again for those of its accesses that were never seen: they go
 * through the page tables, and no guard of theirs will ever fail. The wait grows, and then ends.
 */
const FIRST_WAIT = 4e6;
const MORE_WAIT = 4;
const LONGEST_WAIT = 1e8;
/** A slice of so many instructions says whether translated code is worth looking for, by its share. */
const JUDGED = 1_000_000;
const LEAST_SHARE = 0.25;
/** The most slices without looking for hot code, for one with it. */
const MOST_RESTING = 4;
/** Interpreted instructions between two looks whether the debt is paid. */
const REST = 100_000;

/** V8 replaces a running function's code only between calls, so a long run is split into many calls. */
const SLICE = 2_000_000;
/** The slice for translated code; longer, since it is faster and the last instructions of a slice are interpreted. */
const TRANSLATED_SLICE = 16_000_000;
/**
 * The first slice after a translation, each one after it being twice as long: V8 compiles new code without optimising it,
 * optimises it on another thread, and uses that at the next call.
 */
const FRESH_SLICE = 250_000;
/** Counted instructions after which the core's 32-bit counts are taken. */
const UNTAKEN_COUNTS = 2 ** 30;
const ADDRESS_SPACE = 2 ** 32;
const SP = 29;
/** The core's word for "no address". */
const NOWHERE = 0xffffffff;

/** Not a reason of the core's: the translator may work again. */
const STOP_RESTED = -1;

/** The core's two loops: with the fast reading, and with the exact reading only. */
type Entry = "run" | "runExactly";

/** What the engines need from the processor. */
export interface EngineHost {
  readonly endian: Endian;
  readonly directSize: number;
  readonly words: Uint32Array;
  readonly count: number;
  readonly pc: number;
  readonly returnTo: number;
  readonly mappings: readonly Mapping[];
  gpr(number: number): number;
  physicalOf(address: number, write: boolean): number | undefined;
}

/** The process' caches of translated code. */
const CACHES: Readonly<Record<Endian, UnitCache>> = {
  little: new UnitCache(),
  big: new UnitCache(),
};

export class RunLoop {
  readonly #core: WasmCore;
  readonly #host: EngineHost;
  readonly #words: Uint32Array;
  /** From RING_WRITTEN to RING_PUBLISHED. */
  readonly #ring: BigInt64Array;
  #engine: Engine = "interpreter";
  #translator: Translator | undefined;
  #observations = 0;
  /** The count at which code is observed again, and how long that was waited for. */
  #observeAt = Number.POSITIVE_INFINITY;
  #wait = FIRST_WAIT;
  #stopReason = STOP_LIMIT;
  /** The next slice at most, while V8 has yet to optimise code. */
  #fresh = TRANSLATED_SLICE;
  /** Instructions that are interpreted without looking for hot code after a slice with little translated code. */
  #resting = 0;
  #restUntil = 0;
  /** What the translator may still do for code that has only got hot, in interpreted instructions. */
  #credit = EAGER_WORK;
  /** The translator's work and instructions that the credit includes. */
  #reckoned = { work: 0, instructions: 0 };
  readonly #counts: ExecutionCounts;
  readonly #blockCounts: BlockCounts;
  /** Instructions counted since the core's counts were taken. */
  #untaken = 0;

  constructor(core: WasmCore, host: EngineHost) {
    this.#core = core;
    this.#host = host;
    this.#words = host.words;
    const length = (RING_PUBLISHED - RING_WRITTEN) / 8 + 1;
    this.#ring = new BigInt64Array(core.buffer, RING_WRITTEN, length);
    this.#counts = new ExecutionCounts(host.words);
    this.#blockCounts = new BlockCounts(core.buffer, this.#counts);
  }

  /** Whether executed instructions are counted by their addresses. */
  get counting(): boolean {
    return this.#words[COUNTING / 4] !== 0;
  }

  set counting(counting: boolean) {
    if (counting === this.counting) return;
    this.#translator?.flush(); // which takes the counts of blocks
    this.#words[COUNTING / 4] = Number(counting);
  }

  /** The counts up to now. */
  get counts(): ExecutionCounts {
    this.#untaken = 0;
    this.#counts.take();
    this.#blockCounts.take();
    return this.#counts;
  }

  get engine(): Engine {
    return this.#engine;
  }

  set engine(engine: Engine) {
    this.#engine = engine;
    if (engine === "interpreter") {
      this.#translator?.flush();
      this.#translator = undefined;
    } else {
      this.#words[HOT_AFTER / 4] = HOT[engine];
      this.#translator ??= this.#makeTranslator();
    }
  }

  /** The translator, unless the engine is `interpreter`. It must be notified of changes made between runs. */
  get translator(): Translator | undefined {
    return this.#translator;
  }

  get statistics(): TranslatorStatistics | null {
    return this.#translator?.statistics ?? null;
  }

  /** STOP_* of the last run. */
  get stopReason(): number {
    return this.#stopReason;
  }

  /** Runs at most this many instructions; returns STOP_*, STOP_LIMIT when all of them were completed. */
  run(limitInstructions: number): number {
    const cold = this.#engine === "interpreter" ? 0 : COLD[this.#engine] - this.#host.count;
    if (cold <= 0) return this.#runWarm(limitInstructions);
    this.#words[ENGINE / 4] = 0;
    const stop = this.#run(Math.min(limitInstructions, cold), SLICE, "run");
    if (stop !== STOP_LIMIT || limitInstructions <= cold) return stop;
    return this.#runWarm(limitInstructions - cold);
  }

  #runWarm(limitInstructions: number): number {
    const translating = this.#mayTranslate();
    this.#words[ENGINE / 4] = Number(translating);
    return this.#run(limitInstructions, translating ? TRANSLATED_SLICE : SLICE, "run");
  }

  /** The same with the exact reading only. */
  runExactly(limitInstructions: number): number {
    return this.#run(limitInstructions, SLICE, "runExactly");
  }

  #run(limitInstructions: number, slice: number, entry: Entry): number {
    if (!(limitInstructions >= 0) || limitInstructions % 1 > 0)
      throw new Misuse(`an instruction limit can't be ${limitInstructions}`);
    const end = Math.min(this.#host.count + limitInstructions, Number.MAX_SAFE_INTEGER);
    for (;;) {
      const until = entry === "run" ? Math.min(end, this.#observeAt) : end;
      const reason = this.#mustRest() ? this.#rest(end, entry) : this.#runTo(until, slice, entry);
      const isEarly = reason === STOP_LIMIT && this.#host.count < end;
      const stop = isEarly ? this.#observeAgain(end) : this.#attend(reason, end);
      if (stop === undefined) continue;
      this.#publishRecords();
      return stop;
    }
  }

  /** Whether to interpret without looking for hot code: the translator's work isn't paid for, or #judge() said so. */
  #mustRest(): boolean {
    if (this.#engine !== "auto" || this.#translator === undefined) return false;
    if (this.#words[ENGINE / 4] !== 1) return false;
    const work = this.#translator.work + this.#observations * OBSERVATION_WORK;
    return work > FREE_WORK + PAID * this.#host.count || this.#host.count < this.#restUntil;
  }

  /** Whether the translator has done more than what is free and what its code has gained. */
  get #isCareful(): boolean {
    return this.#credit < 0;
  }

  /** Takes what the translator has done since the last call from its credit, and adds what its code has gained. */
  #reckon({ work, instructions }: Translator): void {
    const gained = GAINED * (instructions - this.#reckoned.instructions);
    this.#credit = Math.min(this.#credit + gained - (work - this.#reckoned.work), EAGER_WORK);
    this.#reckoned = { work, instructions };
  }

  /**
   * After a slice: looking for hot code at each taken branch makes the interpreter slower, so while little of what runs
   * is translated it is looked for in some of the slices only.
   */
  #judge(executed: number, translated: number): void {
    const translator = this.#translator;
    if (this.#engine !== "auto" || translator === undefined || executed < JUDGED) return;
    if (translated >= LEAST_SHARE * executed || !this.#isCareful) {
      this.#resting = 0;
      return;
    }
    this.#resting = Math.min(this.#resting + executed, MOST_RESTING * executed);
    this.#restUntil = this.#host.count + this.#resting;
  }

  /** Sets how hot code has to be, from what its translation has cost and gained so far. */
  #setHeat(): void {
    const translator = this.#translator;
    if (this.#engine !== "auto" || translator === undefined) return;
    this.#reckon(translator);
    this.#words[HOT_AFTER / 4] = this.#isCareful ? COOL * HOT.auto : HOT.auto;
  }

  /** Interprets for a while; returns STOP_LIMIT at the end of the run alone. */
  #rest(end: number, entry: Entry): number {
    this.#words[ENGINE / 4] = 0;
    try {
      for (;;) {
        const reason = this.#runTo(Math.min(this.#host.count + REST, end), REST, entry);
        if (reason !== STOP_LIMIT || this.#host.count >= end) return reason;
        this.#words[ENGINE / 4] = 1;
        if (!this.#mustRest()) return STOP_RESTED;
        this.#words[ENGINE / 4] = 0;
      }
    } finally {
      this.#words[ENGINE / 4] = 1;
    }
  }

  #runTo(end: number, slice: number, entry: Entry): number {
    for (;;) {
      const limit = Math.min(this.#host.count + Math.min(slice, this.#fresh), end);
      this.#fresh = Math.min(2 * this.#fresh, TRANSLATED_SLICE);
      this.#words[CPU_LIMIT / 4] = limit % ADDRESS_SPACE;
      this.#words[CPU_LIMIT / 4 + 1] = Math.floor(limit / ADDRESS_SPACE);
      this.#setHeat();
      const before = this.#host.count;
      const stayed = this.#stayed;
      const reason = this.#core.exports[entry]() >>> 0;
      this.#stopReason = reason;
      if (this.#words[ENGINE / 4] === 1)
        this.#judge(this.#host.count - before, this.#stayed - stayed);
      if (this.counting) this.#counted(this.#host.count - before);
      if (reason !== STOP_LIMIT || limit === end) return reason;
    }
  }

  get #stayed(): number {
    return this.#translator?.instructions ?? 0;
  }

  #counted(instructions: number): void {
    this.#untaken += instructions;
    if (this.#untaken > UNTAKEN_COUNTS) void this.counts;
  }

  /** Publishes to other threads the records that the core has not yet published. */
  #publishRecords(): void {
    const written = this.#ring[0] ?? 0n;
    const published = this.#ring.length - 1;
    if (this.#ring[published] !== written) Atomics.store(this.#ring, published, written);
  }

  /** Does the translator's work after a slice; returns the stop reason when the run is over, else undefined. */
  #attend(reason: number, end: number): number | undefined {
    const translator = this.#translator;
    const { pc } = this.#host;
    const about = this.#words[STOP_ABOUT / 4] ?? 0;
    if (reason === STOP_RESTED) return undefined;
    if (translator === undefined) return reason;
    if (reason === STOP_CODE) {
      translator.written(about & ~3, 4);
      return undefined;
    }
    if (reason === STOP_HOT && this.#engine === "auto" && translator.postpones(pc))
      return undefined;
    if (reason === STOP_HOT && translator.reinstall(pc)) return undefined;
    if (reason !== STOP_HOT && reason !== STOP_EXITS) return reason;
    const then = this.#observe(end);
    if (reason === STOP_HOT) translator.translate(pc);
    else translator.improve(about);
    this.#fresh = FRESH_SLICE;
    this.#wait = FIRST_WAIT;
    this.#waitForUnseen();
    if (then === STOP_LIMIT && this.#host.count < end) return undefined; // only the observation is over
    return this.#attend(then, end);
  }

  /** Observes code for accesses that were never seen, and translates units anew with what they touch. */
  #observeAgain(end: number): number | undefined {
    const then = this.#observe(end);
    this.#translator?.improveUnseen();
    this.#fresh = FRESH_SLICE;
    this.#wait *= MORE_WAIT;
    this.#waitForUnseen();
    return then === STOP_LIMIT && this.#host.count < end ? undefined : this.#attend(then, end);
  }

  #waitForUnseen(): void {
    const waits = this.#wait <= LONGEST_WAIT && this.#translator?.hasUnseen;
    this.#observeAt = waits ? this.#host.count + this.#wait : Number.POSITIVE_INFINITY;
  }

  /** Continues for a while with the core observing what the code does. */
  #observe(end: number): number {
    this.#observations++;
    this.#words[OBSERVING / 4] = 1;
    try {
      const until = Math.min(this.#host.count + OBSERVATION, end);
      return this.#runTo(until, OBSERVATION, "runExactly");
    } finally {
      this.#words[OBSERVING / 4] = 0;
    }
  }

  /**
   * False while there are breakpoints, watchpoints or marked addresses, and when the run ends inside the code to
   * translate.
   */
  #mayTranslate(): boolean {
    const translator = this.#translator;
    if (translator === undefined || this.#core.marks.on) return false;
    if ((this.#words[WATCH_LENGTH / 4] ?? 0) > 0) return false;
    const { returnTo } = this.#host;
    return returnTo === NOWHERE || !translator.covers(returnTo);
  }

  #makeTranslator(): Translator {
    const core = this.#core;
    const host = this.#host;
    const counts = (): BlockCounts | null => (this.counting ? this.#blockCounts : null);
    return new Translator({
      memory: core.memory,
      get directSize() {
        return host.directSize;
      },
      get linked() {
        return core.linked;
      },
      renew: () => core.renew(),
      get count() {
        return host.count;
      },
      get sp() {
        return host.gpr(SP);
      },
      get returnTo() {
        return host.returnTo;
      },
      get mappings() {
        return host.mappings;
      },
      cache: CACHES[host.endian],
      get counts() {
        return counts();
      },
      emit: (word, pc) => core.exports.emit(word, pc),
      emitLeave: () => core.exports.emitLeave(),
      translate: (address) => host.physicalOf(address, false),
      markPage: (address) => core.exports.markPage(address),
      markPhysical: (physical) => core.exports.markPhysical(physical),
    });
  }
}
