// Two profiles of the same call compared: which functions and lines execute more instructions in one build than in the
// other. Functions are matched by name, those of modules apart from the kernel's, since two builds may be named apart; a function's own lines by their distance from its definition, so that
// what is added above it moves nothing, and lines of inlined code by their numbers.

import { type Profile, profiledLines } from "./profile.ts";

/** What is compared of a profile; its JSON document has as much. */
export interface Costs {
  readonly instructions: number;
  readonly functions: readonly FunctionCost[];
  readonly lines: readonly LineCost[];
}

export interface FunctionCost {
  readonly name: string;
  readonly module: string | null;
  readonly instructions: number;
}

export interface LineCost {
  /** The function whose source has the line. */
  readonly function: string | null;
  readonly path: string;
  readonly line: number;
  /** The line of the function's definition; null if that is unknown. */
  readonly definition: number | null;
  readonly instructions: number;
}

/** How the instructions of one thing changed. */
export interface CostChange {
  /** The function, or the line as `path:line`: where the second build has it, or else the first. */
  readonly name: string;
  readonly before: number;
  readonly after: number;
}

export interface CostDifferences {
  readonly before: number;
  readonly after: number;
  /** Those that changed, the greatest change first. */
  readonly functions: readonly CostChange[];
  /** The same; empty if either build has no lines. */
  readonly lines: readonly CostChange[];
}

export function costsOf(profile: Profile): Costs {
  const { instructions, functions } = profile;
  return {
    instructions,
    functions: functions.map(({ name, module, instructions: own }) => ({
      name,
      module,
      instructions: own,
    })),
    lines: profiledLines(profile),
  };
}

export function costDifferences(before: Costs, after: Costs): CostDifferences {
  const haveLines = before.lines.length > 0 && after.lines.length > 0;
  return {
    before: before.instructions,
    after: after.instructions,
    functions: changes(before.functions, after.functions, functionKey, functionName),
    lines: haveLines ? changes(before.lines, after.lines, lineKey, lineName) : [],
  };
}

/** The most instructions that a limit allows: a number of them, or more than before by a number or a share. */
export type InstructionLimit =
  | { readonly most: number }
  | { readonly more: number }
  | { readonly percent: number };

export function allowedInstructions(limit: InstructionLimit, before: number): number {
  if ("most" in limit) return limit.most;
  if ("more" in limit) return before + limit.more;
  return Math.floor(before * (1 + limit.percent / 100));
}

function functionKey({ name, module }: FunctionCost): string {
  return `${module === null ? "kernel" : "module"}\n${name}`;
}

function functionName({ name, module }: FunctionCost): string {
  return module === null ? name : `${name} [${module}]`;
}

function lineName({ path, line }: LineCost): string {
  return `${path}:${line}`;
}

function lineKey({ path, line, definition, function: name }: LineCost): string {
  return `${path}\n${name ?? ""}\n${definition === null ? line : `+${line - definition}`}`;
}

function changes<T extends { readonly instructions: number }>(
  before: readonly T[],
  after: readonly T[],
  key: (one: T) => string,
  name: (one: T) => string,
): CostChange[] {
  const found = new Map<string, CostChange>();
  for (const one of before) {
    const sum = (found.get(key(one))?.before ?? 0) + one.instructions;
    found.set(key(one), { name: name(one), before: sum, after: 0 });
  }
  for (const one of after) {
    const { before: old = 0, after: sum = 0 } = found.get(key(one)) ?? {};
    found.set(key(one), { name: name(one), before: old, after: sum + one.instructions });
  }
  const size = (change: CostChange): number => Math.abs(change.after - change.before);
  return [...found.values()]
    .filter((change) => size(change) > 0)
    .sort((a, b) => size(b) - size(a) || (a.name < b.name ? -1 : 1));
}
