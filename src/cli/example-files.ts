// The files that the examples in README.md, docs/ and --help name: modules of 2009 and of today, with and without
// debugging information, and a crash's console. scripts/dist.mjs puts them into the package from test/, where they are
// built and tested; the demo writes them for its user, so that each example runs as it is printed.

import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemError } from "../errors.ts";
import { Misuse } from "../index.ts";
import { writeWhole } from "./atomic-file.ts";

/**
 * Writes them into the folder, which is made if it isn't there.
 * @returns their paths in the folder, sorted.
 * @throws Misuse when one can't be written, or another file of its name is there; then none is written.
 */
export async function writeExampleFiles(folder: string): Promise<string[]> {
  const from = fileURLToPath(new URL("../../../dist/examples/", import.meta.url));
  const names = readdirSync(from, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(from, name)).isFile())
    .sort();
  const files = names.map((name) => ({
    path: join(folder, name),
    bytes: readFileSync(join(from, name)),
  }));
  for (const { path, bytes } of files) {
    const there = existing(path);
    if (there === null || bytes.equals(there)) continue;
    throw new Misuse(`${path} is another file already, and is left alone`);
  }
  for (const { path, bytes } of files) {
    makeFolder(join(path, ".."));
    await writeWhole(path, bytes);
  }
  return names;
}

/** The bytes of the file; null if there is none. */
function existing(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new Misuse(`${path} can't be written: ${systemError(error)}`);
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new Misuse(`${path} can't be made: ${systemError(error)}`);
  }
}
