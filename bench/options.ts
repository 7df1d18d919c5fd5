// The command line of `npm run bench`: which benches run, and for `engines` which programs, against which rivals, how
// often, and in which other Node too. Anything else is refused with one line.

import { parseArgs } from "node:util";

export interface BenchOptions {
  /** The benches' names; empty: all of them. */
  readonly benches: readonly string[];
  /** undefined: all. */
  readonly programs: readonly string[] | undefined;
  readonly against: readonly string[] | undefined;
  readonly samples: number;
  /** The path of another Node, in which `engines` is run too, against clang's WebAssembly there. */
  readonly node: string | undefined;
}

/** The names that an option may have. */
export interface BenchNames {
  readonly benches: readonly string[];
  readonly programs: readonly string[];
  readonly against: readonly string[];
}

const SAMPLES = 7;

/** @throws Error with one line of text */
export function benchOptions(args: readonly string[], known: BenchNames): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      programs: { type: "string" },
      against: { type: "string" },
      samples: { type: "string" },
      node: { type: "string" },
    },
  });
  const samples = values.samples === undefined ? SAMPLES : Number(values.samples);
  if (!Number.isInteger(samples) || samples < 1)
    throw new Error(`--samples takes a number of samples, not ${values.samples}`);
  return {
    benches: named(positionals, known.benches, "bench"),
    programs: values.programs && named(values.programs.split(","), known.programs, "program"),
    against: values.against && named(values.against.split(","), known.against, "engine"),
    samples,
    node: values.node,
  } as BenchOptions;
}

function named(names: readonly string[], known: readonly string[], kind: string): string[] {
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no ${kind} ${unknown.join(", ")}: ${known.join(", ")}`);
  return [...names];
}
