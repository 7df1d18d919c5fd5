// Checks that the interpreter's fast loop has no call in it. With a call, V8 keeps the loop's state in memory, which
// makes it a third slower. binaryen inlines functions that have one caller or are small; the others need @inline.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { repositoryFile } from "../support/repository.ts";

for (const endian of ["little", "big"]) {
  const functions = readFileSync(repositoryFile(`build/core/${endian}.wat`), "utf8").split(
    "\n (func ",
  );
  for (const name of ["quickly", "seek", "count"]) {
    test(`${name}() calls nothing, ${endian}-endian`, () => {
      const prefix = `$assembly/interpreter/interpreter/${name} `;
      const text = functions.find((code) => code.startsWith(prefix)) ?? "";
      assert.match(text, /\bbr_table /);
      assert.deepEqual(text.match(/\bcall(_indirect)? .*/g) ?? [], []);
    });
  }
}
