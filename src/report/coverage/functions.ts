// A module's functions with their counts, from its instructions and symbols. Code that no symbol has is a row of its own.

import type { ModuleCoverage, SectionCoverage } from "../../coverage/coverage.ts";

export interface FunctionCounts {
  readonly name: string;
  readonly section: string;
  /** How often its first instruction was executed. */
  readonly entered: number;
  /** Its instructions, and how many of them were executed at all. */
  readonly words: number;
  readonly different: number;
  /** Instructions executed in it, in all. */
  readonly executed: number;
}

export function functionCounts({ sections, functions }: ModuleCoverage): FunctionCounts[] {
  const found: FunctionCounts[] = [];
  for (const section of sections) {
    let rest = section.instructions;
    const places = functions
      .filter((one) => one.section === section.name)
      .filter(({ offset }, index, all) => offset !== all[index + 1]?.offset);
    for (const { name, offset, size } of places) {
      const inside = (at: number): boolean => at >= offset && at < offset + size;
      const own = rest.filter((one) => inside(one.offset));
      rest = rest.filter((one) => !inside(one.offset));
      found.push(counts(name, section, own, offset, size / 4));
    }
    if (rest.length > 0) found.push(counts("(no function)", section, rest, -1, rest.length));
  }
  return found;
}

function counts(
  name: string,
  { name: section }: SectionCoverage,
  own: SectionCoverage["instructions"],
  offset: number,
  words: number,
): FunctionCounts {
  return {
    name,
    section,
    entered: own.find((one) => one.offset === offset)?.executed ?? 0,
    words: Math.ceil(words),
    different: own.length,
    executed: own.reduce((sum, one) => sum + one.executed, 0),
  };
}
