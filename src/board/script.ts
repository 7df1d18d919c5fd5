// Scripts a dialogue with the console: texts to expect and texts to send, in order, for CI jobs or in place of a user
// at a terminal. A text is sent at the instruction at which the expected text was complete, so a script gives the same
// run every time.

import { printable } from "../bytes/printable.ts";
import { linesOf } from "../bytes/text-lines.ts";
import { Misuse } from "../errors.ts";
import { SCRIPT_STEPS } from "../limits.ts";
import type { Board, RunOptions } from "./board.ts";
import type { BoardStop } from "./board-stop.ts";

/** A line of a script. */
export type ScriptStep =
  | { readonly kind: "expect"; readonly text: string }
  | { readonly kind: "send"; readonly text: string };

/** At the end of a text to send: don't append Enter. */
const NO_ENTER = "\\c";
const ENTER = "\r";

/**
 * Reads a script: lines `expect TEXT` and `send TEXT`, empty lines, and comments that begin with #. \n, \r, \t, \\
 * and \xHH have the same meaning as in C. A text to send ends with Enter, unless it ends with \c.
 * @throws Misuse that names the line.
 */
export function readScript(script: string): ScriptStep[] {
  const steps: ScriptStep[] = [];
  let index = -1;
  for (const line of linesOf(script)) {
    index += 1;
    if (/^\s*(#|$)/.test(line)) continue;
    if (steps.length === SCRIPT_STEPS) {
      throw new Misuse(`the script has more than ${SCRIPT_STEPS} steps`);
    }
    const [, kind, text = ""] = /^\s*(expect|send)(?: (.*))?$/.exec(line) ?? [];
    if (kind === "expect" && text !== "") {
      steps.push({ kind, text: unescaped(text) });
      continue;
    }
    if (kind !== "send") {
      throw new Misuse(
        `line ${index + 1} of the script is neither 'expect TEXT' nor 'send TEXT': ${printable(line.slice(0, 60))}`,
      );
    }
    const plain = text.endsWith(NO_ENTER);
    const sent = plain ? unescaped(text.slice(0, -NO_ENTER.length)) : unescaped(text) + ENTER;
    steps.push({ kind, text: sent });
  }
  return steps;
}

function unescaped(text: string): string {
  return text.replace(/\\(n|r|t|\\|x[0-9a-fA-F]{2})/g, (_all, code: string) => {
    const simple = { n: "\n", r: "\r", t: "\t", "\\": "\\" }[code];
    return simple ?? String.fromCharCode(Number.parseInt(code.slice(1), 16));
  });
}

/** Why a scripted run ended: as a board's run, or because the script is finished. */
export type ScriptStop = BoardStop | "script";

/** Runs a board by a script. */
export class ScriptedRun {
  readonly #board: Board;
  readonly #steps: readonly ScriptStep[];
  readonly #until: string | undefined;
  #at = 0;

  /** @param until the text that ends the run; default: the run ends with the script. */
  constructor(board: Board, steps: readonly ScriptStep[], until?: string) {
    this.#board = board;
    this.#steps = steps;
    this.#until = until;
  }

  /** The next expected text; undefined when all texts have appeared. */
  get expected(): string | undefined {
    return this.#steps.slice(this.#at).find(({ kind }) => kind === "expect")?.text;
  }

  /**
   * Runs to the end of the script or to one of the limits in `options`; a later call continues.
   * @param also more texts at which to return.
   */
  advance(options: Omit<RunOptions, "until">, also: readonly string[] = []): ScriptStop {
    for (;;) {
      const step = this.#steps[this.#at];
      if (step?.kind === "send") {
        this.#board.console.send(step.text);
        this.#at += 1;
        continue;
      }
      if (step === undefined && this.#until === undefined && this.#steps.length > 0)
        return "script";
      const awaited = [step?.text, this.#until, ...also].filter((text) => text !== undefined);
      const stop = this.#board.run({ ...options, until: awaited });
      const { matched } = this.#board.console;
      if (stop === "until" && matched === step?.text) this.#at += 1;
      if (stop !== "until" || matched === this.#until || also.includes(matched ?? "")) return stop;
    }
  }
}
