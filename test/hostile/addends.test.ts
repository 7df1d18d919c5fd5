// Tests pointers of 64-bit modules whose addends lead far below their section, to numbers so large that adding 1
// doesn't change them: the string is not there, and the program must end.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { RELA64_SIZE } from "../../src/elf/numbers.ts";
import { readElf } from "../../src/elf/reader.ts";
import { farjal, temporaryDirectory } from "../cli/farjal.ts";
import { repositoryFile } from "../support/repository.ts";

const R_ADDEND = 16;

test("an export whose name is far below everything", (context) => {
  const bytes = readFileSync(repositoryFile("test/modules/built64/full-little.ko"));
  const table = readElf(bytes).sections.find(({ name }) => name === ".rela__ksymtab");
  assert.ok(table);
  for (let at = table.offset; at < table.offset + table.size; at += RELA64_SIZE) {
    bytes.writeBigInt64LE(-(1n << 62n), at + R_ADDEND);
  }
  const path = join(temporaryDirectory(context), "full.ko");
  writeFileSync(path, bytes);
  for (const command of ["info", "load", "explain"]) {
    const { code, stderr } = farjal([command, path]);
    assert.ok(code === 0 || code === 1 || code === 2, `${command}: ${code} ${stderr}`);
    assert.doesNotMatch(stderr, /internal error/);
  }
});
