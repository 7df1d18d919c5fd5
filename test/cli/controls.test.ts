// Control characters of a hostile file: as \xNN in text, as JSON's own escapes in a document.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SHN_UNDEF } from "../../src/elf/numbers.ts";
import { writeModule } from "../support/module-writer.ts";
import { farjal, farjalJson, temporaryDirectory } from "./farjal.ts";

/** ESC, DEL and CSI, which a terminal may obey. */
const NAME = "no\x1b[31m\x7fsuch\x9b0m";
const MODULE = writeModule({ symbols: [{ name: NAME, section: SHN_UNDEF }] });
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
const CONTROL = /[\0-\x09\x0b-\x1f\x7f-\x9f]/;

test("a kernel line with control characters is text without them, and JSON with them", (context) => {
  const directory = temporaryDirectory(context);
  const path = join(directory, "evil.ko");
  writeFileSync(path, MODULE);
  const { code, stdout } = farjal(["load", path]);
  assert.equal(code, 1);
  assert.match(stdout, /Unknown symbol no.*\\x7fsuch\\x9b0m \(err -2\)/);
  const printed = farjal(["load", path, "--json"]).stdout;
  assert.doesNotMatch(printed, CONTROL);
  const { json } = farjalJson(["load", path]);
  assert.match(json.dmesg.join("\n"), /\x7fsuch\x9b0m/);
});

test("sweep's document has them too", (context) => {
  const directory = join(temporaryDirectory(context), "modules");
  mkdirSync(directory);
  writeFileSync(join(directory, "evil.ko"), MODULE);
  const { code, json } = farjalJson(["sweep", directory, "--jobs", "1"]);
  assert.equal(code, 1);
  assert.match(JSON.stringify(json), /\x7fsuch\x9b0m/);
});

test("a misuse is a document as well", () => {
  const { code, json } = farjalJson(["info", "no\x7f.ko"]);
  assert.deepEqual([code, json.verdict], [2, "misuse"]);
  assert.match(json.error, /^no\x7f\.ko/);
});
