// Coverage as a value: how often each instruction of a module was executed, and each line, function and branch of its
// source, if there is debugging information. Values of several runs and processes add up. Files of it are written by
// json.ts and lcov.ts; instructions are made into it by of-execution.ts, lines by source-lines.ts.

export interface Coverage {
  /** Instructions executed in all, inside the modules and elsewhere. */
  readonly instructions: number;
  readonly modules: readonly ModuleCoverage[];
  /** Code outside the modules, by symbol. */
  readonly elsewhere: readonly ElsewhereCoverage[];
  /** The source files of the modules that have debugging information. */
  readonly sources: readonly SourceCoverage[];
}

export interface ModuleCoverage {
  readonly name: string;
  /** SHA-256 of the code in its file, in hexadecimal: it identifies a build. */
  readonly code: string;
  readonly sections: readonly SectionCoverage[];
  /** The functions that its symbols name. */
  readonly functions: readonly FunctionPlace[];
}

export interface SectionCoverage {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Those that were executed, ascending. */
  readonly instructions: readonly InstructionCoverage[];
}

export interface InstructionCoverage {
  /** In its section, in bytes. */
  readonly offset: number;
  readonly executed: number;
  /** Of a conditional branch: how often it was taken; otherwise it wasn't. */
  readonly taken?: number;
}

export interface FunctionPlace {
  readonly name: string;
  readonly section: string;
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

export interface ElsewhereCoverage {
  /** null: no symbol contains it. */
  readonly name: string | null;
  readonly instructions: number;
}

export interface SourceCoverage {
  readonly path: string;
  /** The lines that have code, ascending. */
  readonly lines: readonly LineCoverage[];
  readonly functions: readonly SourceFunctionCoverage[];
  readonly branches: readonly BranchCoverage[];
}

export interface LineCoverage {
  readonly line: number;
  readonly executed: number;
}

export interface SourceFunctionCoverage {
  readonly name: string;
  readonly line: number;
  /** How often it was entered. */
  readonly executed: number;
}

/** One way of a conditional branch. */
export interface BranchCoverage {
  readonly line: number;
  /** The branch instruction, among those of the line. */
  readonly block: number;
  /** 0: taken; 1: not taken. */
  readonly branch: number;
  /** How often it went this way; null: the branch was never executed. */
  readonly executed: number | null;
}

/** Adds up the coverage of several runs. A module that differs in its code is another module. */
export function mergeCoverage(all: readonly Coverage[]): Coverage {
  return {
    instructions: sum(all, ({ instructions }) => instructions),
    modules: merged(
      all.flatMap(({ modules }) => modules),
      moduleKey,
      mergeModules,
    ),
    elsewhere: merged(
      all.flatMap(({ elsewhere }) => elsewhere),
      elsewhereKey,
      mergeElsewhere,
    ),
    sources: mergeSources(all.flatMap(({ sources }) => sources)),
  };
}

/** The same for source files alone. */
export function mergeSources(all: readonly SourceCoverage[]): SourceCoverage[] {
  return merged(
    all,
    ({ path }) => path,
    (files) => ({
      path: files[0]?.path ?? "",
      lines: added(
        files.flatMap(({ lines }) => lines),
        ({ line }) => line,
      ),
      functions: added(
        files.flatMap(({ functions }) => functions),
        ({ line, name }) => `${String(line).padStart(10)} ${name}`,
      ),
      branches: added(
        files.flatMap(({ branches }) => branches),
        ({ line, block, branch }) => (line * 2 ** 20 + block) * 2 + branch,
      ),
    }),
  ).sort((a, b) => (a.path < b.path ? -1 : 1));
}

function mergeModules(same: readonly ModuleCoverage[]): ModuleCoverage {
  const [first] = same as readonly [ModuleCoverage];
  return {
    ...first,
    sections: merged(
      same.flatMap(({ sections }) => sections),
      ({ name }) => name,
      (sections) => ({
        ...(sections[0] as SectionCoverage),
        instructions: added(
          sections.flatMap(({ instructions }) => instructions),
          ({ offset }) => offset,
        ),
      }),
    ),
  };
}

function mergeElsewhere(same: readonly ElsewhereCoverage[]): ElsewhereCoverage {
  const [first] = same as readonly [ElsewhereCoverage];
  return { name: first.name, instructions: sum(same, ({ instructions }) => instructions) };
}

function moduleKey({ name, code }: ModuleCoverage): string {
  return `${name} ${code}`;
}

function elsewhereKey({ name }: ElsewhereCoverage): string {
  return name === null ? "" : `=${name}`;
}

/** One element for each key, made of all that have it; in the order of the keys' first ones. */
function merged<T>(
  all: readonly T[],
  key: (one: T) => string,
  merge: (same: readonly T[]) => T,
): T[] {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(key(one));
    if (group === undefined) groups.set(key(one), [one]);
    else group.push(one);
  }
  return [...groups.values()].map(merge);
}

/** The counts of equal keys added up, in the order of the keys. */
function added<
  T extends { readonly executed: number | null; readonly taken?: number },
  K extends number | string,
>(all: readonly T[], key: (one: T) => K): T[] {
  const sums = new Map<K, T>();
  for (const one of all) {
    const before = sums.get(key(one));
    if (before === undefined) {
      sums.set(key(one), one);
      continue;
    }
    const executed =
      before.executed === null ? one.executed : before.executed + (one.executed ?? 0);
    const taken = before.taken === undefined ? {} : { taken: before.taken + (one.taken ?? 0) };
    sums.set(key(one), { ...before, executed, ...taken });
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function sum<T>(all: readonly T[], count: (one: T) => number): number {
  return all.reduce((total, one) => total + count(one), 0);
}
