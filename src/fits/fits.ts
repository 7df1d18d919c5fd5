// Whether modules fit a kernel, and what differs between two kernels for them. open.ts reads the files, judge.ts judges;
// this file puts the verdicts of several modules on one or two kernels together.

import type { Address } from "../address.ts";
import { Refusal } from "../errors.ts";
import type { KernelProfile } from "../kernel/rules/profile.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import { judge, refusedFile } from "./judge.ts";
import { importDifferences, type KernelDifference } from "./kernel-difference.ts";
import {
  type Named,
  OPEN_OPTIONS,
  type OpenOptions,
  openKernel,
  openNamed,
  openTarget,
  profileOf,
} from "./open.ts";
import type { RuleDifference, Verdict } from "./reason.ts";
import type { Target } from "./target.ts";
import { ruleDifferences, touchedRules } from "./touched-rules.ts";

/** Where a kernel places modules unless the user says otherwise. */
export const MODULES_BASE = 0xc0000000;

export interface FitsOptions extends OpenOptions {
  /** Where modules are loaded; default: 0xc0000000, sign-extended for 64-bit modules. */
  readonly base?: Address | undefined;
}

export const FITS_OPTIONS: OptionKeys<FitsOptions> = {
  ...OPEN_OPTIONS,
  base: true,
};

/** The kernel that modules were judged against. */
export interface JudgedKernel {
  readonly file: string;
  readonly release: string | null;
  readonly vermagic: string | null;
  /** The directory of its own modules; null if it wasn't found. */
  readonly modules: string | null;
}

export interface Fits {
  readonly fits: boolean;
  readonly kernel: JudgedKernel;
  /** In the order of the files. */
  readonly modules: readonly Verdict[];
  /** What the kernel's file doesn't say, in sentences. */
  readonly notes: readonly string[];
}

/**
 * Judges modules against a kernel. They may use each other's exports.
 * @param paths the modules' files.
 * @throws Misuse when the kernel can't be read, or isn't known well enough.
 */
export async function judgeModules(paths: readonly string[], options: FitsOptions): Promise<Fits> {
  return (await judged(paths, options)).fits;
}

/** The verdicts for two kernels, and what differs between them. */
export interface FitsBoth {
  /** Whether every module fits both. */
  readonly fits: boolean;
  readonly kernel: Fits;
  readonly against: Fits;
  /** For each module, in the order of the files. */
  readonly differences: readonly (readonly KernelDifference[])[];
  /** The rules of their loaders that differ and that one of the modules meets. */
  readonly rules: readonly RuleDifference[];
}

/** Judges modules against two kernels. @throws Misuse as judgeModules() does. */
export async function judgeAgainst(
  paths: readonly string[],
  options: FitsOptions,
  other: FitsOptions,
): Promise<FitsBoth> {
  const [kernel, against] = [await judged(paths, options), await judged(paths, other)];
  return {
    fits: kernel.fits.fits && against.fits.fits,
    kernel: kernel.fits,
    against: against.fits,
    differences: kernel.named.map(({ file }) =>
      file instanceof Refusal ? [] : importDifferences(file, kernel.target, against.target),
    ),
    rules: rulesBetween(kernel, [
      profileOf(options, kernel.target),
      profileOf(other, against.target),
    ]),
  };
}

function rulesBetween(
  { named, target }: { readonly named: readonly Named[]; readonly target: Target },
  [one, other]: readonly [KernelProfile, KernelProfile],
): RuleDifference[] {
  const touched = new Set(
    named.flatMap(({ file }) =>
      file instanceof Refusal ? [] : touchedRules(file, target, one, other).map(({ rule }) => rule),
    ),
  );
  return ruleDifferences(one, other).filter(({ rule }) => touched.has(rule));
}

async function judged(paths: readonly string[], options: FitsOptions) {
  checkOptions("judgeModules()", options, FITS_OPTIONS);
  const opened = await openKernel(options);
  const named = await openNamed(paths, opened, options);
  const target = await openTarget(opened, named);
  const { base = MODULES_BASE } = options;
  const modules = named.map(({ path, file }) =>
    file instanceof Refusal ? refusedFile(path, file) : judge(file, target, { base, path }),
  );
  const fits: Fits = {
    fits: modules.every((one) => one.fits),
    kernel: judgedKernel(target, opened.tree),
    modules,
    notes: [...profileOf(options, target).notes, ...target.notes],
  };
  return { fits, target, named };
}

export function judgedKernel(target: Target, modules: string | null): JudgedKernel {
  const { name, release, vermagic } = target;
  return { file: name, release, vermagic, modules };
}
