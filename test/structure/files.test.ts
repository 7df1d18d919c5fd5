// Every source file says first what it is for: a paragraph of comment before anything else.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { repositoryFile, sourceFiles } from "../support/repository.ts";

const FOLDERS = ["assembly", "src", "test", "bench", "examples"];
const SOURCE = /\.(?:ts|mjs|c|h|S|lds|ld|sh|py)$/;
/** Shorter says nothing that the file's name doesn't. */
const SHORTEST = 40;

/** The comment that a file opens with, behind `#!` if there is one. */
function opening(text: string): string {
  const body = text.replace(/^#!.*\n/, "");
  const [block] = /^\/\*[\s\S]*?\*\//.exec(body) ?? [];
  const [lines] = /^(?:(?:\/\/|#(?!include|define|if)).*\n)+/.exec(body) ?? [];
  const [docstring] = /^"""[\s\S]*?"""/.exec(body) ?? [];
  return block ?? lines ?? docstring ?? "";
}

suite("every source file", () => {
  for (const folder of FOLDERS) {
    test(`of ${folder} opens with what it is for`, () => {
      const files = sourceFiles(folder).filter((file) => SOURCE.test(file));
      assert.ok(files.length > 0);
      const silent = files.filter(
        (file) => opening(readFileSync(repositoryFile(file), "utf8")).length < SHORTEST,
      );
      assert.deepEqual(silent, []);
    });
  }
});
