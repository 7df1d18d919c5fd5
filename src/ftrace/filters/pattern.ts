// One word of set_ftrace_filter, read as ftrace_process_regex() and filter_parse_regex() read it: a name, a
// glob, an index into available_filter_functions, or `pattern:mod:module`, each with `!` in front to remove.
// This file decides what a word matches; filter.ts and function-set.ts decide what a match does.

import { Misuse } from "../../errors.ts";
import { globMatcher } from "./glob.ts";

/** A function with a call site. `module` is null for the kernel's own. */
export interface TraceableFunction {
  readonly name: string;
  readonly module: string | null;
}

export interface Pattern {
  /** As it was written. */
  readonly text: string;
  readonly removes: boolean;
  /** The text before the command, without `!`. */
  readonly functions: string;
  /** Its place in available_filter_functions, counted from 1, where it is a number. */
  readonly index: number | null;
  /** The module that `:mod:` names, maybe as a glob or with `!`; null without `:mod:`. */
  readonly module: string | null;
  /** Never true of an index. */
  readonly matches: (candidate: TraceableFunction) => boolean;
}

/** Commands of the kernel's that do something when a function is hit. */
const COMMANDS = [
  "traceon",
  "traceoff",
  "snapshot",
  "stacktrace",
  "dump",
  "cpudump",
  "enable_event",
  "disable_event",
  "enable_hist",
  "disable_hist",
];

/** FTRACE_BUFF_MAX of a 32-bit 6.1 kernel, less its NUL: trace_get_user() accepts no longer word. */
const LONGEST_WORD = 653;

/** The words of a text. */
export function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}

/** @throws Misuse when the word is not a pattern. */
export function readPattern(text: string): Pattern {
  const removes = text.startsWith("!");
  const body = removes ? text.slice(1) : text;
  const [functions = "", command, module = null, ...rest] = body.split(":");
  if (command !== undefined && COMMANDS.includes(command)) {
    throw new Misuse(`'${text}': farjal supports no filter command but mod, and so not ${command}`);
  }
  if (body === "" || rest.length > 0 || (command !== undefined && command !== "mod")) {
    throw new Misuse(
      `'${text}' is not a function filter (EINVAL): write a name, a glob such as usb_*, ` +
        "usb_*:mod:usbcore, or a number",
    );
  }
  if (text.length > LONGEST_WORD) {
    throw new Misuse(
      `'${text.slice(0, 40)}…' has ${text.length} characters, and a function filter at most ${LONGEST_WORD} (EINVAL)`,
    );
  }
  const index = /^\d/.test(functions) ? indexOf(functions) : null;
  const matchName = globMatcher(functions === "" ? "*" : functions);
  const matchModule = module === null ? () => true : moduleMatcher(module);
  const matches = (candidate: TraceableFunction): boolean =>
    index === null && matchModule(candidate.module) && matchName(candidate.name);
  return { text, removes, functions, index, module, matches };
}

/** As kstrtoul() with base 0 has it; 0, which is no index, for what is no number. */
function indexOf(text: string): number {
  if (/^0x[0-9a-f]+$/i.test(text) || /^(0|[1-9]\d*)$/.test(text)) return Number(text);
  return /^0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : 0;
}

/** As in the kernel, a word that begins with a digit is a number, so the module 8021q must be written ?021q. */
function moduleMatcher(text: string): (module: string | null) => boolean {
  const excludes = text.startsWith("!");
  const pattern = excludes ? text.slice(1) : text;
  const match = /^\d/.test(pattern) ? () => false : globMatcher(pattern === "" ? "*" : pattern);
  return (module) => (module !== null && match(module)) !== excludes;
}
