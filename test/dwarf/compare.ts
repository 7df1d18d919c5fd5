// Compares farjal's lines with those of binutils' addr2line -i -f over every call site and every relocation of code in
// real modules that have debugging information, such as Debian's linux-image-*-dbg packages:
//
//   node build/test/dwarf/compare.js DIR [NTH [FIRST [MODULES]]]
//
// Every NTH module of the tree is compared (default: 1), from number FIRST on. With MODULES, the tree of the modules as
// they are installed, farjal is asked about those, whose twins are in DIR. Each difference is printed with both answers.
// It isn't a test: the package has 600 MB. Needs binutils-mipsel-linux-gnu 2.40.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openDebugInfo, type SourceFrame, sourcePath } from "../../src/dwarf/debug-info.ts";
import { contents, relocationTables } from "../../src/elf/contents.ts";
import { SHF_EXECINSTR } from "../../src/elf/numbers.ts";
import type { ElfObject, Section } from "../../src/elf/object.ts";
import { readElf } from "../../src/elf/reader.ts";
import { moduleFiles } from "../../src/sweep/dependencies.ts";

/** Offsets that are worth a question, by section of code. */
function places(elf: ElfObject): Map<Section, Set<number>> {
  const found = new Map<Section, Set<number>>();
  const add = (section: Section | undefined, offset: number): void => {
    if (section === undefined || (section.flags & SHF_EXECINSTR) === 0) return;
    if (offset < section.size) found.set(section, (found.get(section) ?? new Set()).add(offset));
  };
  for (const table of relocationTables(elf)) {
    for (let index = 0; index < table.count; index++) {
      add(table.target, table.offset(index));
      if (table.target.name !== "__mcount_loc") continue;
      const symbol = elf.symbols[table.symbol(index)];
      if (symbol === undefined) continue;
      const inPlace = table.hasAddends ? 0 : contents(elf, table.target).u32(table.offset(index));
      add(elf.sections[symbol.section], symbol.value + inPlace + table.addend(index));
    }
  }
  return found;
}

/** addr2line's answers: `function path:line` for each frame, innermost first. */
function addr2line(path: string, section: string, offsets: readonly number[]): string[][] {
  const input = offsets.map((offset) => `0x${offset.toString(16)}\n`).join("");
  const words = ["-a", "-i", "-f", "-j", section, "-e", path];
  const { stdout } = spawnSync("mipsel-linux-gnu-addr2line", words, {
    input,
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  const answers: string[][] = [];
  let pending: string | null = null;
  for (const line of stdout.split("\n")) {
    if (/^0x[0-9a-f]{8,16}$/.test(line)) {
      answers.push([]);
      pending = null;
    } else if (pending === null) pending = line;
    else {
      answers.at(-1)?.push(`${pending} ${line.replace(/ \(discriminator \d+\)$/, "")}`);
      pending = null;
    }
  }
  return answers;
}

function ours(frames: readonly SourceFrame[]): string[] {
  if (frames.length === 0) return ["?? ??:0"];
  return frames.map(
    (frame) => `${frame.function ?? "??"} ${sourcePath(frame) ?? "??"}:${frame.line ?? "?"}`,
  );
}

/** addr2line normalizes no paths, and neither does farjal; only what both leave open is made alike. */
function alike(one: readonly string[]): string {
  return one.map((frame) => frame.replace(/:0$/, ":?")).join(" < ");
}

const [root = "", nth = "1", first = "0", installed = root] = process.argv.slice(2);
let [asked, differences, modules] = [0, 0, 0];
for (const [index, name] of moduleFiles(root, true).entries()) {
  if (index % Number(nth) !== Number(first)) continue;
  const path = join(root, name);
  const elf = readElf(readFileSync(join(installed, name)));
  const info = openDebugInfo(readElf(readFileSync(path)), elf);
  if (info === null) continue;
  modules++;
  for (const [section, set] of places(elf)) {
    const offsets = [...set].sort((a, b) => a - b);
    const answers = addr2line(path, section.name, offsets);
    for (const [at, offset] of offsets.entries()) {
      asked++;
      const [theirs, own] = [answers[at] ?? [], ours(info.framesAt(section, offset))];
      if (alike(theirs) === alike(own)) continue;
      differences++;
      console.log(`${name} ${section.name}+0x${offset.toString(16)}`);
      console.log(`  addr2line ${alike(theirs)}\n  farjal    ${alike(own)}`);
    }
  }
}
console.log(`${modules} modules, ${asked} places, ${differences} differences`);
