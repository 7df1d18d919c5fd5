// Reads the files that a command or a sweep names. Whatever a path turns out to be (a pipe, a device that never
// ends, a directory), reading it is bounded and ends in bytes or in one sentence.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { Misuse, systemError } from "./errors.ts";
import { findPayloads } from "./kernel/payload.ts";

/** No module comes near it: the largest of a distribution's have 10 MB. */
const LARGEST = 256 << 20;
const CHUNK = 1 << 20;
const STDIN = 0;

/** A file's bytes; `-` is standard input. @throws Misuse when it can't be read or is too large. */
export function readInput(path: string): Uint8Array {
  try {
    const descriptor = path === "-" ? STDIN : openSync(path, "r");
    try {
      return readAll(descriptor, path);
    } finally {
      if (descriptor !== STDIN) closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof Misuse) throw error;
    if ((error as NodeJS.ErrnoException).code === "EISDIR") {
      throw new Misuse(
        `${path} is a directory, and a file is wanted; farjal sweep takes directories`,
      );
    }
    throw new Misuse(`${path} can't be read: ${systemError(error)}`);
  }
}

/** A module's bytes, unpacked when the whole file is compressed. */
export async function readModuleBytes(path: string): Promise<Uint8Array> {
  const bytes = readInput(path);
  const [payload] = findPayloads(bytes.subarray(0, 16)).filter(({ offset }) => offset === 0);
  if (payload === undefined) return bytes;
  const whole = findPayloads(bytes).find(({ offset }) => offset === 0);
  try {
    if (whole?.unpack) return await whole.unpack();
  } catch (error) {
    throw new Misuse(`${path} can't be unpacked: ${systemError(error)}`);
  }
  throw new Misuse(`${path} is ${payload.format}-compressed, which farjal doesn't unpack`);
}

function readAll(descriptor: number, path: string): Uint8Array {
  const full: Uint8Array[] = [];
  let size = 0;
  // A file has room for itself and for the end behind it at once; of a pipe's size nothing is known.
  let chunk = new Uint8Array(Math.min(fstatSync(descriptor).size + 1, LARGEST));
  let filled = 0;
  for (;;) {
    if (filled === chunk.length) {
      full.push(chunk);
      chunk = new Uint8Array(CHUNK);
      filled = 0;
    }
    const count = readSync(descriptor, chunk, filled, chunk.length - filled, null);
    if (count === 0) break;
    filled += count;
    size += count;
    if (size > LARGEST)
      throw new Misuse(`${path} has more than ${LARGEST >>> 20} MiB; no module has`);
  }
  const last = chunk.subarray(0, filled);
  return full.length === 0 ? last : Buffer.concat([...full, last]);
}
