// Measures how fast relocations are applied, by farjal and by binutils' linker. An object of 18,000 relocations,
// assembled here, is relocated at the addresses that ld gives its copies, and both must leave the same bytes. ld's
// start isn't counted: the cost of one more object is the difference between linking 2N and N of them, divided by N.
// This includes reading the object and writing it out, which ld can't leave out; the row that reads the object with
// farjal's ELF reader includes reading it too. Rows run in turns.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contents, relocationTables } from "../src/elf/contents.ts";
import { SHF_ALLOC, SHN_UNDEF } from "../src/elf/numbers.ts";
import type { ElfObject } from "../src/elf/object.ts";
import { readElf } from "../src/elf/reader.ts";
import { labProcessor } from "../src/lab/lab-processor.ts";
import { interleave } from "../src/measure/interleave.ts";
import type { SectionRelocations } from "../src/module/host.ts";
import { relocateSection } from "../src/module/relocation/relocation.ts";
import { columns } from "../src/report/table.ts";

const TOOLS = ["mipsel-linux-gnu-as", "mipsel-linux-gnu-ld"] as const;
const FUNCTIONS = 2000;
const OBJECTS = 40;
const ROUNDS = 7;
const EFFORT = { milliseconds: 300, rounds: 1 };
const TEXT = 0xc0000000;
const DATA = 0xc4000000;
const OUTSIDE = 0xc8000000;
const RAM = 16 << 20;

/** The relocations of a function, in about the proportions of a module: three HI16/LO16 pairs, a jal, two pointers. */
function source(): string {
  const functions = Array.from({ length: FUNCTIONS }, (_, index) => {
    const other = (index * 37) % FUNCTIONS;
    return `f${index}: lui $3,%hi(outside); addiu $3,$3,%lo(outside)
lui $4,%hi(d${other}+${(index % 9) * 4}); lw $4,%lo(d${other}+${(index % 9) * 4})($4)
lui $5,%hi(f${other}); addiu $5,$5,%lo(f${other})
jal f${other}; nop
.data
d${index}: .word f${other}, outside
.text`;
  });
  return [".set noreorder", ".set nomacro", ".text", ...functions, ""].join("\n");
}

