// The proof that farjal loads as Linux does: a real kernel boots on the board, or in QEMU, and loads modules, farjal loads the same ones
// at the same addresses, and every word of their memory is compared. If one of the two refuses a module, the other must
// refuse it with the same errno and lines.

import type { Errno } from "../errors.ts";
import { errnoName, Refusal } from "../errors.ts";
import { hex } from "../hex.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { readKernel } from "../kernel/read.ts";
import type { KernelStore } from "../kernel/stored.ts";
import type { ModuleFile } from "../module/file/file.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import { type Comparison, compareBlock } from "./compare.ts";
import { type GuestMachine, type GuestOptions, runGuest } from "./guest.ts";
import type { GuestModule } from "./records.ts";
import { type LivePlace, placeOf, type Reloaded, reload } from "./reload.ts";
import { gatherSubjects, type Subject } from "./subjects.ts";

export interface VerifyOptions {
  /** The path of a vmlinuz for a little-endian Malta board. */
  readonly kernel: string;
  /** Where it boots: on farjal's board (`board`, default) or in qemu-system-mipsel (`qemu`). */
  readonly machine?: GuestMachine | undefined;
  /** Keeps what was read from the kernel's image; default: nothing is kept. */
  readonly store?: KernelStore | undefined;
  /** A directory of modules, in which names and dependencies are found. */
  readonly tree?: string;
  /** The time limit of the boot, in seconds; default: 300. */
  readonly timeLimit?: number;
  /** Called while the kernel loads modules. */
  readonly onProgress?: (done: number, total: number) => void;
}

const VERIFY_OPTIONS: OptionKeys<VerifyOptions> = {
  kernel: true,
  machine: true,
  store: true,
  tree: true,
  timeLimit: true,
  onProgress: true,
};

export interface VerifiedModule {
  readonly name: string;
  readonly path: string;
  /** The address of its core block; null if the kernel refused the module before relocating it. */
  readonly base: string | null;
  /** The errno of finit_module(); null for 0. An init function may fail in a guest without the hardware. */
  readonly errno: Errno | string | null;
  /** Whether farjal loads it. */
  readonly loads: boolean;
  /** The kernel's lines. */
  readonly dmesg: readonly string[];
  /** One for each block at each moment. */
  readonly comparisons: readonly Comparison[];
  /** Other differences: in a verdict, a line, a section's address. */
  readonly problems: readonly string[];
}

export interface Verification {
  /** "6.1.0-50-4kc-malta". */
  readonly release: string | null;
  /** In the order of loading, including the dependencies of the named ones. */
  readonly modules: readonly VerifiedModule[];
  /** Whether there is neither an unexplained word nor a problem. */
  readonly held: boolean;
}

const TIME_LIMIT = 300;
/** A kernel reports each taint once, but here each module is loaded by a new machine. */
const TOLD_ONCE = /taints kernel\.$|tainting kernel$|kernel tainted\.$|due to kernel taint$/;

/**
 * Boots the kernel and compares.
 * @param names files of modules, or names in the tree.
 * @throws Misuse when something can't be read, there is no QEMU where one is wanted, or the guest fails.
 */
export async function verify(
  names: readonly string[],
  options: VerifyOptions,
): Promise<Verification> {
  checkOptions("verify()", options, VERIFY_OPTIONS);
  const subjects = await gatherSubjects(names, options.tree);
  const kernel = await readKernel(options.kernel, { store: options.store });
  const { onProgress, timeLimit = TIME_LIMIT, machine = "board" } = options;
  const guest: GuestOptions = {
    machine,
    timeLimit,
    ...(onProgress && { onProgress: (done: number) => onProgress(done, subjects.length) }),
  };
  const { modules: answers } = await runGuest(options.kernel, subjects, guest);
  const places = new Map<ModuleFile, LivePlace>();
  const modules: VerifiedModule[] = [];
  for (const [index, subject] of subjects.entries()) {
    const live = answers[index] as GuestModule;
    const place = placeOf(subject.file, live);
    if (place !== undefined) places.set(subject.file, place);
    const rivals = subjects.slice(0, index).filter((one) => exportSame(one.file, subject.file));
    const needs = [...new Set([...subject.needs, ...rivals])];
    modules.push(await verified(kernel, { ...subject, needs }, live, places));
    if (live.errno !== 0) places.delete(subject.file);
  }
  const held = modules.every(
    ({ comparisons, problems }) =>
      problems.length === 0 && comparisons.every(({ unexplained }) => unexplained === 0),
  );
  return { release: kernel.release, modules, held };
}

/** Whether two modules export the same name: then the second one is refused. */
function exportSame(one: ModuleFile, other: ModuleFile): boolean {
  const names = new Set(one.exports.map(({ name }) => name));
  return other.exports.some(({ name }) => names.has(name));
}

async function verified(
  kernel: Kernel,
  subject: Subject,
  live: GuestModule,
  places: ReadonlyMap<ModuleFile, LivePlace>,
): Promise<VerifiedModule> {
  const { name, path, file } = subject;
  const place = places.get(file);
  const outcome = await outcomeOf(() => reload(kernel, subject, (one) => places.get(one), live));
  const errno = live.errno === null || live.errno === 0 ? null : errnoText(live.errno);
  return {
    name,
    path,
    base: place === undefined ? null : hex(place.base),
    errno,
    loads: !(outcome instanceof Refusal),
    dmesg: live.lines,
    comparisons: outcome instanceof Refusal ? [] : outcome.blocks.map(compareBlock),
    problems:
      outcome instanceof Refusal
        ? refusalProblems(outcome, errno, live)
        : loadProblems(outcome, errno, live, place),
  };
}

async function outcomeOf(work: () => Promise<Reloaded>): Promise<Reloaded | Refusal> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function refusalProblems(refusal: Refusal, errno: string | null, live: GuestModule): string[] {
  const ours = refusal.dmesg.filter((line) => !TOLD_ONCE.test(line));
  const theirs = live.lines.filter((line) => !TOLD_ONCE.test(line));
  return [
    ...(refusal.errno === errno
      ? []
      : [`farjal refuses it (${refusal.errno ?? "no errno"}), Linux answers ${errno ?? "0"}`]),
    ...(ours.join("\n") === theirs.join("\n")
      ? []
      : [`farjal says "${ours.join("; ")}", Linux "${theirs.join("; ")}"`]),
  ];
}

function loadProblems(
  { module }: Reloaded,
  errno: string | null,
  { memory, sections }: GuestModule,
  place: LivePlace | undefined,
): string[] {
  if (place === undefined) {
    return [
      memory.length === 0
        ? `farjal loads it, and Linux refuses it (${errno ?? "no answer"})`
        : "of its blocks in Linux none have the sizes of farjal's layout",
    ];
  }
  const has = (name: string, address: number): boolean =>
    module.sections.some((one) => one.name === name && one.address === address);
  return sections
    .filter(({ name, address }) => !has(name, address))
    .map(({ name, address }) => `Linux has its section ${name} at ${hex(address)}, farjal hasn't`);
}

function errnoText(errno: number): Errno | string {
  return errnoName(errno) ?? `errno ${errno}`;
}
