// The loader's lines for the kernel against the format strings in Debian's own: each stands there, word for word,
// but for those that this configuration of it has no use for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readKernel } from "../../src/index.ts";
import { printedTexts } from "../module/printed-texts.ts";
import { debian, debianSkip } from "../support/debian.ts";

/** What a text says itself and the format string has as a value: numbers, ELFMAG, "module". */
const VALUES = /\d+|\x7fELF|^module: |-$/;
/** Pieces of a format string that are too short to be found by. */
const SHORTEST = 4;

test("each text of the loader's is in the kernel", { skip: debianSkip }, async () => {
  const kernel = await readKernel(debian?.vmlinuz ?? "");
  const image = Buffer.from(kernel.image?.bytes ?? []);
  const texts = printedTexts();
  assert.ok(texts.length > 40);
  const missing = texts.filter(({ parts }) => {
    const pieces = parts.flatMap((part) => part.split(VALUES)).map((piece) => piece.trim());
    return pieces.some((piece) => piece.length >= SHORTEST && !image.includes(piece, 0, "latin1"));
  });
  assert.deepEqual(missing, []);
});
