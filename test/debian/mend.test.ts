// Mends all of Debian's 3,042 modules without jumps. Each result must be a file that this reader reads, have no j and
// no jal left, list every call site, and need no further mending. The modules as shipped need nothing but the sites
// that recordmcount lost.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { suite, test } from "node:test";
import { mendModule, readModule } from "../../src/index.ts";
import { jumpsOfModule } from "../../src/mend/jump-list.ts";
import { debian, debianSkip } from "../support/debian.ts";

suite("Debian's modules", { skip: debianSkip }, () => {
  const modules = debian?.modules ?? [];

  test("need only the sites that recordmcount lost", () => {
    const changed: string[] = [];
    for (const path of modules) {
      const bytes = readFileSync(path);
      const { file, report } = mendModule(bytes);
      assert.notEqual(report.verdict, "refused", path);
      if (report.verdict === "nothing") assert.equal(file, bytes);
      else changed.push(...report.changes.map(({ kind }) => `${kind} ${basename(path)}`));
    }
    const lost = changed.filter((one) => one.startsWith("site-listed"));
    assert.equal(lost.length, 17);
    assert.ok(lost.includes("site-listed pretimeout_panic.ko"));
  });

  test("are all mended without jumps, and no j or jal is left", () => {
    let mended = 0;
    for (const path of modules) {
      const { file, report } = mendModule(readFileSync(path), { noJumps: true });
      assert.deepEqual(report.refusals, [], path);
      if (report.verdict === "nothing" || file === null) {
        assert.deepEqual(jumpsOfModule(readModule(readFileSync(path)), 0xc0000000), [], path);
        continue;
      }
      mended += 1;
      const read = readModule(file);
      assert.deepEqual(jumpsOfModule(read, 0xc0000000), [], path);
      assert.deepEqual(read.callSites.unrecorded, [], path);
      assert.equal(mendModule(file, { noJumps: true }).report.verdict, "nothing", path);
    }
    assert.ok(mended >= 138, `${mended} mended`);
  });
});