/** Returns the lines of the report. */
export async function* relocation(): AsyncGenerator<string> {
  yield "Relocations a second";
  const missing = TOOLS.find((tool) => spawnSync(tool, ["--version"]).error !== undefined);
  if (missing !== undefined) {
    yield `  not measured: ${missing} isn't installed`;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "farjal-relocation-"));
  try {
    yield* compare(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function* compare(folder: string): AsyncGenerator<string> {
  const object = join(folder, "object.o");
  const flags = ["-32", "-march=mips32r2", "-mno-shared", "-call_nonpic", "-o", object];
  run(TOOLS[0], [...flags, "-"], source());
  const bytes = readFileSync(object);
  const works = new Works(bytes);
  checkAgainst(works, link(folder, object, 2));

  const relocations = works.count;
  const wasm: number[] = [];
  const whole: number[] = [];
  const linker: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [alone, everything] = await interleave(
      [
        { run: () => works.relocate(0) },
        {
          run: () => {
            const own = new Works(bytes);
            own.copy(0);
            own.relocate(0);
          },
        },
      ],
      EFFORT,
    );
    wasm.push(relocations / (alone?.p50 ?? Number.NaN));
    whole.push(relocations / (everything?.p50 ?? Number.NaN));
    const once = seconds(() => link(folder, object, OBJECTS));
    const twice = seconds(() => link(folder, object, 2 * OBJECTS));
    linker.push((relocations * OBJECTS) / (twice - once));
  }
  const base = quartiles(linker)[1];
  const row = (name: string, samples: readonly number[]): string[] => {
    const [low, middle, high] = quartiles(samples).map((value) => (value / 1e6).toFixed(1));
    const ratio = `x ${(quartiles(samples)[1] / base).toFixed(1)}`;
    return [name, `${middle} M/s`, `(${low}-${high})`, ratio];
  };
  yield* columns(
    [
      row("relocating alone, in wasm", wasm),
      row("reading, copying, relocating", whole),
      row("ld, what one more object costs", linker),
    ],
    ["left", "right", "left", "right"],
  );
  const same = `${relocations.toLocaleString("en-US")} relocations an object`;
  yield `  ${same}; both leave the same bytes. ld: ${OBJECTS} and ${2 * OBJECTS} objects a run, ${ROUNDS} rounds.`;
}

function run(tool: string, words: readonly string[], input?: string): void {
  const { status, stderr } = spawnSync(tool, words, { encoding: "utf8", input: input ?? "" });
  if (status !== 0) throw new Error(`${tool}: ${stderr}`);
}

/** The sections of the object's copies, placed and relocated by ld. */
function link(folder: string, object: string, copies: number): string {
  const output = join(folder, "linked");
  const script = join(folder, "script.ld");
  writeFileSync(
    script,
    `SECTIONS { .text ${TEXT} : { *(.text) } .data ${DATA} : { *(.data) } /DISCARD/ : { *(*) } }`,
  );
  run(TOOLS[1], [
    "-m",
    "elf32ltsmip",
    "-T",
    script,
    "--defsym",
    `outside=${OUTSIDE}`,
    "-e",
    "0",
    "-o",
    output,
    ...new Array<string>(copies).fill(object),
  ]);
  return output;
}

function seconds(work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}

function quartiles(samples: readonly number[]): [number, number, number] {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  return [at(0.25), at(0.5), at(0.75)];
}

/** The object, ready to be relocated like any of the copies. */
class Works {
  static readonly #core = labProcessor("little", RAM);
  readonly #elf: ElfObject;
  readonly #jobs: { readonly physical: number; readonly section: SectionRelocations<number> }[][];
  readonly count: number;

  constructor(bytes: Uint8Array) {
    this.#elf = readElf(bytes);
    this.#jobs = [this.#prepare(0)];
    this.count = relocationTables(this.#elf)
      .filter(({ target }) => (target.flags & SHF_ALLOC) !== 0)
      .reduce((sum, { count }) => sum + count, 0);
  }

  /** A section's guest address in a copy, and its place in the machine's memory. */
  #place(name: string, copy: number): { address: number; physical: number } {
    const [base, physical] = name === ".text" ? [TEXT, 0] : [DATA, RAM / 2];
    const size = this.#elf.sections.find((section) => section.name === name)?.size ?? 0;
    return { address: base + copy * size, physical };
  }

  #prepare(copy: number) {
    const elf = this.#elf;
    const symbols = Uint32Array.from(elf.symbols, ({ section, value }) => {
      if (section === SHN_UNDEF) return OUTSIDE;
      return this.#place(elf.sections[section]?.name ?? "", copy).address + value;
    });
    return relocationTables(elf)
      .filter(({ target }) => (target.flags & SHF_ALLOC) !== 0)
      .map(({ target, bytes }) => {
        const { address, physical } = this.#place(target.name, copy);
        const section = { address, size: target.size, symbols, entries: Uint8Array.from(bytes) };
        return { physical, section };
      });
  }

  /** Copies the sections' bytes into the machine's memory. */
  copy(copy: number): void {
    for (const section of this.#elf.sections) {
      if (section.name !== ".text" && section.name !== ".data") continue;
      const { physical } = this.#place(section.name, copy);
      Works.#core.writeBytes(physical, contents(this.#elf, section).bytes);
    }
  }

  relocate(copy: number): void {
    const jobs = this.#jobs[copy] ?? this.#prepare(copy);
    this.#jobs[copy] = jobs;
    for (const { physical, section } of jobs) {
      const { code, entry } = relocateSection(Works.#core.relocator, physical, section);
      if (code !== 0) throw new Error(`relocation ${entry} ended with ${code}`);
    }
  }

  /** A section's bytes in the machine's memory. */
  bytes(name: string): Uint8Array {
    const size = this.#elf.sections.find((section) => section.name === name)?.size ?? 0;
    return Works.#core.readBytes(this.#place(name, 0).physical, size);
  }
}

/** Relocates two copies and compares each with ld's result. */
function checkAgainst(works: Works, linked: string): void {
  const elf = readElf(readFileSync(linked));
  for (const copy of [0, 1]) {
    works.copy(copy);
    works.relocate(copy);
    for (const name of [".text", ".data"]) {
      const own = works.bytes(name);
      const section = elf.sections.find((one) => one.name === name);
      const all = section && contents(elf, section).bytes;
      const theirs = all?.subarray(copy * own.length, (copy + 1) * own.length);
      if (theirs === undefined || Buffer.compare(own, theirs) !== 0) {
        throw new Error(`ld and farjal differ in ${name} of copy ${copy}`);
      }
    }
  }
}
