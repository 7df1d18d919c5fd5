// Tries every way to switch a module's sites: finds the sites that a call runs and the patches that they have, and
// interrupts each patch. A long call is tried at fewer sites, a very long one at none.

import type { SitePatch } from "../ftrace/sites/site.ts";
import type { Machine } from "../lab/machine.ts";
import type { ModuleSite } from "../lab/module-sites.ts";
import { TRIAL_INSTRUCTIONS } from "../limits.ts";
import { Debugger } from "../processor/debugger.ts";
import type { Trampoline } from "../trampoline/place.ts";
import type { Design } from "./design.ts";
import {
  detour,
  type Interruptions,
  interrupt,
  type Probe,
  type WrongRun,
} from "./interruption.ts";
import { type Patch, patchesOf } from "./patch.ts";

/** A way to switch a site, and the result of interrupting it. */
export interface PatchTrial {
  readonly name: string;
  /** Words written to switch one site. */
  readonly words: number;
  /** Sites that were tried, and the number of interruptions. */
  readonly sites: number;
  readonly runs: number;
  /** Whether no run went wrong; null if no site was tried. */
  readonly atomic: boolean | null;
  readonly wrong: readonly WrongRun[];
}

/** The module and the call to try. */
export interface Trial {
  readonly design: Design;
  /** The module's trampolines. */
  readonly trampolines: readonly Trampoline[];
  /** Instructions of the call. */
  readonly instructions: number;
}

const MOST_SITES = 8;
/** The most runs of the call for a site. */
const RUNS_OF_A_SITE = 64;

/**
 * Tries the patches of the sites that the call runs, or of the first of them if there are many. The sites call _mcount,
 * which does nothing: no tracer runs.
 */
export function tryPatches(
  call: Omit<Probe, "saved">,
  sites: readonly ModuleSite[],
  { design, trampolines, instructions }: Trial,
): PatchTrial[] {
  if (sites.length === 0) return [];
  const most = Math.floor(TRIAL_INSTRUCTIONS / (RUNS_OF_A_SITE * Math.max(instructions, 1)));
  const calls = detoured(call.machine, sites);
  const probe = { ...call, saved: call.machine.save() };
  const tried = new Map<string, Interruptions[]>();
  const patches = (one: ModuleSite): readonly Patch[] => {
    const { address } = one.site;
    const veneer = trampolines.find((trampoline) => trampoline.sites.includes(address));
    return patchesOf(one.site, calls.get(one) ?? one.loaded, design, veneer);
  };
  for (const one of reached(call, sites, Math.min(most, MOST_SITES))) {
    for (const patch of patches(one)) {
      const found = interrupt(probe, one.site, patch);
      if (found !== null) tried.set(patch.name, [...(tried.get(patch.name) ?? []), found]);
    }
  }
  const kinds = new Map(sites.map((one) => [one.site.kind, one]));
  return [...kinds.values()].flatMap(patches).map(({ name, on }) => {
    const results = tried.get(name) ?? [];
    const wrong = results.flatMap((one) => one.wrong);
    return {
      name,
      words: on.length,
      sites: results.length,
      runs: results.reduce((sum, { runs }) => sum + runs, 0),
      atomic: results.length === 0 ? null : wrong.length === 0,
      wrong,
    };
  });
}

/** The long calls' words, with one detour for all that have the same target. */
function detoured(machine: Machine, sites: readonly ModuleSite[]): Map<ModuleSite, SitePatch> {
  const detours = new Map<string, SitePatch>();
  const calls = new Map<ModuleSite, SitePatch>();
  for (const one of sites.filter(({ site }) => site.kind === "long")) {
    const key = one.loaded.join();
    const call = detours.get(key) ?? detour(machine, one.loaded);
    detours.set(key, call);
    calls.set(one, call);
  }
  return calls;
}

/** The first `most` sites that the call runs, in the order of execution. */
function reached(
  { machine, target, args, budget }: Omit<Probe, "saved">,
  sites: readonly ModuleSite[],
  most: number,
): ModuleSite[] {
  if (most === 0) return [];
  const found: ModuleSite[] = [];
  const left = new Map(sites.map((one) => [one.site.address, one]));
  const call = machine.start(target, args, { budget });
  const debug = new Debugger(call);
  try {
    for (const address of left.keys()) debug.addBreakpoint(address);
    while (found.length < most && debug.runUntil().reason === "breakpoint") {
      const { pc } = machine.processor;
      const one = left.get(pc);
      if (one !== undefined) found.push(one);
      left.delete(pc);
      debug.removeBreakpoint(pc);
    }
  } finally {
    debug.clear();
    call.close();
  }
  return found;
}
