// The answer of a command, in the form for people and in the form for programs. Every command makes one; program.ts
// prints it and turns it into the exit code. A Refusal that a command does not catch becomes an answer here too, so
// that a refusal reads the same in every command.

import type { Refusal } from "../index.ts";
import type { Paint } from "../report/paint.ts";
import { refusalText } from "../report/refusal-text.ts";
import type { Check, ReportOptions } from "./ci/check.ts";

export interface Answer {
  /** The verdict: false makes the exit code 1. */
  readonly held: boolean;
  /** What was wrong with the call, for one whose answer says more than a sentence: the exit code is 2. */
  readonly misuse?: string;
  /**
   * The one document that --json prints. Addresses and words in it are strings, 0x and eight digits; a generator is
   * an array that is printed element by element, and must not throw.
   */
  readonly json: Readonly<Record<string, unknown>>;
  /** The result for people, on stdout. */
  readonly text: Iterable<string>;
  /** Further text for stderr, left out with --json; a function is called after the text has been printed. */
  readonly notes?: string | (() => string | undefined);
  /** The verdicts one by one, for CI reports; default: the answer is one. */
  readonly checks?: readonly Check[];
}

/** Every command takes it. */
export interface AnswerOptions extends ReportOptions {
  readonly json?: boolean;
}

/** Runs a command's body and prints what it answers. */
export type Give = (options: AnswerOptions, make: () => Answer | Promise<Answer>) => Promise<void>;

/** The keys that describe a refusal, in every command's JSON. */
export function refusalJson({ errno, dmesg, explanation }: Refusal): Answer["json"] {
  return { verdict: "refused", errno, dmesg, explanation };
}

/** The answer for a refusal that the command did not handle. */
export function refusedAnswer(refusal: Refusal, paint: Paint): Answer {
  return {
    held: false,
    json: refusalJson(refusal),
    text: [],
    notes: refusalText(refusal, paint),
  };
}
