// The directory that a command writes many files into. A whole result is written beside its final name and renamed when
// it is complete, so that no reader finds half of it; a signal or an error removes it. Parts of a work share one
// directory: each file is there whole or not at all, and the same part done again replaces it.

import {
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { writing } from "../errors.ts";
import { ENDING_SIGNALS } from "../host/ending-signals.ts";
import { pathStats } from "../host/path-kind.ts";
import { temporaryBeside } from "../host/temporary-name.ts";
import { Misuse } from "../index.ts";
import { writeWhole } from "./atomic-file.ts";

export interface OutputTreeOptions {
  /** Whether others write into it too. */
  readonly shared: boolean;
  /** The directory that the files are made from, which keeps its files. */
  readonly source: string;
}

export class OutputTree {
  readonly #path: string;
  readonly #source: string;
  /** Where files are written now. */
  readonly #directory: string;
  #isOpen = true;
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.close();
    process.kill(process.pid, signal);
  };

  /** @throws Misuse for a directory that isn't new, unless it is shared, and one that can't be made. */
  static open(path: string, options: OutputTreeOptions): OutputTree {
    return new OutputTree(path, options);
  }

  private constructor(path: string, { shared, source }: OutputTreeOptions) {
    const inside = relative(realPath(resolve(source)), realPath(resolve(path)));
    if (inside === "" || !/^\.\.(?:[\\/]|$)/.test(inside)) {
      throw new Misuse(`${path} is in ${source}, whose modules are read: name another directory`);
    }
    const there = pathStats(path);
    if (there !== undefined && !there.isDirectory()) {
      throw new Misuse(`${path} is not a directory`);
    }
    if (!shared && there !== undefined && writing(path, () => readdirSync(path)).length > 0) {
      throw new Misuse(`${path} has files already: name a new directory`);
    }
    this.#path = path;
    this.#source = source;
    this.#directory = shared ? path : temporaryBeside(resolve(path));
    // From before the directory is there: a signal without a listener ends the program at once.
    if (!shared) for (const signal of ENDING_SIGNALS) process.on(signal, this.#onSignal);
    try {
      writing(path, () => mkdirSync(this.#directory, { recursive: true }));
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  /** Writes a file. @param original the path in the source of the file whose permissions it gets. */
  async write(path: string, bytes: Uint8Array, original: string): Promise<void> {
    if (!this.#isOpen) throw new Misuse(`${this.#path} isn't finished`);
    const target = join(this.#directory, path);
    writing(join(this.#path, path), () => mkdirSync(dirname(target), { recursive: true }));
    const { mode } = statSync(join(this.#source, original));
    await writeWhole(target, bytes, mode & 0o777);
  }

  /** Gives the directory its name. */
  finish(): void {
    if (this.#directory === this.#path) return;
    writing(this.#path, () => {
      if (pathStats(this.#path) !== undefined) rmdirSync(this.#path);
      renameSync(this.#directory, this.#path);
    });
    this.#release();
  }

  /** Removes what isn't finished. */
  close(): void {
    if (!this.#isOpen || this.#directory === this.#path) return;
    this.#release();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #release(): void {
    this.#isOpen = false;
    for (const signal of ENDING_SIGNALS) process.removeListener(signal, this.#onSignal);
  }
}

/** The path without symbolic links, also of what isn't there yet. */
function realPath(path: string): string {
  if (pathStats(path) !== undefined) return realpathSync(path);
  const above = dirname(path);
  return above === path ? path : join(realPath(above), basename(path));
}
