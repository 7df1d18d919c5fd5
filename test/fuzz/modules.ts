// The initial modules: our own, and real ones where Debian's are available.

import { readFileSync, statSync } from "node:fs";
import { debian } from "../support/debian.ts";
import { repositoryFile, sourceFiles } from "../support/repository.ts";

/** Small modules cover the same in less time. */
const LARGEST_REAL = 24 << 10;
const REAL = 150;

/** The files' bytes. */
export function seedModules(): Uint8Array[] {
  const own = ["test/modules/built", "test/modules/built64"]
    .flatMap((folder) => sourceFiles(folder))
    .filter((path) => path.endsWith(".ko"))
    .map(repositoryFile);
  const small = (debian?.modules ?? []).filter((path) => statSync(path).size < LARGEST_REAL);
  const step = Math.max(1, Math.floor(small.length / REAL));
  return [...own, ...small.filter((_, index) => index % step === 0)].map((path) =>
    readFileSync(path),
  );
}

/** The 64-bit ones of our own. */
export function seedModules64(): Uint8Array[] {
  return sourceFiles("test/modules/built64")
    .filter((path) => path.endsWith(".ko"))
    .map((path) => readFileSync(repositoryFile(path)));
}

/** A number derived from the input, always the same: the seed for what a case needs besides its bytes. */
export function checksum(bytes: Uint8Array): number {
  let sum = 0x811c9dc5;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193);
  return sum >>> 0;
}
