// Checks that no list becomes the arguments of a call: V8 throws a RangeError at some hundred thousand arguments, and a
// list that a file or a guest determines can be longer. src/extremes.ts has what Math.max(...list) was for.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import ts from "@typescript/typescript6";
import { repositoryFile, sourceFiles } from "../support/repository.ts";

/** The calls and constructions in a source that have a spread among their arguments. */
function spreads(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const called = ts.isCallExpression(node) || ts.isNewExpression(node);
    if (called && node.arguments?.some(ts.isSpreadElement) === true) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      found.push(`${file}:${line + 1}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

test("no call has a list's elements as its arguments", () => {
  const made = "Math.max(1, ...list); new Thing(...list); f([...list]); g({ ...one });\n";
  assert.deepEqual(spreads("made.ts", made), ["made.ts:1", "made.ts:1"]);
  const files = sourceFiles("src").filter((file) => file.endsWith(".ts"));
  assert.ok(files.length > 300);
  const found = files.flatMap((file) => spreads(file, readFileSync(repositoryFile(file), "utf8")));
  assert.deepEqual(found, []);
});
