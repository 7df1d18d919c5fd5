// The lines, functions and inlined calls of every instruction of built/'s files, against binutils' addr2line. expected.py
// writes its answers.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";
import {
  type DebugInfo,
  openDebugInfo,
  type SourceFrame,
  sourcePath,
} from "../../src/dwarf/debug-info.ts";
import { SHF_EXECINSTR } from "../../src/elf/numbers.ts";
import { readElf } from "../../src/elf/reader.ts";
import { repositoryFile } from "../support/repository.ts";

const BUILT = repositoryFile("test/dwarf/built");
type Answers = Record<string, Record<string, Record<string, string[]>>>;
const EXPECTED = JSON.parse(
  readFileSync(repositoryFile("test/dwarf/expected.json"), "utf8"),
) as Answers;

function open(name: string): DebugInfo {
  const info = openDebugInfo(readElf(readFileSync(`${BUILT}/${name}`)));
  assert.ok(info !== null);
  return info;
}

/** A frame as addr2line prints it. */
function printed(frame: SourceFrame): string {
  return `${frame.function ?? "??"} ${sourcePath(frame) ?? "??"}:${frame.line ?? "?"}`;
}

suite("debugging information", () => {
  test("is expected of every file that is built", () => {
    assert.deepEqual(Object.keys(EXPECTED).sort(), readdirSync(BUILT).sort());
  });

  for (const [name, sections] of Object.entries(EXPECTED)) {
    test(`${name}: each instruction's frames are addr2line's`, () => {
      const info = open(name);
      let compared = 0;
      for (const section of info.elf.sections) {
        if ((section.flags & SHF_EXECINSTR) === 0) continue;
        const answers = sections[section.name] ?? {};
        const start =
          Number(section.address) === 0 ? 0n : BigInt.asUintN(64, BigInt(section.address));
        for (let offset = 0; offset < section.size; offset += 4) {
          const at = (start + BigInt(offset)).toString(16);
          const frames = info.framesAt(section, offset).map(printed);
          const wanted = answers[at] ?? [];
          // Between functions farjal names the last symbol, as addr2line does; LLVM names nothing.
          const unnamed = wanted[0]?.startsWith("?? ") ? frames[0]?.split(" ")[0] : undefined;
          assert.deepEqual(
            frames,
            wanted.map((frame) => (unnamed === undefined ? frame : frame.replace("??", unnamed))),
            `${section.name}+${offset.toString(16)}`,
          );
          compared += frames.length;
        }
      }
      assert.ok(compared > 140, `${compared} frames`);
    });

    test(`${name}: the lines and functions cover the same code`, () => {
      const info = open(name);
      const known = new Map(Object.values(sections).flatMap((one) => Object.entries(one)));
      let words = 0;
      for (const { section, offset, size, ...line } of info.lines()) {
        for (let at = offset; at < offset + size; at += 4) {
          const [innermost] = info.framesAt(section, at);
          assert.equal(innermost?.line, line.line);
          assert.equal(innermost?.file, line.file);
          words += 1;
        }
      }
      const total = Object.values(sections).reduce((sum, one) => sum + Object.keys(one).length, 0);
      assert.equal(words, total);
      assert.ok(known.size > 0);
      const functions = [...info.functions()].map((one) => one.function);
      for (const wanted of [
        "lines_stir",
        "lines_pair",
        "lines_check",
        "lines_complain",
        "more_digest",
        "lines_start",
      ]) {
        assert.ok(functions.includes(wanted), wanted);
      }
    });
  }

  test("of a file without any is null", () => {
    const bytes = readFileSync(repositoryFile("test/modules/built/modern-little.ko"));
    assert.equal(openDebugInfo(readElf(bytes)), null);
  });

  test("an address of a linked file leads to its frames", () => {
    const info = open("linked64");
    const [[at, frames] = ["", []]] = Object.entries(EXPECTED["linked64"]?.[".text"] ?? {});
    assert.deepEqual(info.framesAtAddress(BigInt(`0x${at}`)).map(printed), frames);
    assert.deepEqual(info.framesAtAddress(0xffffffff80000000n), []);
  });
});

suite("debugging information that is partly in other files", () => {
  const opened = (name: string) => {
    const info = openDebugInfo(
      readElf(readFileSync(repositoryFile(`test/dwarf/elsewhere/${name}.o`))),
    );
    assert.ok(info !== null);
    return info;
  };

  test("split files are named, and lines are read", () => {
    const info = opened("split");
    assert.deepEqual(info.elsewhere, [
      "its inlined calls are in split files (lines.dwo), which aren't read: build it without -gsplit-dwarf",
    ]);
    const text = info.elf.sections.find(({ name }) => name === ".text");
    assert.ok(text !== undefined);
    const [frame] = info.framesAt(text, 0x20);
    assert.equal(frame?.function, "lines_stir");
    assert.equal(frame?.line, 13);
  });

  test("the file that dwz made is named", () => {
    assert.deepEqual(opened("dwz").elsewhere, [
      "some of its functions are in /usr/lib/debug/.dwz/shared.debug, which dwz made for several files and which isn't read",
    ]);
  });

  test("and nothing is said of any other file", () => {
    for (const name of readdirSync(BUILT)) {
      const info = openDebugInfo(readElf(readFileSync(`${BUILT}/${name}`)));
      assert.deepEqual(info?.elsewhere, [], name);
    }
  });
});
