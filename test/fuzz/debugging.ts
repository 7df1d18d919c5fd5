// Debugging information and the texts of oopses as targets. Damage goes to the debugging sections, whose numbers lead
// from one to the other; the rest of the file stays whole, so that it is read as far as them.

import { readdirSync, readFileSync } from "node:fs";
import { openDebugInfo } from "../../src/dwarf/debug-info.ts";
import { DebugTypes, sizeOfType, typeText } from "../../src/dwarf/types.ts";
import { readElf } from "../../src/elf/reader.ts";
import { readModule } from "../../src/module/file/file.ts";
import { decodeOops } from "../../src/oops/decode.ts";
import { ModuleImage } from "../../src/oops/images.ts";
import { readCrashLog } from "../../src/oops/oops-text.ts";
import { EXTREMES } from "../hostile/mutate.ts";
import type { Random } from "../support/random.ts";
import { repositoryFile } from "../support/repository.ts";
import { damage } from "./bytes.ts";
import { endOf } from "./loading.ts";
import type { Target } from "./target.ts";

/** The most places and rows that a run asks for; more of them are no other code. */
const MOST = 500;

function varyDebug(input: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  if (random.oneIn(12)) return damage(input, other, random);
  const bytes = Buffer.from(input);
  const sections = readElf(input).sections.filter(({ name }) => /\.z?debug_/.test(name));
  for (let times = random.between(1, 5); times > 0; times--) {
    const { offset, size } = random.pick(sections);
    if (size < 8) continue;
    // Headers, of units and of tables, are at the beginnings.
    const at = offset + random.below(random.oneIn(3) ? Math.min(size, 48) : size);
    const value = random.oneIn(2) ? random.below(256) : random.pick(EXTREMES);
    const width = random.pick([1, 1, 2, 4]);
    if (at + width > offset + size) continue;
    bytes.writeUIntLE(value % 2 ** (8 * width), at, width);
  }
  return bytes;
}

/** Asks for everything: the frames of code, all lines and functions, the types. */
function readAll(bytes: Uint8Array): string {
  const info = openDebugInfo(readElf(bytes));
  if (info === null) return "none";
  let frames = 0;
  for (const section of info.elf.sections) {
    for (let offset = 0; offset < Math.min(section.size, 4 * MOST); offset += 4) {
      frames += info.framesAt(section, offset).length;
    }
  }
  let rows = 0;
  for (const { size } of info.lines()) {
    rows += size > 0 ? 1 : 0;
    if (rows > MOST) break;
  }
  const names = [...info.functions()].slice(0, MOST).map((one) => one.function);
  const types = new DebugTypes(info);
  for (const name of names) {
    const prototype = name === null ? null : types.function(name);
    if (prototype !== null) typeText(prototype);
  }
  for (const member of types.struct("node")?.members ?? []) {
    sizeOfType(member.type);
    typeText(member.type);
  }
  return frames > 0 ? "lines" : "read";
}

const dwarf: Target = {
  name: "dwarf",
  seeds: () => {
    const folder = repositoryFile("test/dwarf/built");
    return readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`));
  },
  vary: (input, other, random) => {
    try {
      return varyDebug(input, other, random);
    } catch (error) {
      endOf(error);
      return damage(input, other, random);
    }
  },
  run: (bytes) => {
    try {
      return readAll(bytes);
    } catch (error) {
      return endOf(error);
    }
  },
};

const faulty = readModule(readFileSync(repositoryFile("test/oops/built/little/faulty.ko")));

const oops: Target = {
  name: "oops",
  seeds: () => {
    const folder = repositoryFile("test/oops/transcripts");
    return readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`));
  },
  vary: damage,
  run: (bytes) => {
    const { oopses, moduleLines } = readCrashLog(bytes);
    const image = new ModuleImage("faulty", faulty, openDebugInfo(faulty.elf));
    const images = { kernel: null, modules: new Map([["faulty", image]]) };
    for (const one of oopses) decodeOops(one, moduleLines, images);
    return oopses.length > 0 ? "decoded" : "none";
  },
};

export const DEBUG_TARGETS: readonly Target[] = [dwarf, oops];
