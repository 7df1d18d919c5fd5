// The proof that farjal loads as Linux does: a real kernel boots on the board, or in QEMU, and loads modules; farjal
// loads the same ones at the same addresses. Every word of their memory is compared, and the addresses of sections, the
// loader's lines, /proc/modules, the functions that tracefs lists while they are traced, and the text of the trace of
// their init functions (traces.ts). If one of the two refuses a module, the other must refuse it with the same errno and
// lines.

import { host } from "#host";
import type { Address } from "../address.ts";
import type { Endian } from "../bytes/endian.ts";
import { unpackedFile } from "../compression/unpack.ts";
import type { Errno } from "../errors.ts";
import { errnoName, Misuse, Refusal } from "../errors.ts";
import { hex } from "../hex.ts";
import { type AnyKernel, isOf64Bits } from "../kernel/kernel.ts";
import { kernelOf32Bits, readAnyKernel } from "../kernel/read.ts";
import type { KernelStore } from "../kernel/stored.ts";
import { KERNEL_BYTES } from "../limits.ts";
import type { ModuleFile } from "../module/file/file.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import { isInitBlock } from "../trampoline/facts.ts";
import { type Comparison, compareBlock } from "./compare.ts";
import { type GuestMachine, type GuestOptions, runGuest } from "./guest.ts";
import type { GuestModule, GuestRecords } from "./records.ts";
import {
  type LivePlace,
  placeOf,
  type Reloaded,
  type Rival,
  reload,
  rival32,
  rival64,
} from "./reload.ts";
import { gatherSubjects, type Subject } from "./subjects.ts";
import { TraceCheck } from "./traces.ts";

