// Checks that every source file begins with a comment paragraph that says what it is for.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { repositoryFile, sourceFiles } from "../support/repository.ts";

const FOLDERS = ["assembly", "src", "test", "bench", "examples"];
const SOURCE = /\.(?:ts|mjs|c|h|S|lds|ld|sh|py)$/;
/** A shorter one says nothing more than the file's name. */
const SHORTEST = 40;

/** The comment at the beginning of a file, after `#!` if there is one. */
function opening(text: string): string {
  const body = text.replace(/^#!.*\n/, "");
  const [block] = /^\/\*[\s\S]*?\*\//.exec(body) ?? [];
  const [lines] = /^(?:(?:\/\/|#(?!include|define|if)).*\n)+/.exec(body) ?? [];
  const [docstring] = /^"""[\s\S]*?"""/.exec(body) ?? [];
  return block ?? lines ?? docstring ?? "";
}

suite("every source file", () => {
  for (const folder of FOLDERS) {
    test(`of ${folder} begins with its purpose`, () => {
      const files = sourceFiles(folder).filter((file) => SOURCE.test(file));
      assert.ok(files.length > 0);
      const silent = files.filter(
        (file) => opening(readFileSync(repositoryFile(file), "utf8")).length < SHORTEST,
      );
      assert.deepEqual(silent, []);
    });
  }
});
