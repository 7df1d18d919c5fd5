// Writes a result's file in one step: the bytes go to a temporary file beside it, which then takes its
// name, so that nobody reads half a file and a failure leaves the old one.

import { renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { systemError } from "../errors.ts";
import { Misuse } from "../index.ts";

/** @throws Misuse when the file can't be written. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}`);
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new Misuse(`${path} can't be written: ${systemError(error)}`);
  }
}
