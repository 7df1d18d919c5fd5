// Writes a result's file atomically, so that no reader finds half of it: the bytes go to a temporary file in the same
// directory, which is renamed when it is complete; a failure or a signal leaves the old file. The temporary name is
// random and the file is created new, so that a link planted under its name is not followed. A target that is not a
// plain file (a pipe, /dev/null) can't be replaced and is written directly.

import {
  chmodSync,
  closeSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { writing } from "../errors.ts";
import { ENDING_SIGNALS } from "../host/ending-signals.ts";
import { temporaryBeside } from "../host/temporary-name.ts";
import type { Sink } from "../index.ts";

/** Sent on a write past the file size limit (ulimit -f); the write then fails with EFBIG. */
const TOO_LARGE = "SIGXFSZ";
/** Milliseconds between two checks for a signal. */
const PATIENCE = 50;
/** Bytes of one write. */
const STEP = 1 << 20;

/**
 * @param mode the permissions of a new file (default: 0666 without the umask's bits).
 * @throws Misuse when the file can't be written.
 */
export async function writeWhole(
  path: string,
  content: string | Uint8Array,
  mode?: number,
): Promise<void> {
  const bytes = Buffer.from(content);
  await writeAtomically(
    path,
    function* (sink) {
      for (let at = 0; at < bytes.length; at += STEP) {
        sink.write(bytes.subarray(at, at + STEP));
        yield;
      }
    },
    mode,
  );
}

/**
 * Opens the file, has `fill` write it step by step and puts it in its place. When `fill` throws, or a signal ends the
 * program between two steps, nothing is left behind. An existing file keeps its permissions.
 * @throws Misuse when the file can't be written, and what `fill` throws.
 */
export async function writeAtomically(
  path: string,
  fill: (sink: Sink) => Iterable<unknown>,
  mode?: number,
): Promise<void> {
  const target = writing(path, () => resolved(path));
  const permissions = target.mode ?? mode;
  const temporary = target.plain ? temporaryBeside(target.path) : null;
  // Opening a pipe waits for its reader; signals can end that wait because they are not held back yet.
  const pipe = temporary === null ? new OpenFile(path, target.path, "w") : null;
  const signals = new Signals();
  try {
    const file = pipe ?? new OpenFile(path, temporary ?? target.path, "wx", permissions);
    try {
      for (const _ of fill(file)) await signals.look();
      await signals.look(0);
    } finally {
      file.close();
    }
    if (temporary === null) return;
    if (permissions !== undefined) writing(path, () => chmodSync(temporary, permissions));
    writing(path, () => renameSync(temporary, target.path));
  } catch (error) {
    if (temporary !== null) rmSync(temporary, { force: true });
    if (error instanceof Ended) signals.end(error);
    throw error;
  } finally {
    signals.close();
  }
}

/**
 * A path for a temporary file that is needed while the result is made: in the result's directory, or in the system's
 * directory for temporary files if the result is not a plain file.
 * @throws Misuse when the result's path can't be resolved.
 */
export function temporaryPath(path: string): string {
  const target = writing(path, () => resolved(path));
  return temporaryBeside(target.plain ? target.path : join(tmpdir(), "farjal"));
}

/** The path that a link leads to, whether a plain file is or can be there, and the permissions of an existing one. */
function resolved(path: string): {
  readonly path: string;
  readonly plain: boolean;
  readonly mode?: number;
} {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there === undefined) return { path, plain: true };
  // A target that is not a plain file may have no path: /dev/stdout resolves to a pipe's number.
  if (!there.isFile()) return { path, plain: false };
  return { path: realpathSync(path), plain: true, mode: there.mode & 0o777 };
}

/** A signal has arrived: thrown out of the writing, so that the temporary file is removed. */
class Ended extends Error {
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`ended by ${signal}`);
    this.signal = signal;
  }
}

/** Signals that end a program, held back while a file is written. Node delivers them between two turns only. */
class Signals {
  #came: NodeJS.Signals | null = null;
  #looked = performance.now();
  readonly #hear = (signal: NodeJS.Signals): void => {
    this.#came ??= signal;
  };

  constructor() {
    for (const signal of ENDING_SIGNALS) process.on(signal, this.#hear);
    process.on(TOO_LARGE, ignore);
  }

  /** Checks for a signal from time to time. @throws Ended */
  async look(patience = PATIENCE): Promise<void> {
    if (performance.now() - this.#looked < patience) return;
    // The first turn may end before Node polls the system for events; the second can't.
    await turn();
    await turn();
    this.#looked = performance.now();
    if (this.#came !== null) throw new Ended(this.#came);
  }

  /** Ends the program in the way the signal would have. */
  end({ signal }: Ended): void {
    this.close();
    process.kill(process.pid, signal);
  }

  close(): void {
    for (const signal of ENDING_SIGNALS) process.removeListener(signal, this.#hear);
    process.removeListener(TOO_LARGE, ignore);
  }
}

function ignore(): void {
  // The write that caused the signal fails, and its error gives the reason.
}

class OpenFile implements Sink {
  readonly #path: string;
  readonly #descriptor: number;

  /** @param flags "wx" creates a new file, with `mode` less the umask's bits. */
  constructor(path: string, opened: string, flags: "w" | "wx", mode?: number) {
    this.#path = path;
    this.#descriptor = writing(path, () => openSync(opened, flags, mode));
  }

  write(bytes: Uint8Array): void {
    this.#write(bytes, null);
  }

  patch(offset: number, bytes: Uint8Array): void {
    this.#write(bytes, offset);
  }

  close(): void {
    writing(this.#path, () => closeSync(this.#descriptor));
  }

  #write(bytes: Uint8Array, position: number | null): void {
    for (let done = 0; done < bytes.length; ) {
      const at = position === null ? null : position + done;
      done += writing(this.#path, () =>
        writeSync(this.#descriptor, bytes, done, bytes.length - done, at),
      );
    }
  }
}
