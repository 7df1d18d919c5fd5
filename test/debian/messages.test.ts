// Compares the loader's lines for the kernel with the format strings in Debian's kernel: each must be in it, word for
// word, except for those that this kernel's configuration leaves out.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readKernel } from "../../src/index.ts";
import { printedTexts } from "../module/printed-texts.ts";
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
  const missing = texts.filter(({ parts }) => {
    const pieces = parts.flatMap((part) => part.split(VALUES)).map((piece) => piece.trim());
    return pieces.some((piece) => piece.length >= SHORTEST && !image.includes(piece, 0, "latin1"));
  });
  assert.deepEqual(missing, []);
});
