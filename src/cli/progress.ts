// The progress of long work, as a bar on stderr if that is a terminal.

import { SingleBar } from "cli-progress";
import type { Terminal } from "./terminal.ts";

/** The progress of work that says how much of it is done. */
export class Progress {
  readonly #bar: SingleBar | null;

  constructor(terminal: Terminal) {
    this.#bar = progressBar(terminal);
  }

  at(done: number, total: number): void {
    if (this.#bar?.isActive) this.#bar.update(done);
    else this.#bar?.start(total, done);
  }

  stop(): void {
    this.#bar?.stop();
  }
}

/** A bar that isn't started; null if stderr is no terminal. */
function progressBar({ progress }: Terminal): SingleBar | null {
  if (progress === null) return null;
  const format = "{bar} {value}/{total}, {eta_formatted} to go";
  return new SingleBar({ stream: progress, format, clearOnComplete: true, hideCursor: true });
}
