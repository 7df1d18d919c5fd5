// The name of a file that is written before it takes another file's name. It is random, and the code that creates the file
// uses the flag wx: then a link that was planted under the name is never followed, and two writers never share a file.

import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";

export const TEMPORARY_PREFIX = ".farjal-";

/** A new name in the same directory, of a fixed length, so that a long name of the file can't make it too long. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), TEMPORARY_PREFIX + randomBytes(8).toString("hex"));
}
