// Tests --strip-debug on a module with gcc's DWARF: the debugging sections and their relocations are removed,
// everything else is renumbered, and binutils and the lab accept the file. Without the option, pointers into code are
// adjusted, and the report says which data isn't: binutils agrees with both.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { STT_FUNC } from "../../src/elf/numbers.ts";
import type { ElfObject } from "../../src/elf/object.ts";
import { Machine, mendModule, readModule } from "../../src/index.ts";
import { repositoryFile } from "../support/repository.ts";

const TOOLS = { little: "mipsel-linux-gnu-", big: "mips-linux-gnu-" } as const;
const skip = spawnSync("mips-linux-gnu-gcc", ["--version"]).error
  ? "mips-linux-gnu-gcc isn't installed"
  : false;
const FLAGS = [
  ...[
    "-g",
    "-O2",
    "-ffreestanding",
    "-fno-common",
    "-fno-pic",
    "-mno-abicalls",
    "-G",
    "0",
    "-mabi=32",
  ],
  ...[
    "-march=mips32r2",
    "-msoft-float",
    "-fno-stack-protector",
    "-DMODULE",
    "-pg",
    "-mno-long-calls",
    "-c",
  ],
];

/** DW_AT_low_pc of each DW_TAG_subprogram by name, in readelf's listing. */
function lowAddresses(info: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const entry of info.split(/Abbrev Number: /)) {
    if (!/^\d+ \(DW_TAG_subprogram\)/.test(entry)) continue;
    const name = /DW_AT_name +: (?:\(.*?\): )?(\w+)/.exec(entry)?.[1];
    const low = /DW_AT_low_pc +: (0x[0-9a-f]+)/.exec(entry)?.[1];
    if (name !== undefined && low !== undefined) found.set(name, Number(low));
  }
  return found;
}

for (const order of ["little", "big"] as const) {
  test(`debugging sections of a ${order}-endian module are removed on request`, {
    skip,
  }, async (context) => {
    const folder = mkdtempSync(join(tmpdir(), "farjal-strip-"));
    context.after(() => rmSync(folder, { recursive: true, force: true }));
    const run = (tool: string, args: readonly string[]) => {
      const { status, stderr } = spawnSync(TOOLS[order] + tool, args, { encoding: "utf8" });
      assert.deepEqual([status, stderr], [0, ""], tool);
    };
    const [object, out] = [join(folder, "work.o"), join(folder, "out.o")];
    const source = repositoryFile("test/modules/work.c");
    run("gcc", [...FLAGS, "-I", repositoryFile("src/lab-kernel"), source, "-o", object]);
    const bytes = readFileSync(object);
    const kept = mendModule(bytes);
    assert.ok(kept.report.notes.some((note) => note.includes("--strip-debug")));
    const { file, report } = mendModule(bytes, { stripDebug: true });
    assert.ok(file !== null && kept.file !== null);
    assert.ok(
      report.stripped.includes(".debug_line") && report.stripped.includes(".rel.debug_line"),
    );
    for (const one of [kept.file, file]) {
      writeFileSync(out, one);
      run("readelf", ["-aW", out]);
      run("ld", [
        "-r",
        "-m",
        order === "little" ? "elf32ltsmip" : "elf32btsmip",
        "-o",
        `${out}.linked`,
        out,
      ]);
    }
    writeFileSync(out, kept.file);
    const dump = (what: string, path: string): string =>
      spawnSync(`${TOOLS[order]}readelf`, [`--debug-dump=${what}`, path], { encoding: "utf8" })
        .stdout;
    const { elf: old } = readModule(bytes, { object: true });
    const { elf: now } = readModule(kept.file, { object: true });
    const starts = lowAddresses(dump("info", out));
    const valueIn = ({ symbols }: ElfObject, name: string) =>
      symbols.find((symbol) => symbol.name === name && symbol.type === STT_FUNC)?.value;
    for (const [name, start] of starts) assert.equal(start, valueIn(now, name), name);
    const moved = [...starts].filter(([name, start]) => start !== valueIn(old, name));
    assert.ok(moved.length > 5, `${moved.length} functions have moved`);
    // A line table's distances are constants, so its rows are those of the old code up to the next address.
    const rows = (path: string) => dump("decodedline", path).match(/ 0x[0-9a-f]+ .*$/gm) ?? [];
    assert.equal(rows(out).length, rows(object).length);
    assert.deepEqual(rows(out).slice(0, 50), rows(object).slice(0, 50));
    const { elf } = readModule(file, { object: true });
    assert.ok(elf.sections.every(({ name }) => !name.includes(".debug_")));
    const results = [];
    for (const one of [kept.file, file]) {
      const machine = await Machine.create({ endian: order });
      machine.insmodFile(readModule(one, { object: true }), { farJumps: "refuse" });
      results.push(machine.call("work_run", [50]).v0);
    }
    assert.deepEqual(results, [0x3133f6fd, 0x3133f6fd]);
    assert.equal(mendModule(file, { stripDebug: true }).report.verdict, "nothing");
  });
}