export interface VerifyOptions {
  /** The path of a kernel for a Malta board of either byte order: a vmlinuz or a vmlinux, packed or not. */
  readonly kernel: string;
  /** Where it boots: on farjal's board (`board`; default for 32 bits) or in QEMU (`qemu`; default for 64 bits). */
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

export const VERIFY_OPTIONS: OptionKeys<VerifyOptions> = {
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
  /**
   * Whether the kernel was paused, and the memory compared, before any code of the module had run. A kernel without
   * userfaultfd(2) can't be paused there.
   */
  readonly paused: boolean;
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
const PRINTED_ONCE = /taints kernel\.$|tainting kernel$|kernel tainted\.$|due to kernel taint$/;

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
  const { tree, ...own } = options;
  const subjects = await gatherSubjects(names, tree);
  const verifier = await openVerifier(own);
  verifier.check(subjects);
  return verifier.verify(subjects);
}

/** A kernel that has been read once, for as many boots as wanted. */
export interface Verifier {
  readonly release: string | null;
  readonly machine: GuestMachine;
  /** @throws Misuse for a module that is for another kind of kernel. */
  check(subjects: readonly Subject[]): void;
  /** Boots the kernel with these modules, in this order, and compares. */
  verify(subjects: readonly Subject[]): Promise<Verification>;
}

/** @throws Misuse for a kernel that can't be read or booted. */
export async function openVerifier(options: Omit<VerifyOptions, "tree">): Promise<Verifier> {
  const kernel = await readAnyKernel(options.kernel, { store: options.store });
  const endian = bootableEndian(kernel, options.kernel);
  const image = await unpackedFile(host.readFile(options.kernel, KERNEL_BYTES));
  const { machine = isOf64Bits(kernel) ? "qemu" : "board" } = options;
  if (isOf64Bits(kernel) && machine === "board") {
    throw new Misuse(
      `${options.kernel} is a 64-bit kernel, and farjal's board has a 32-bit processor: QEMU boots it (--machine qemu)`,
    );
  }
  const verifier = <A extends Address>(rival: Rival<A>): Verifier => ({
    release: kernel.release,
    machine,
    check: (subjects) => requireOwn(kernel, options.kernel, subjects),
    verify: (subjects) => {
      return verifiedWith(rival, image, subjects, { ...options, machine, endian });
    },
  });
  return isOf64Bits(kernel)
    ? verifier(rival64(kernel))
    : verifier(rival32(kernelOf32Bits(kernel, options.kernel)));
}

/** Whether a module is the same in farjal as in the kernel. */
export function isSame({ comparisons, problems }: VerifiedModule): boolean {
  return problems.length === 0 && comparisons.every(({ unexplained }) => unexplained === 0);
}

async function verifiedWith<A extends Address>(
  rival: Rival<A>,
  image: Uint8Array,
  subjects: readonly Subject[],
  options: VerifyOptions & { readonly machine: GuestMachine; readonly endian: Endian },
): Promise<Verification> {
  const { onProgress, timeLimit = TIME_LIMIT, machine, endian } = options;
  const { kernel, width } = rival;
  const guest: GuestOptions<A> = {
    ...{ machine, endian, width, timeLimit },
    ...(onProgress && { onProgress: (done: number) => onProgress(done, subjects.length) }),
  };
  const answers = await runGuest(image, subjects, guest);
  const verification: Context<A> = { rival, answers, places: new Map(), traces: new TraceCheck() };
  const { places } = verification;
  const modules: VerifiedModule[] = [];
  for (const [index, subject] of subjects.entries()) {
    const live = answers.modules[index] as GuestModule<A>;
    const place = placeOf(subject.file, live, width);
    if (place !== undefined) places.set(subject.file, place);
    const rivals = subjects.slice(0, index).filter((one) => exportSame(one.file, subject.file));
    const needs = [...new Set([...subject.needs, ...rivals])];
    modules.push(await verified({ ...subject, needs }, live, verification));
    if (live.errno !== 0) places.delete(subject.file);
  }
  return { release: kernel.release, modules, held: modules.every(isSame) };
}

/** What the modules of a verification have in common. */
interface Context<A extends Address> {
  readonly rival: Rival<A>;
  readonly answers: GuestRecords<A>;
  /** Of the modules that the live kernel has. */
  readonly places: Map<ModuleFile, LivePlace<A>>;
  readonly traces: TraceCheck;
}

/** The byte order in which the kernel boots. @throws Misuse if it can't boot. */
function bootableEndian({ endian, image }: AnyKernel, path: string): Endian {
  if (endian === null || image === null) {
    throw new Misuse(`${path} can't be booted: it is only a list of symbols`);
  }
  return endian;
}

/** @throws Misuse for a module that is for another kind of kernel. */
function requireOwn({ endian, bits }: AnyKernel, path: string, subjects: readonly Subject[]): void {
  for (const { path: module, file } of subjects) {
    const { elf } = file;
    const [own, theirs] =
      elf.endian === endian
        ? [`${elf.class}-bit`, `${bits}-bit`]
        : [`${elf.endian}-endian`, `${endian}-endian`];
    if (own === theirs) continue;
    throw new Misuse(`${module} is for a ${own} kernel, and ${path} is ${theirs}`);
  }
}

/** Whether two modules export the same name: then the second one is refused. */
function exportSame(one: ModuleFile, other: ModuleFile): boolean {
  const names = new Set(one.exports.map(({ name }) => name));
  return other.exports.some(({ name }) => names.has(name));
}

async function verified<A extends Address>(
  subject: Subject,
  live: GuestModule<A>,
  { rival, answers, places, traces }: Context<A>,
): Promise<VerifiedModule> {
  const { name, path, file } = subject;
  const place = places.get(file);
  const outcome = await outcomeOf(() => reload(rival, subject, (one) => places.get(one), live));
  const errno = live.errno === null || live.errno === 0 ? null : errnoText(live.errno);
  return {
    name,
    path,
    base: place === undefined ? null : hex(place.base),
    errno,
    loads: !(outcome instanceof Refusal),
    dmesg: live.lines,
    paused: live.paused,
    comparisons: outcome instanceof Refusal ? [] : outcome.blocks.map((one) => compareBlock(one)),
    problems:
      outcome instanceof Refusal
        ? refusalProblems(outcome, errno, live)
        : [
            ...loadProblems(outcome, errno, live, place),
            ...(errno === null ? presenceProblems(outcome, live, answers) : []),
            ...traces.problems(outcome, live),
          ],
  };
}

async function outcomeOf<A extends Address>(
  work: () => Promise<Reloaded<A>>,
): Promise<Reloaded<A> | Refusal> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function refusalProblems(
  refusal: Refusal,
  errno: string | null,
  live: Pick<GuestModule, "lines">,
): string[] {
  const ours = refusal.dmesg.filter((line) => !PRINTED_ONCE.test(line));
  const theirs = live.lines.filter((line) => !PRINTED_ONCE.test(line));
  return [
    ...(refusal.errno === errno
      ? []
      : [`farjal refuses it (${refusal.errno ?? "no errno"}), Linux answers ${errno ?? "0"}`]),
    ...(ours.join("\n") === theirs.join("\n")
      ? []
      : [`farjal says "${ours.join("; ")}", Linux "${theirs.join("; ")}"`]),
  ];
}

function loadProblems<A extends Address>(
  { module }: Reloaded<A>,
  errno: string | null,
  { memory, sections, paused }: GuestModule<A>,
  place: LivePlace<A> | undefined,
): string[] {
  if (place === undefined) return [placeProblem(errno, memory.length > 0, paused)];
  const has = (name: string, address: A): boolean =>
    module.sections.some((one) => one.name === name && one.address === address);
  return sections
    .filter(({ name, address }) => !has(name, address))
    .map(({ name, address }) => `Linux has its section ${name} at ${hex(address)}, farjal hasn't`);
}

function placeProblem(errno: string | null, hasMemory: boolean, paused: boolean): string {
  if (hasMemory) return "of its blocks in Linux none have the sizes of farjal's layout";
  const answer = errno ?? "no answer";
  return paused
    ? `farjal loads it, and Linux refuses it (${answer})`
    : `farjal loads it, and Linux answers ${answer}; this kernel has no userfaultfd(2), so whether its loader refused or the init function failed is not known`;
}

/** What a loaded module shows beside its memory: the loader's lines, its line of /proc/modules, its traced functions. */
function presenceProblems<A extends Address>(
  { module, traceable }: Reloaded<A>,
  { lines }: GuestModule<A>,
  { listed, enabled }: GuestRecords<A>,
): string[] {
  const missing = module.dmesg.filter((line) => !PRINTED_ONCE.test(line) && !lines.includes(line));
  const own = listed.find((line) => line.startsWith(`${module.name} `));
  const [, size, , , , address] = own?.split(" ") ?? [];
  const kept = module.memories.filter(({ type }) => !isInitBlock(type));
  const first = kept.find(({ type }) => type === "core" || type === "text");
  const ours = {
    size: String(kept.reduce((sum, one) => sum + one.size, 0)),
    address: hex(first?.base ?? 0),
  };
  const ending = ` [${module.name}] (1)`;
  const theirs = (enabled ?? []).flatMap((line) => {
    const text = line.trimEnd();
    return text.endsWith(ending) ? [text.slice(0, -" (1)".length)] : [];
  });
  const staying = traceable.filter(({ isInit }) => !isInit).map(({ text }) => text);
  return [
    ...missing.map((line) => `farjal says "${line}", Linux doesn't`),
    ...(size === ours.size && address !== undefined && BigInt(address) === BigInt(ours.address)
      ? []
      : [
          `/proc/modules has size ${size} at ${address}, farjal ${ours.size} at ${ours.address}: ${own}`,
        ]),
    ...tracedProblems(theirs, staying),
  ];
}

/** Each function of farjal's is in Linux's list, and the list has no others. */
function tracedProblems(theirs: readonly string[], ours: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const text of theirs) left.set(text, (left.get(text) ?? 0) + 1);
  const problems: string[] = [];
  for (const text of ours) {
    const count = left.get(text) ?? 0;
    if (count === 0) problems.push(`farjal traces ${text}, Linux doesn't`);
    else left.set(text, count - 1);
  }
  for (const [text, count] of left) {
    if (count > 0) problems.push(`Linux traces ${text}, farjal doesn't`);
  }
  return problems;
}

function errnoText(errno: number): Errno | string {
  return errnoName(errno) ?? `errno ${errno}`;
}
