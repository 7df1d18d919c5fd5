// Lists the vector files in the repository.

import { readdirSync, readFileSync } from "node:fs";
import { repositoryFile } from "../support/repository.ts";
import { decode, type VectorFile } from "./format.ts";

const DIRECTORY = "test/vectors/stored";

/** The file with the vectors of a group. */
export function storedPath(group: string): string {
  return repositoryFile(`${DIRECTORY}/${group}.gz`);
}

let stored: readonly VectorFile[] | undefined;

/** Every stored file, in the order of their names. */
export function storedFiles(): readonly VectorFile[] {
  stored ??= readdirSync(repositoryFile(DIRECTORY))
    .sort()
    .map((name) => decode(readFileSync(repositoryFile(`${DIRECTORY}/${name}`))));
  return stored;
}
