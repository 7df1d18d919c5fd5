// Compares the loader's lines for the kernel with the format strings in Debian's kernel: each must be in it, word for
// word, or be a line that the table of rules has for another release.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readKernel } from "../../src/index.ts";
import { printedTexts } from "../module/printed-texts.ts";
import { RULE_ROWS } from "../module/rule-messages.ts";
import { debian, debianSkip } from "../support/debian.ts";

/** Parts that a text has literally, where the format string has a conversion: numbers, ELFMAG, "module". */
const VALUES = /\d+|\x7fELF|^module: |-$/;
/** Pieces of a format string that are too short to be searched for. */
const SHORTEST = 4;

test("each of the loader's texts is in the kernel", { skip: debianSkip }, async () => {
  const kernel = await readKernel(debian?.vmlinuz ?? "");
  const image = Buffer.from(kernel.image?.bytes ?? []);
  const texts = printedTexts();
  assert.ok(texts.length > 40);
  const ofReleases = RULE_ROWS.flatMap(({ answers }) => answers.flatMap(([, { lines }]) => lines));
  const missing = texts.filter(({ parts }) => {
    const pieces = parts
      .flatMap((part) => part.split(VALUES))
      .map((piece) => piece.trim())
      .filter(({ length }) => length >= SHORTEST);
    if (pieces.every((piece) => image.includes(piece, 0, "latin1"))) return false;
    return !ofReleases.some((line) => pieces.every((piece) => line.includes(piece)));
  });
  assert.deepEqual(missing, []);
});
