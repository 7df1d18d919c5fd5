// Linux's verdict on a module, and what farjal's loader makes of it. Both are always found: what Linux says never depends
// on what the options let farjal mend. Linux's verdict comes from loading the unchanged file without any help; only if that
// is refused, or if help was asked for, the module is loaded a second time with it.

import type { Address } from "../address.ts";
import { counted } from "../html/numbers.ts";
import { type Block, type LoadedModule, Refusal } from "../index.ts";
import { type LinuxVerdict, type Mending, mendedWith } from "../report/verdict-text.ts";
import {
  type Files,
  openLoading,
  type RunningSession,
  readFiles,
  type SessionOptions,
  type StillSession,
} from "./session.ts";

/** One load of the module. */
export interface Attempt {
  /** Null when a dependency was refused. */
  readonly session: RunningSession | StillSession | null;
  readonly loaded: {
    readonly module: LoadedModule<Address>;
    readonly blocks: ReadonlyMap<Block, Uint8Array>;
  } | null;
  readonly refusal: Refusal | null;
}

export interface Judgement {
  /** Linux's own verdict. */
  readonly linux: Attempt;
  /** What farjal made of it; the same as `linux` if nothing was mended. */
  readonly farjal: Attempt;
  /** How the far jumps are mended, or could be; null if there are none. */
  readonly mending: Mending | null;
  /** Whether the verdict that was asked for holds: Linux's, or farjal's if the options let it help. */
  readonly held: boolean;
}

/** @throws Misuse for files that can't be read, Refusal for a file that is no module. */
export async function judge(path: string, options: SessionOptions): Promise<Judgement> {
  const files = await readFiles(path, options);
  const { farJumps, stubMissing } = options;
  const linux = await attempt(files, { ...options, farJumps: "refuse", stubMissing: false });
  const helped = farJumps === "rewrite" || (linux.refusal !== null && farJumps !== "refuse");
  const stubbed = linux.refusal !== null && stubMissing === true;
  const farjal = helped || stubbed ? await attempt(files, options) : linux;
  const mending = mendingOf(linux, farjal, options);
  const helps = farJumps === "trampoline" || farJumps === "rewrite";
  const allowed = linux.refusal === null || helps || (stubbed && mending === null);
  return { linux, farjal, mending, held: farjal.loaded !== null && allowed };
}

async function attempt(files: Files, options: SessionOptions): Promise<Attempt> {
  let session: Attempt["session"] = null;
  try {
    session = await openLoading(files, options);
    return { session, loaded: session.loadWhole(), refusal: null };
  } catch (error) {
    if (error instanceof Refusal) return { session, loaded: null, refusal: error };
    throw error;
  }
}

/** Linux's verdict on a file that was read: null if Linux loads it. */
export async function linuxRefusal(files: Files, options: SessionOptions): Promise<Refusal | null> {
  return (await linuxLoad(files, options)).refusal;
}

/** A load of a file that was read as its kernel does it, without farjal's help. */
export function linuxLoad(files: Files, options: SessionOptions): Promise<Attempt> {
  return attempt(files, { ...options, farJumps: "refuse", stubMissing: false });
}

/** What helped the modules of a session that Linux would refuse. */
export interface Help {
  readonly linux: LinuxVerdict;
  readonly mend: Mending | null;
  /** A sentence about it, or nothing. */
  readonly note: string;
}

/** @param session one whose modules are loaded. */
export function helpIn(session: RunningSession, options: SessionOptions): Help {
  const mend = mendedIn(session, options);
  const { file, machine } = session;
  const names = file.elf.symbols.filter(({ section, index }) => section === 0 && index > 0);
  const stubs = names.filter(({ name }) => machine.importOf(name)?.from === "stub").length;
  const helped = [
    ...(mend === null ? [] : [mendedWith(mend)]),
    ...(stubs === 0 ? [] : [`${counted(stubs, "stub")} for missing imports`]),
  ];
  if (helped.length === 0) return { linux: "loads", mend, note: "" };
  const note = `note: Linux refuses ${file.name} as it is; farjal loads it with ${helped.join(" and ")}\n`;
  return { linux: "refused", mend, note };
}

/** How the far jumps of a session's modules are mended; null if there are none. */
function mendedIn(
  session: RunningSession | StillSession,
  { farJumps: chosen }: SessionOptions,
): Mending | null {
  if (session.mended != null) {
    const changes = session.mended.changes.length;
    if (changes === 0) return null;
    return { how: "rewriting", changes, farJumps: 0, trampolines: 0, asked: true };
  }
  const plans = session.machine.modules.map(({ plan }) => plan);
  return mendingBy("trampolines", plans, chosen === "trampoline");
}

/** How far jumps were mended, or how they could be. */
function mendingOf(linux: Attempt, farjal: Attempt, options: SessionOptions): Mending | null {
  if (farjal !== linux) return farjal.session === null ? null : mendedIn(farjal.session, options);
  const plan = plannedFor(linux);
  return plan === null ? null : mendingBy("none", [plan], false);
}

function mendingBy(
  how: Mending["how"],
  plans: readonly LoadedModule<Address>["plan"][],
  asked: boolean,
): Mending | null {
  const farJumps = plans.reduce((sum, plan) => sum + plan.farJumps.length, 0);
  if (farJumps === 0) return null;
  const trampolines = plans.reduce((sum, plan) => sum + plan.trampolines.length, 0);
  return { how, changes: 0, farJumps, trampolines, asked };
}

/** The plan for a module that Linux refuses, if it came so far; it is made before relocation. */
export function plannedFor({ session, refusal }: Attempt): LoadedModule<Address>["plan"] | null {
  if (session === null || refusal === null) return null;
  try {
    return session.plan().plan;
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}
