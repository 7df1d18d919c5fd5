// Reduces an explanation to one section or one symbol: its contents, the references to it, and the verdict.

import type { Address } from "../address.ts";
import type { Explanation } from "./explanation.ts";
import type { PairFinding } from "./pairs.ts";
import type { ExplainedPlace } from "./places.ts";

export interface ExplanationFilter {
  /** A section's name. */
  readonly section?: string | undefined;
  /** The name of a function, or of an imported or exported symbol. */
  readonly symbol?: string | undefined;
  /** The sections in which the symbol is defined. */
  readonly definedIn?: readonly string[] | undefined;
}

/**
 * The parts of the explanation that match both; all of it if neither is given. With a symbol, only what has to do with it is
 * left: the sections that it is defined and used in, and nothing about the address space as a whole.
 */
export function filterExplanation<A extends Address>(
  explanation: Explanation<A>,
  { section, symbol, definedIn = [] }: ExplanationFilter,
): Explanation<A> {
  const inSection = (name: string): boolean => section === undefined || name === section;
  const named = (name: string | null): boolean => symbol === undefined || name === symbol;
  const at = (place: ExplainedPlace<A> | null): boolean =>
    place !== null && inSection(place.section) && named(place.function);
  const far = explanation.farJumps.filter(
    (jump) => inSection(jump.section) && (named(jump.symbol) || named(holder(explanation, jump))),
  );
  const veneers = new Set(far.map(({ trampoline }) => trampoline));
  const findings = explanation.pairs.findings.flatMap((finding): PairFinding<A>[] => {
    const examples = finding.examples.filter((one) => {
      const places = [one.lo, ...one.hi].filter((place) => place !== null);
      return (
        places.some(({ section: name }) => inSection(name)) &&
        (named(one.symbol) || places.some(at))
      );
    });
    return examples.length === 0 ? [] : [{ ...finding, examples }];
  });
  const callSites = explanation.callSites.filter(at);
  const rewritten = explanation.rewritten.filter(
    (one) => inSection(one.section) && named(one.symbol),
  );
  const staticKeys = explanation.staticKeys.filter(
    ({ code, key }) => inSection(code.section) && (named(key) || named(code.function)),
  );
  const used = new Set([
    ...definedIn,
    ...[...far, ...callSites, ...rewritten].map((one) => one.section),
    ...staticKeys.map(({ code }) => code.section),
    ...findings.flatMap(({ examples }) =>
      examples.flatMap(({ lo, hi }) => [lo, ...hi].map((one) => one?.section)),
    ),
  ]);
  const concerned = (name: string): boolean =>
    inSection(name) && (symbol === undefined || used.has(name));
  const whole = symbol === undefined;
  return {
    ...explanation,
    regions: whole ? explanation.regions : [],
    ranges: whole ? explanation.ranges : [],
    sections: explanation.sections.filter(({ name }) => concerned(name)),
    leftOut: explanation.leftOut.filter(({ name }) => concerned(name)),
    rewritten,
    farJumps: far,
    trampolines: explanation.trampolines.filter(({ address }) => veneers.has(address)),
    pairs: whole
      ? { ...explanation.pairs, findings }
      : { hi16: 0, lo16: 0, mostWaiting: 0, findings },
    callSites,
    imports: explanation.imports.filter(({ name }) => named(name)),
    exports: explanation.exports.filter(({ name }) => named(name)),
    staticKeys,
    parameters: explanation.parameters.filter(({ name }) => named(name)),
  };
}

/** The function that contains a far jump, as far as its call sites show it. */
function holder<A extends Address>(
  { callSites }: Explanation<A>,
  { section, offset }: Explanation<A>["farJumps"][number],
): string | null {
  const before = callSites.findLast((site) => site.section === section && site.offset <= offset);
  return before?.function ?? null;
}
