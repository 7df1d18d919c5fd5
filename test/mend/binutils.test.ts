// Checks mended modules with GNU binutils: readelf reads every part of them without a warning, ld -r accepts them,
// and objdump shows no far jump, and no j or jal where none is allowed.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { mendModule } from "../../src/mend/mend.ts";
import type { MendOptions } from "../../src/mend/plan.ts";
import { repositoryFile } from "../support/repository.ts";

const TOOLS = { little: "mipsel-linux-gnu-", big: "mips-linux-gnu-" } as const;
const EMULATION = { little: "elf32ltsmip", big: "elf32btsmip" } as const;
const BUILT = repositoryFile("test/modules/built");
const FORMS: readonly MendOptions[] = [{}, { noJumps: true }, { sites: "remove" }];
const skip = spawnSync("mips-linux-gnu-ld", ["--version"]).error
  ? "mips-linux-gnu-ld isn't installed"
  : false;

suite("binutils", { skip }, () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "farjal-mend-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const order of ["little", "big"] as const) {
    test(`read and link every mended ${order}-endian module`, () => {
      const [out, linked] = [join(folder, "out.ko"), join(folder, "linked.o")];
      const run = (tool: string, args: readonly string[]): string => {
        const result = spawnSync(TOOLS[order] + tool, args, { encoding: "utf8" });
        assert.deepEqual([result.status, result.stderr], [0, ""], tool);
        return result.stdout;
      };
      let files = 0;
      for (const name of readdirSync(BUILT).filter((one) => one.endsWith(`-${order}.ko`))) {
        for (const options of FORMS) {
          const { file, report } = mendModule(readFileSync(join(BUILT, name)), options);
          assert.notEqual(report.verdict, "refused", name);
          if (report.verdict === "nothing" || file === null) continue;
          files += 1;
          writeFileSync(out, file);
          run("readelf", ["-aW", out]);
          run("ld", ["-r", "-m", EMULATION[order], "-o", linked, out]);
          const dump = run("objdump", ["-dr", out]);
          assert.doesNotMatch(dump, /R_MIPS_26\s+(_mcount|__kmalloc|kfree|memcpy|strlen)$/m, name);
          if (options.noJumps === true) assert.doesNotMatch(dump, /\t(j|jal)\t/, name);
        }
      }
      assert.ok(files > 20, `${files} files`);
    });
  }
});
