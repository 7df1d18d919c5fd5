// Tests by execution whether a call site can be switched while a thread runs it. A thread may be stopped before any
// word of the site that isn't in a delay slot (after an interrupt there, the branch is executed again), and continues
// with the words that the patch has written meanwhile. So for each direction, for each number of words written before
// the thread arrives, for each word where it may be stopped, and for each number of words written before it continues,
// the call is run. It must return its usual result, with the stack and the registers that the ABI preserves. A patch is
// atomic if all of these runs are right.

import type { CallSite, SitePatch } from "../ftrace/sites/site.ts";
import { hex } from "../hex.ts";
import { assemble, jumpTo, NOP } from "../isa/assemble.ts";
import { R, registerName } from "../isa/registers.ts";
import type { GuestCall } from "../lab/calls/guest-call.ts";
import type { Machine } from "../lab/machine.ts";
import { Debugger } from "../processor/debugger.ts";
import type { CodeWrite, Patch } from "./patch.ts";

/** An interruption after which the call went wrong. */
export interface WrongRun {
  readonly direction: "on" | "off";
  /** The word before which the thread was stopped, counted from the first word that the patch writes. */
  readonly stoppedAt: number;
  /** Words of the patch that were written when the thread arrived, and when it continued. */
  readonly written: { readonly before: number; readonly after: number };
  /** What happened, in words. */
  readonly outcome: string;
}

export interface Interruptions {
  readonly runs: number;
  readonly wrong: readonly WrongRun[];
}

/** The call that runs the site. */
export interface Probe {
  readonly machine: Machine;
  readonly target: number;
  readonly args: readonly (number | bigint)[];
  /** Instructions after which the call counts as lost. */
  readonly budget: number;
  /** From machine.save(): the state to restore after a run that went wrong. */
  readonly saved: Uint8Array;
}

interface Interruption {
  /** Words written before the run, and words written while the thread is stopped. */
  readonly before: readonly CodeWrite[];
  readonly meanwhile: readonly CodeWrite[];
  /** Instructions after the site's first one where the thread is stopped. */
  readonly steps: number;
}

const WORD = 4;
const BREAK = assemble("break", 0, 0);
/** The distance of a detour's begin from the address with the zero half. */
const DETOUR = 0x40;
/** s0 to s7, gp, sp and s8. */
const KEPT = [R.s0, R.s1, R.s2, R.s3, R.s4, R.s5, R.s6, R.s7, R.gp, R.sp, R.s8];
const DIRECTIONS = ["on", "off"] as const;

/**
 * Tries all interruptions of a patch at one site, which it leaves switched off.
 * @returns null if the call doesn't run the site.
 */
export function interrupt(probe: Probe, site: CallSite, patch: Patch): Interruptions | null {
  const { machine } = probe;
  const runs = new Runs(probe, site, [...patch.once, ...patch.off]);
  if (!runs.comesBy) return null;
  const wrong: WrongRun[] = [];
  for (const direction of DIRECTIONS) {
    const start = [...patch.once, ...patch[direction === "on" ? "off" : "on"]];
    const writes = patch[direction];
    for (let before = 0; before < writes.length; before++) {
      for (let after = before + 1; after <= writes.length; after++) {
        for (let steps = 0; ; steps++) {
          const result = runs.interrupted({
            before: [...start, ...writes.slice(0, before)],
            meanwhile: writes.slice(before, after),
            steps,
          });
          if (result === "outside") break;
          if (result === "delay slot" || result.outcome === null) continue;
          const { stoppedAt, outcome } = result;
          wrong.push({ direction, stoppedAt, written: { before, after }, outcome });
        }
      }
    }
  }
  write(machine, [...patch.once, ...patch.off]);
  return { runs: runs.count, wrong };
}

/**
 * Makes a long call reach its target through another address, whose low half isn't 0: the lab kernel's _mcount is at
 * 0x80100000, which a lui alone would reach by chance. The address that half a patch produces then leads to a break, as
 * in a kernel it leads into the middle of other code.
 * @param loaded lui and addiu.
 */
