// Why a module doesn't fit a kernel: the shape of one reason and of a verdict. They are plain values that JSON
// preserves, because threads and the shards of a tree exchange them. judge.ts makes them.

import type { RuleId } from "../kernel/rules/table.ts";

/**
 * `vermagic`: the version magic differs; `missing-symbol`: nothing exports an import; `gpl-only`: an import is only for
 * modules with a GPL-compatible license, or comes from a module without one; `namespace`: the module doesn't import an
 * import's namespace; `checksum`: a checksum differs or is missing (CONFIG_MODVERSIONS); `struct-module`: struct module
 * has another layout; `far-jump`: a jump doesn't reach its target from where modules are loaded; `rule`: any other check
 * of the kernel's loader.
 */
export type ReasonKind =
  | "vermagic"
  | "missing-symbol"
  | "gpl-only"
  | "namespace"
  | "checksum"
  | "struct-module"
  | "far-jump"
  | "rule";

/** The kinds, in the order in which reasons are listed. */
export const REASON_KINDS: readonly ReasonKind[] = [
  "rule",
  "vermagic",
  "struct-module",
  "checksum",
  "missing-symbol",
  "gpl-only",
  "namespace",
  "far-jump",
];

export interface Reason {
  readonly kind: ReasonKind;
  /** The import, export or jump's target that it is about; null if it is about the module as a whole. */
  readonly symbol: string | null;
  /** The kernel's lines and the explanation, joined. */
  readonly text: string;
  /** The kernel's lines, word for word; empty when Linux prints nothing. */
  readonly dmesg: readonly string[];
  /** What differs, in a sentence. */
  readonly explanation: string;
  /** What to do about it, in a sentence. */
  readonly remedy: string;
}

/** An import, and what exports it: "kernel", a module's name, or null. */
export interface ImportOrigin {
  readonly symbol: string;
  readonly from: string | null;
}

/** A rule that two kernels have with different values. */
export interface RuleDifference {
  readonly rule: RuleId;
  /** What the rule decides. */
  readonly what: string;
  readonly kernel: string;
  readonly against: string;
}

export interface Verdict {
  /** The module's file: as it was named, or its path in the tree. */
  readonly file: string;
  /** The module's name; null if the file can't be read as a module. */
  readonly name: string | null;
  readonly fits: boolean;
  readonly reasons: readonly Reason[];
  /** The modules whose exports it uses, sorted. */
  readonly needs: readonly string[];
  /** In the symbol table's order; absent for the modules of a tree. */
  readonly imports?: readonly ImportOrigin[];
  /**
   * The rules of the kernel's loader that this module meets, and that differ from those of the release that it is built
   * for; `against` is the latter's value.
   */
  readonly rules: readonly RuleDifference[];
  /** What was not compared, and what Linux accepts with a remark, in sentences. */
  readonly notes: readonly string[];
}

/** The remedy for a module of another build. */
export const REBUILD =
  "build the module against this kernel's headers, configuration and Module.symvers";

export function makeReason(details: Omit<Reason, "text">): Reason {
  return { ...details, text: [...details.dmesg, details.explanation].join("; ") };
}

/** What to do about all reasons: each remedy once, in the order of the reasons. */
export function remedies(reasons: readonly Reason[]): string[] {
  return [...new Set(reasons.map(({ remedy }) => remedy))];
}
