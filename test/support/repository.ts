// Gives paths of the repository's own files: compiled tests run from build/test, and read their data from test.

import { existsSync, readdirSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

function findRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, "package.json"))) directory = dirname(directory);
  return directory;
}

const ROOT = findRoot();

/** The absolute path of a file, given relative to the repository's root. */
export function repositoryFile(path: string): string {
  return join(ROOT, path);
}

/** Every file under a folder of the repository, relative to the root with `/`, sorted. */
export function sourceFiles(folder: string): string[] {
  return readdirSync(repositoryFile(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(ROOT.length + 1))
    .map((path) => path.replaceAll(sep, "/"))
    .sort();
}