export function detour(machine: Machine, [lui, addiu]: SitePatch): SitePatch {
  const target = (((lui & 0xffff) << 16) + ((addiu << 16) >> 16)) >>> 0;
  const half = machine.memory.alloc(DETOUR + 2 * WORD, 0x10000);
  const jump = jumpTo("j", target);
  write(machine, [
    { address: half, word: BREAK },
    { address: half + DETOUR, word: jump },
    { address: half + DETOUR + WORD, word: NOP },
  ]);
  const high = (lui & 0xffff0000) | (half >>> 16);
  return [high >>> 0, ((addiu & 0xffff0000) | DETOUR) >>> 0];
}

/** Runs of one call, each starting with the same memory as far as it matters. */
class Runs {
  count = 0;
  /** Whether the call runs the site. */
  readonly comesBy: boolean;
  readonly #probe: Probe;
  readonly #site: CallSite;
  /** The call's result without any interruption. */
  readonly #result: number;
  /** Whether it returns that each time, with the memory that the last run left. */
  readonly #repeats: boolean;

  /** @param off the writes that switch the site off. */
  constructor(probe: Probe, site: CallSite, off: readonly CodeWrite[]) {
    this.#probe = probe;
    this.#site = site;
    const nothing = { before: off, meanwhile: [], steps: 0 };
    const first = this.#run(nothing, () => probe.machine.processor.gpr(R.v0));
    this.comesBy = first !== "outside";
    this.#result = typeof first === "object" ? first.end : 0;
    const again = this.#run(nothing, () => probe.machine.processor.gpr(R.v0));
    this.#repeats = typeof again === "object" && again.end === this.#result;
  }

  interrupted(
    interruption: Interruption,
  ): "outside" | "delay slot" | { readonly stoppedAt: number; readonly outcome: string | null } {
    const { machine, saved } = this.#probe;
    if (!this.#repeats) machine.restore(saved);
    const run = this.#run(interruption, (call, kept) => this.#fault(call, kept));
    if (typeof run === "string") return run;
    this.count += 1;
    if (run.end !== null) machine.restore(saved);
    return { stoppedAt: run.stoppedAt, outcome: run.end };
  }

  #run<T>(
    { before, meanwhile, steps }: Interruption,
    atEnd: (call: GuestCall, kept: readonly number[]) => T,
  ): "outside" | "delay slot" | { readonly stoppedAt: number; readonly end: T } {
    const { machine, target, args, budget } = this.#probe;
    const { address, words } = this.#site;
    write(machine, before);
    const call = machine.start(target, args, { budget });
    const debug = new Debugger(call);
    try {
      const kept = KEPT.map((register) => machine.processor.gpr(register));
      if (debug.runUntil({ address }).reason !== "breakpoint") return "outside";
      for (let step = 0; step < steps; step++) {
        debug.step();
        const into = machine.processor.pc - address;
        if (into < 0 || into >= WORD * words) return "outside";
      }
      if (machine.processor.inDelaySlot) return "delay slot";
      const stoppedAt = (machine.processor.pc - address) / WORD;
      write(machine, meanwhile);
      debug.runUntil();
      return { stoppedAt, end: atEnd(call, kept) };
    } finally {
      debug.clear();
      call.close();
    }
  }

  /** Describes what is wrong with a call that has ended; null if it is right. */
  #fault({ halt, processor: core }: GuestCall, kept: readonly number[]): string | null {
    if (halt.reason === "ended") return halt.stop.message;
    if (halt.reason !== "returned") return `it doesn't go on: ${halt.reason}`;
    const result = core.gpr(R.v0);
    if (result !== this.#result) return `returned ${hex(result)}, not ${hex(this.#result)}`;
    const lost = KEPT.findIndex((register, index) => core.gpr(register) !== kept[index]);
    if (lost < 0) return null;
    const register = KEPT[lost] ?? 0;
    const off = core.gpr(register) - (kept[lost] ?? 0);
    return `returned with ${registerName(register)} off by ${off}`;
  }
}

function write({ memory }: Machine, writes: readonly CodeWrite[]): void {
  for (const { address, word } of writes) memory.setU32(address, word);
}
