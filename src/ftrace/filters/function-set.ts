// set_ftrace_filter and similar files, as kernel/trace/ftrace.c stores them: not as rules but as the addresses of the
// sites that existed at the time of the write. Each word of a write takes effect before the next is read, so a word
// that matches nothing fails (EINVAL) and leaves the effects of the words before it. A word may name a module that is
// not loaded yet; its functions are added when it is loaded. When a module is unloaded its functions are removed, but
// the set does not count as empty, so it doesn't mean every function; loading the module again adds nothing.

import { NothingMatches } from "../../errors.ts";
import { didYouMean } from "../../near-names.ts";
import { functionText } from "../text/tracefs-text.ts";
import { type Pattern, readPattern, type TraceableFunction, wordsOf } from "./pattern.ts";

/** The files of tracefs that hold such a set. */
export const FILTER_FILES = [
  "set_ftrace_filter",
  "set_ftrace_notrace",
  "set_graph_function",
  "set_graph_notrace",
] as const;
export type FilterFile = (typeof FILTER_FILES)[number];

/** A function that can be traced, by its site. */
export interface TraceableSite extends TraceableFunction {
  readonly address: number;
}

/** The functions and modules that patterns select from. */
export interface Traceable {
  /** In the order of available_filter_functions. */
  readonly functions: readonly TraceableSite[];
  /** Names of the modules that are loaded. */
  readonly modules: readonly string[];
}

/** The text that an empty set shows. */
const EMPTY: Readonly<Record<FilterFile, string>> = {
  set_ftrace_filter: "#### all functions enabled ####",
  set_ftrace_notrace: "#### no functions disabled ####",
  set_graph_function: "#### all functions enabled ####",
  set_graph_notrace: "#### no functions disabled ####",
};

export class FunctionSet {
  readonly file: FilterFile;
  #addresses = new Set<number>();
  /** Functions that were removed with their module. */
  #holes = 0;
  /** Patterns waiting for a module with exactly this name. */
  #waiting: readonly { readonly module: string; readonly pattern: Pattern }[] = [];

  constructor(file: FilterFile) {
    this.file = file;
  }

  /** An empty filter selects every function; an empty notrace excludes none. */
  get empty(): boolean {
    return this.#addresses.size === 0 && this.#holes === 0 && this.#waiting.length === 0;
  }

  has(address: number): boolean {
    return this.#addresses.has(address);
  }

  /** Empties it, as opening the file for `>` does. */
  clear(): void {
    this.#addresses.clear();
    this.#holes = 0;
    this.#waiting = [];
  }

  /**
   * What `echo text >> file` does.
   * @param option the option that gave the text, for the error message.
   * @throws Misuse at the first word that is no pattern or matches nothing; the words before it stay in effect.
   */
  append(text: string, traceable: Traceable, option: string = this.file): void {
    for (const word of wordsOf(text)) {
      const pattern = readPattern(word);
      if (this.#isGraph ? this.#applyGraph(pattern, traceable) : this.#apply(pattern, traceable)) {
        continue;
      }
      const near = didYouMean(
        pattern.functions,
        traceable.functions.map(({ name }) => name),
      );
      throw new NothingMatches(
        `${option} ${word}: no function with a call site matches (EINVAL); ` +
          `${traceable.functions.length} functions can be traced${near}`,
      );
    }
  }

  /** Called when a module was loaded: applies the patterns that waited for it. */
  arrived(module: string, functions: readonly TraceableSite[]): void {
    const ready = this.#waiting.filter((one) => one.module === module);
    if (ready.length === 0) return;
    this.#waiting = this.#waiting.filter((one) => one.module !== module);
    for (const { pattern } of ready) {
      for (const one of functions) if (pattern.matches(one)) this.#addresses.add(one.address);
    }
  }

  /** Removes a function. The kernel leaves its address in set_graph_function and set_graph_notrace. */
  left(address: number): void {
    if (!this.#isGraph && this.#addresses.delete(address)) this.#holes += 1;
  }

  /** What `cat` of the file shows, line by line. */
  lines({ functions }: Traceable): string[] {
    if (this.empty) return [EMPTY[this.file]];
    const named = functions.filter(({ address }) => this.has(address)).map(functionText);
    const waiting = this.#waiting.map(
      ({ module, pattern }) => `${pattern.functions}:mod:${module}`,
    );
    return [...named, ...waiting];
  }

  get #isGraph(): boolean {
    return this.file === "set_graph_function" || this.file === "set_graph_notrace";
  }

  /** match_records(), and ftrace_mod_callback() behind it; false for EINVAL. */
  #apply(pattern: Pattern, { functions, modules }: Traceable): boolean {
    const found = matching(pattern, functions);
    for (const { address } of found) {
      if (pattern.removes) this.#addresses.delete(address);
      else this.#addresses.add(address);
    }
    if (found.length > 0) return true;
    const { module } = pattern;
    if (module === null) return false;
    if (pattern.removes) return this.#forget(pattern, module);
    if (modules.includes(module)) return false;
    this.#waiting = [{ module, pattern }, ...this.#waiting];
    return true;
  }

  /** Removes patterns that wait for a module. */
  #forget({ functions }: Pattern, module: string): boolean {
    const stays = this.#waiting.filter(
      (one) => one.module !== module || (functions !== "*" && one.pattern.functions !== functions),
    );
    const forgotten = stays.length < this.#waiting.length;
    this.#waiting = stays;
    return forgotten;
  }

  /** ftrace_graph_set_hash(): commands and indices aren't allowed, and removing an absent function fails. */
  #applyGraph(pattern: Pattern, { functions }: Traceable): boolean {
    if (pattern.module !== null || pattern.index !== null) return false;
    const found = matching(pattern, functions);
    if (!pattern.removes) {
      for (const { address } of found) this.#addresses.add(address);
      return found.length > 0;
    }
    return found.filter(({ address }) => this.#addresses.delete(address)).length > 0;
  }
}

function matching(pattern: Pattern, functions: readonly TraceableSite[]): TraceableSite[] {
  if (pattern.index === null) return functions.filter(pattern.matches);
  const found = functions[pattern.index - 1];
  return found === undefined ? [] : [found];
}
