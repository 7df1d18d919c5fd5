// A profile as folded stacks, the input of flamegraph.pl and inferno: a line for each function and what was inlined into
// it, outermost first, with the instructions executed there. Calls that were not inlined are no part of it: the stacks
// of calls are what function_graph traces.

import type { Profile, ProfiledFunction, ProfiledInstruction } from "./profile.ts";

export function* profileStacks({ functions }: Profile): Generator<string> {
  for (const one of functions) {
    const sums = new Map<string, number>();
    if (one.code.length === 0) sums.set(named(one), one.instructions);
    for (const instruction of one.code) {
      const stack = stackOf(one, instruction);
      sums.set(stack, (sums.get(stack) ?? 0) + instruction.executed);
    }
    for (const [stack, sum] of sums) if (sum > 0) yield `${stack} ${sum}\n`;
  }
}

function stackOf(one: ProfiledFunction, { frames }: ProfiledInstruction): string {
  const inlined = frames.slice(0, -1).map(({ name }) => frame(name ?? "(unknown)"));
  return [named(one), ...inlined.reverse()].join(";");
}

function named({ name, module }: ProfiledFunction): string {
  return frame(module === null ? name : `${name} [${module}]`);
}

/** A name without the format's two separators. */
function frame(name: string): string {
  return name.replace(/[;\n]/g, "_");
}
