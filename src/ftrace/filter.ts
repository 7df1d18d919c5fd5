// Which functions a tracer takes: set_ftrace_filter and set_ftrace_notrace as values. A filter is a
// list of rules in the order written; it is asked about a function's name and module each time the
// set of sites changes, so a `:mod:` rule given before its module loads holds when it arrives.
// An empty filter takes everything; notrace wins.

import { Misuse } from "../errors.ts";
import { globMatcher } from "./glob.ts";

/** A function with a call site. `module` is null for the kernel's own. */
export interface TraceableFunction {
  readonly name: string;
  readonly module: string | null;
}

interface Rule {
  readonly text: string;
  readonly removes: boolean;
  /** Names a module, so it may wait for one that is not loaded. */
  readonly waits: boolean;
  readonly matches: (candidate: TraceableFunction) => boolean;
}

/**
 * Reads one pattern: `name`, a glob, `pattern:mod:module` (module may be a glob or `!module`), each
 * optionally with `!` in front to take away what earlier rules gave.
 */
function readRule(text: string): Rule {
  const removes = text.startsWith("!");
  const body = removes ? text.slice(1) : text;
  const [pattern = "", command, moduleText, ...rest] = body.split(":");
  if (body === "" || rest.length > 0 || (command !== undefined && command !== "mod")) {
    throw new Misuse(
      `'${text}' is not a function filter: write a name, a glob such as usb_*, or usb_*:mod:usbcore`,
    );
  }
  const matchName = globMatcher(pattern === "" ? "*" : pattern);
  if (command === undefined) {
    return {
      text,
      removes,
      waits: false,
      matches: ({ name }) => matchName(name),
    };
  }
  const matchModule = moduleMatcher(moduleText ?? "");
  const matches = ({ name, module }: TraceableFunction): boolean =>
    matchModule(module) && matchName(name);
  return { text, removes, waits: true, matches };
}

function moduleMatcher(text: string): (module: string | null) => boolean {
  const excludes = text.startsWith("!");
  const pattern = excludes ? text.slice(1) : text;
  const match = globMatcher(pattern === "" ? "*" : pattern);
  return (module) => (module !== null && match(module)) !== excludes;
}

export class FunctionFilter {
  readonly #rules: readonly Rule[];

  /** @throws Misuse when a pattern can't be read. */
  constructor(patterns: readonly string[]) {
    this.#rules = patterns
      .flatMap((text) => text.split(/[\s,]+/))
      .filter(Boolean)
      .map(readRule);
  }

  get empty(): boolean {
    return this.#rules.length === 0;
  }

  /** True when the rules name the function; always false for an empty filter. */
  names(candidate: TraceableFunction): boolean {
    let named = false;
    for (const rule of this.#rules) {
      if (rule.removes === named && rule.matches(candidate)) named = !rule.removes;
    }
    return named;
  }

  /**
   * Refuses a pattern that matches none of the functions there are, as writing it to
   * set_ftrace_filter fails with EINVAL, unless it names a module that may still come.
   */
  requireMatches(candidates: readonly TraceableFunction[], option: string): void {
    for (const rule of this.#rules) {
      if (rule.removes || rule.waits || candidates.some(rule.matches)) continue;
      throw new Misuse(
        `${option} ${rule.text}: no function with a call site matches (EINVAL); ` +
          `${candidates.length} functions can be traced`,
      );
    }
  }
}
