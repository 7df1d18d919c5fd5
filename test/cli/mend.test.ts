// Tests `farjal mend`: the file that it writes, its report, and that it writes nothing when it refuses. test/mend
// checks whether the files are well-formed.

import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  assertMisuse,
  builtModule,
  farjal,
  farjalJson,
  ORDERS,
  temporaryDirectory,
} from "./farjal.ts";

interface Named {
  readonly name: string;
  readonly before: number;
  readonly after: number;
}

for (const order of ORDERS) {
  test(`mend writes the ${order}-endian module of 2009, which then loads as it is`, (context) => {
    const out = join(temporaryDirectory(context), "new.ko");
    const old = builtModule("jal2009", order);
    assert.equal(farjal(["load", old, "--far-jumps", "refuse"]).code, 1);
    const { code, json } = farjalJson(["mend", old, "-o", out]);
    assert.equal(code, 0);
    assert.equal(json.verdict, "mended");
    assert.deepEqual(json.refusals, []);
    assert.deepEqual(
      json.sections.map(({ name }: Named) => name),
      [".text", ".rel.text"],
    );
    const text = json.sections[0] as Named;
    // 10 sites of 3 words become 6, 4 calls of 1 word become 3.
    assert.equal(text.after - text.before, 10 * 12 + 4 * 8);
    assert.equal(json.changes.length, 14);
    const kinds = json.changes.map(
      ({ kind, symbol }: { kind: string; symbol: string }) => `${kind} ${symbol}`,
    );
    assert.deepEqual([...new Set(kinds)].sort(), [
      "call __kmalloc",
      "call kfree",
      "call memcpy",
      "call strlen",
      "site _mcount",
    ]);
    assert.equal(farjal(["load", out, "--far-jumps", "refuse"]).code, 0);
    const run = (path: string) => farjalJson(["run", path, "--call", "work_run", "1000"]).json.v0;
    assert.equal(run(out), run(builtModule("modern", order)));
  });
}

test("without anything to mend: the same bytes and exit code 0", (context) => {
  const out = join(temporaryDirectory(context), "new.ko");
  const { code, json } = farjalJson(["mend", builtModule("modern", "little"), "-o", out]);
  assert.deepEqual([code, json.verdict, json.changes, json.sections], [0, "nothing", [], []]);
  assert.deepEqual(readFileSync(out), readFileSync(builtModule("modern", "little")));
});

test("a refusal names section, offset, symbol and reason, and leaves the old file", (context) => {
  const directory = temporaryDirectory(context);
  const [broken, out] = [join(directory, "broken.ko"), join(directory, "out.ko")];
  const bytes = readFileSync(builtModule("jal2009", "little"));
  // The push after the first `jal _mcount` becomes another instruction: the site has no known form.
  const push = bytes.indexOf(Buffer.from([0xf8, 0xff, 0xbd, 0x27]));
  bytes.writeUInt32LE(0x27bdfff0, push);
  writeFileSync(broken, bytes);
  writeFileSync(out, "as it was");
  const { code, json } = farjalJson(["mend", broken, "-o", out]);
  assert.deepEqual([code, json.verdict], [1, "refused"]);
  const [{ section, offset, symbol, reason }] = json.refusals;
  assert.deepEqual([section, offset, symbol], [".text", 4, "_mcount"]);
  assert.match(reason, /none of gcc's forms/);
  assert.equal(readFileSync(out, "utf8"), "as it was");
  assert.deepEqual(readdirSync(directory).sort(), ["broken.ko", "out.ko"]);
});

test("a file that is no module is refused with the same keys", (context) => {
  const junk = join(temporaryDirectory(context), "junk.ko");
  writeFileSync(junk, "x".repeat(100));
  const { code, json } = farjalJson(["mend", junk, "--check"]);
  assert.deepEqual([code, json.verdict, json.errno], [1, "refused", "ENOEXEC"]);
  assert.equal(json.refusals.length, 1);
});

test("the new file has the old one's permissions, a file that is replaced keeps its own", (context) => {
  const directory = temporaryDirectory(context);
  const [old, out, there] = ["old.ko", "out.ko", "there.ko"].map((name) =>
    join(directory, name),
  ) as [string, string, string];
  writeFileSync(old, readFileSync(builtModule("jal2009", "little")));
  chmodSync(old, 0o640);
  assert.equal(farjal(["mend", old, "-o", out]).code, 0);
  assert.equal(statSync(out).mode & 0o777, 0o640);
  writeFileSync(there, "");
  chmodSync(there, 0o600);
  assert.equal(farjal(["mend", old, "-o", there]).code, 0);
  assert.equal(statSync(there).mode & 0o777, 0o600);
  // The output replaces the input.
  assert.equal(farjal(["mend", old, "-o", old]).code, 0);
  assert.deepEqual(readFileSync(old), readFileSync(out));
  assert.equal(statSync(old).mode & 0o777, 0o640);
});

test("--check writes nothing; without it, -o is required", (context) => {
  const out = join(temporaryDirectory(context), "new.ko");
  const old = builtModule("jal2009", "little");
  const { code, json } = farjalJson(["mend", old, "--check", "-o", out]);
  assert.deepEqual([code, json.verdict, existsSync(out)], [0, "mended", false]);
  assertMisuse(farjal(["mend", old]), /-o FILE/);
  assertMisuse(farjal(["mend", old, "-o", join(out, "no", "folder.ko")]), /can't be written/);
});
