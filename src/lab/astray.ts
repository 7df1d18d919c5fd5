// Simulates MediaTek's MT7620 erratum: occasionally a direct jump goes to the right offset in a wrong 256 MiB region,
// because its high nibble is wrong. Each trial runs the call once. A seeded generator chooses one execution of one j
// or jal of the module; there the processor is redirected after the delay slot, and the outcome of the call is
// recorded. The generator is xorshift32, so a seed gives the same trials on every host.

import { OP_J, OP_JAL } from "../../assembly/shared/opcodes.ts";
import { Misuse } from "../errors.ts";
import { ASTRAY_EXECUTIONS } from "../limits.ts";
import type { LoadedModule } from "../module/loaded.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import { Debugger } from "../processor/debugger.ts";
import type { Machine } from "./machine.ts";

export interface AstrayCall {
  readonly machine: Machine;
  readonly module: LoadedModule;
  /** The function's address and arguments. */
  readonly target: number;
  readonly args: readonly (number | bigint)[];
}

export interface AstrayOptions {
  /** Any 32-bit number except 0; default: 7620. */
  readonly seed?: number;
  /** How many times the call is run with one wrong jump; default: 16. */
  readonly trials?: number;
  /** Only jumps at these addresses; default: every j and jal in the module's code. */
  readonly sites?: readonly number[];
}

const ASTRAY_OPTIONS: OptionKeys<AstrayOptions> = {
  seed: true,
  trials: true,
  sites: true,
};

/** The outcome of a call with one wrong jump. */
export interface AstrayTrial {
  /** The jump's address. */
  readonly site: number;
  /** Which of the executions of the chosen jumps it was, from 0. */
  readonly execution: number;
  /** The jump's correct target, and where the processor went instead. */
  readonly target: number;
  readonly wentTo: number;
  /** same: the call returned the correct result nevertheless. */
  readonly outcome: "same" | "wrong result" | "stopped";
  readonly v0: number | null;
  /** Why it stopped; null when it returned. */
  readonly stop: string | null;
}

export interface Astray {
  readonly v0: number;
  /** The number of j and jal considered, and how often the call executes them. */
  readonly jumps: number;
  readonly executions: number;
  readonly trials: readonly AstrayTrial[];
}

const SEED = 7620;
const TRIALS = 16;
/** The budget of a call with a wrong jump, as a multiple of the correct call's length. */
const PATIENCE = 4;
const NIBBLES = 15;
const REGION_SIZE = 0x1000_0000;

/**
 * Runs the trials. Afterwards the machine is in its former state.
 * @throws Misuse when the call doesn't return by itself, or executes too many jumps to stop at each.
 */
export function runAstray(call: AstrayCall, options: AstrayOptions = {}): Astray {
  checkOptions("runAstray()", options, ASTRAY_OPTIONS);
  const { machine } = call;
  const sites = options.sites ?? directJumps(call);
  const saved = machine.save();
  const plain = machine.call(call.target, call.args, { throws: false });
  if (plain.exception !== undefined) {
    throw new Misuse(`the call doesn't return: ${plain.exception.message}`);
  }
  const budget = PATIENCE * plain.instructions + 1000;
  machine.restore(saved);
  const executions = sites.length === 0 ? 0 : countExecutions(call, sites, budget);
  const random = xorshift(options.seed ?? SEED);
  const trials: AstrayTrial[] = [];
  const count = executions === 0 ? 0 : (options.trials ?? TRIALS);
  while (trials.length < count) {
    machine.restore(saved);
    const chosen = random() % executions;
    trials.push(oneAstray(call, sites, chosen, 1 + (random() % NIBBLES), budget, plain.v0));
  }
  machine.restore(saved);
  return { v0: plain.v0, jumps: sites.length, executions, trials };
}

/** Addresses of every j and jal in the loaded module's code, including the memory around veneers. */
function directJumps({ machine, module }: AstrayCall): number[] {
  const found: number[] = [];
  for (const { executable, address, size } of module.sections) {
    if (!executable) continue;
    for (let at = address; at + 4 <= address + size; at += 4) {
      const opcode = machine.memory.u32(at) >>> 26;
      if (opcode === OP_J || opcode === OP_JAL) found.push(at);
    }
  }
  return found;
}

function countExecutions(call: AstrayCall, sites: readonly number[], budget: number): number {
  let executions = 0;
  toEach(call, sites, budget, (debug) => {
    executions += 1;
    if (executions > ASTRAY_EXECUTIONS) {
      throw new Misuse(
        `the call executes more than ${ASTRAY_EXECUTIONS} direct jumps: choose a shorter one`,
      );
    }
    debug.step(1);
    return true;
  });
  return executions;
}

function oneAstray(
  call: AstrayCall,
  sites: readonly number[],
  execution: number,
  nibble: number,
  budget: number,
  right: number,
): AstrayTrial {
  const { processor } = call.machine;
  let seen = -1;
  let [site, target, wentTo] = [0, 0, 0];
  const end = toEach(call, sites, budget, (debug) => {
    seen += 1;
    if (seen < execution) {
      debug.step(1);
      return true;
    }
    site = processor.pc;
    debug.clear();
    debug.step(2);
    target = processor.pc;
    wentTo = (target ^ (nibble * REGION_SIZE)) >>> 0;
    processor.pc = wentTo;
    return false;
  });
  const outcome = end.stop !== null ? "stopped" : end.v0 === right ? "same" : "wrong result";
  return { site, execution, target, wentTo, outcome, ...end };
}

/** Enters the call and stops before each of the jumps, until `at` ends it. */
function toEach(
  { machine, target, args }: AstrayCall,
  sites: readonly number[],
  budget: number,
  at: (debug: Debugger) => boolean,
): { readonly v0: number | null; readonly stop: string | null } {
  const entered = machine.start(target, args, { budget });
  const debug = new Debugger(entered);
  try {
    for (const site of sites) debug.addBreakpoint(site);
    while (debug.runUntil().reason === "breakpoint") if (!at(debug)) break;
    debug.clear();
    debug.runUntil();
    const { exception, v0 } = entered.result();
    return exception === undefined ? { v0, stop: null } : { v0: null, stop: exception.message };
  } finally {
    debug.clear();
    entered.close();
  }
}

/** xorshift32. */
function xorshift(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state = (state ^ (state << 5)) >>> 0;
    return state;
  };
}
