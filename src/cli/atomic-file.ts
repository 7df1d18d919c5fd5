// Writes a result's file so that nobody reads half of it: the bytes go to a temporary file beside it, which
// takes its name when all are there; a failure leaves the old one. What is no plain file (a pipe, /dev/null)
// is written as it stands, since it can't be replaced.

import {
  closeSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { systemError } from "../errors.ts";
import { Misuse, type Sink } from "../index.ts";

/** @throws Misuse when the file can't be written. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  writeAtomically(path, (sink) => sink.write(Buffer.from(content)));
}

/**
 * Opens the file, lets `fill` write it and puts it in its place; when `fill` throws, as if nothing had been.
 * @throws Misuse when the file can't be written, and what `fill` throws.
 */
export function writeAtomically(path: string, fill: (sink: Sink) => void): void {
  const target = orSay(path, () => resolved(path));
  const temporary = target.plain ? beside(target.path, String(process.pid)) : null;
  try {
    const file = new OpenFile(path, temporary ?? target.path);
    try {
      fill(file);
    } finally {
      file.close();
    }
    if (temporary !== null) orSay(path, () => renameSync(temporary, target.path));
  } catch (error) {
    if (temporary !== null) rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * A name for a file that is needed while another is made: beside it, or among temporary files where that is none.
 * @throws Misuse when nobody can say where that is.
 */
export function temporaryPath(path: string, use: string): string {
  const target = orSay(path, () => resolved(path));
  const place = target.plain ? target.path : join(tmpdir(), "farjal");
  return beside(place, `${process.pid}.${use}`);
}

function beside(path: string, ending: string): string {
  return join(dirname(path), `.${basename(path)}.${ending}`);
}

/** Where a link leads, and whether a plain file is or can be there. */
function resolved(path: string): { readonly path: string; readonly plain: boolean } {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there === undefined) return { path, plain: true };
  // What is no plain file may have no path: /dev/stdout leads to a pipe's number.
  return there.isFile() ? { path: realpathSync(path), plain: true } : { path, plain: false };
}

class OpenFile implements Sink {
  readonly #path: string;
  readonly #descriptor: number;

  constructor(path: string, opened: string) {
    this.#path = path;
    this.#descriptor = orSay(path, () => openSync(opened, "w"));
  }

  write(bytes: Uint8Array): void {
    this.#write(bytes, null);
  }

  patch(offset: number, bytes: Uint8Array): void {
    this.#write(bytes, offset);
  }

  close(): void {
    orSay(this.#path, () => closeSync(this.#descriptor));
  }

  #write(bytes: Uint8Array, position: number | null): void {
    for (let done = 0; done < bytes.length; ) {
      const at = position === null ? null : position + done;
      done += orSay(this.#path, () =>
        writeSync(this.#descriptor, bytes, done, bytes.length - done, at),
      );
    }
  }
}

function orSay<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Misuse(`${path} can't be written: ${systemError(error)}`);
  }
}
