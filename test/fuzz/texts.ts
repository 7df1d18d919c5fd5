// Texts from outside as targets: symbol lists and Module.symvers, words for set_ftrace_filter and similar files,
// arguments of modules, and the contents of modinfo.

import { FunctionFilter } from "../../src/ftrace/filters/filter.ts";
import { FILTER_FILES, FunctionSet } from "../../src/ftrace/filters/function-set.ts";
import { Machine, readAnyKernel } from "../../src/index.ts";
import type { AnyKernel } from "../../src/kernel/kernel.ts";
import { argumentText } from "../../src/module/parameters/arguments.ts";
import { EXTREMES } from "../hostile/mutate.ts";
import { code, data, modinfo, VERMAGIC, writeModule } from "../support/module-writer.ts";
import { Random } from "../support/random.ts";
import { repositoryFile } from "../support/repository.ts";
import { damage } from "./bytes.ts";
import { endOf, loadCase } from "./loading.ts";
import { checksum } from "./modules.ts";
import type { Target } from "./target.ts";

const SYMVERS = [
  "0x9514151a\t_mcount\tvmlinux\tEXPORT_SYMBOL\t\n0x00000001\tf\tdrivers/a\tEXPORT_SYMBOL_GPL\tNS\n",
  "0x9514151a\tstart\tNS\tvmlinux\tEXPORT_SYMBOL\n",
];
const LISTS = [
  "80100000 T _text\n80100400 t start\n80b24030 A _etext\n80c00000 B jiffies\nc0000000 t f\t[usbcore]\n",
  "80100000 T start\n80100000 R __ksymtab_start\n80200000 D jiffies\n",
  "ffffffff80100000 T _text\nffffffff80100400 T _mcount\nffffffff80c00000 b x\n",
];
const symvers = Buffer.from(SYMVERS[0] ?? "");

/** Changes one column of one line, or replaces a line by another. */
function varyColumns(input: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  if (random.oneIn(4)) return damage(input, other, random);
  const lines = Buffer.from(input).toString("latin1").split("\n");
  for (let times = random.between(1, 3); times > 0; times--) {
    const at = random.below(lines.length);
    const columns = (lines[at] ?? "").split(/([ \t])/);
    const column = random.below(columns.length);
    columns[column] = random.pick([
      "",
      " ",
      "\t",
      "[m]",
      "T",
      "EXPORT_SYMBOL_GPL",
      "vmlinux",
      "x".repeat(random.between(1, 3000)),
      random.pick(EXTREMES).toString(16).padStart(8, "0"),
      random.pick(EXTREMES).toString(16).padStart(16, "f"),
      `0x${random.word().toString(16).padStart(8, "0")}`,
    ]);
    lines[at] = columns.join("");
    if (random.oneIn(4)) lines.splice(random.below(lines.length), random.below(2), lines[at] ?? "");
  }
  return Buffer.from(lines.join("\n"), "latin1");
}

/** Queries a kernel as a machine would. */
function ask(kernel: AnyKernel): void {
  const [first] = kernel.symbols;
  for (const name of ["_mcount", "start", "jiffies", "f"]) kernel.whyMissing(name);
  if (first === undefined) return;
  if (kernel.bits === 64)
    (kernel as Extract<AnyKernel, { symbolAt(a: bigint): unknown }>).symbolAt(0n);
}

const symbolList: Target = {
  name: "symbol-list",
  seeds: () => [...SYMVERS, ...LISTS].map((text) => Buffer.from(text)),
  vary: varyColumns,
  run: async (bytes) => {
    try {
      ask(await readAnyKernel(bytes, checksum(bytes) % 2 === 0 ? {} : { symvers }));
      return "read";
    } catch (error) {
      return endOf(error);
    }
  },
};

const FUNCTIONS = [
  "usb_open",
  "usb_read",
  "kfree",
  "a",
  "__x",
  "LZ4_compress_default",
  "[",
  "x]y",
].map((name, index) => ({
  name,
  module: index % 3 === 0 ? null : "usbcore",
  address: 0xc0000000 + 16 * index,
}));
const PIECES = [
  "usb_",
  "*",
  "?",
  "[a-z]",
  "[!a-z]",
  "[",
  "]",
  "-",
  "\\",
  "!",
  ":mod:",
  ":",
  "mod",
  "usbcore",
  "1",
  "0x2",
  "010",
  "99999999999999999999",
  " ",
  "\n",
  "\t",
  "traceon",
  "kfree",
  "a",
  "\0",
  "é",
  "",
] as const;

function someWords(random: Random): string {
  const piece = (): string =>
    random.oneIn(40) ? random.pick(PIECES).repeat(random.between(1, 5000)) : random.pick(PIECES);
  return Array.from({ length: random.between(0, 24) }, piece).join("");
}

const filterWords: Target = {
  name: "filter",
  seeds: () =>
    ["usb_*:mod:usbcore !usb_open", "1 0x2 *r*a*", "[u]sb?*"].map((text) => Buffer.from(text)),
  vary: (input, other, random) =>
    random.oneIn(3) ? damage(input, other, random) : Buffer.from(someWords(random)),
  run: (bytes) => {
    const text = Buffer.from(bytes).toString();
    const ends = new Set<string>();
    const traceable = { functions: FUNCTIONS, modules: ["usbcore"] };
    for (const file of FILTER_FILES) {
      const set = new FunctionSet(file);
      try {
        set.append(text, traceable);
        ends.add("taken");
      } catch (error) {
        ends.add(endOf(error));
      }
      set.arrived("late", FUNCTIONS);
      for (const { address } of FUNCTIONS.slice(2)) set.left(address);
      set.lines(traceable);
    }
    try {
      const filter = new FunctionFilter([text]);
      for (const one of FUNCTIONS) filter.names(one);
    } catch (error) {
      ends.add(endOf(error));
    }
    return [...ends].sort().join("+");
  },
};

const ARGUMENTS = [
  "level",
  "mask",
  "label",
  "quiet",
  "nosuch",
  "=",
  "=",
  " ",
  '"',
  "-",
  "_",
  "--",
  "0x10",
  "-7",
  "on",
  "99999999999999999999",
  "1,2,3",
  "\t",
  "two words",
  "\0",
  "é",
  "async_probe",
  "dyndbg",
  ".",
] as const;

const machines = new Map<string, { machine: Machine; left: number }>();
const LOADS_A_MACHINE = 200;

/** Passes the input as arguments to init.ko, which has parameters of four types. */
async function loadWith(text: string): Promise<string> {
  const endian = text.length % 2 === 0 ? "little" : "big";
  let kept = machines.get(endian);
  if (kept === undefined || kept.left === 0) {
    kept = { machine: await Machine.create({ endian, memory: 32 << 20 }), left: LOADS_A_MACHINE };
    machines.set(endian, kept);
  }
  kept.left -= 1;
  const { machine } = kept;
  try {
    const path = repositoryFile(`test/modules/built/init-${endian}.ko`);
    machine.rmmod(await machine.insmod(path, { parameters: text }));
    return "loaded";
  } catch (error) {
    return endOf(error);
  }
}

const moduleArguments: Target = {
  name: "arguments",
  seeds: () =>
    ['level=-7 mask=0x10 label="two words" quiet', "a=1 -- b"].map((text) => Buffer.from(text)),
  vary: (input, other, random) => {
    if (random.oneIn(4)) return damage(input, other, random);
    const piece = (): string =>
      random.oneIn(60)
        ? random.pick(ARGUMENTS).repeat(random.between(1, 3000))
        : random.pick(ARGUMENTS);
    return Buffer.from(Array.from({ length: random.between(0, 20) }, piece).join(""));
  },
  run: (bytes) => {
    const text = Buffer.from(bytes).toString();
    return loadWith(checksum(bytes) % 2 === 0 ? text : argumentText(text.split(" ")));
  },
};

const SAID = [
  "depends=usbcore,,usb-common",
  "depends=dull",
  `vermagic=${VERMAGIC}`,
  "vermagic=",
  "vermagic",
  "parm=a:b",
  "parmtype=a:int",
  "parm=a",
  "alias=usb:v*",
  "import_ns=NS",
  "license=Proprietary",
  "license=GPL\nx",
  "name=",
  "name=other",
  "retpoline=Y",
  "livepatch=Y",
  "intree=N",
  "=",
  "",
  "x=",
  "=y",
  "staging=Y",
  "\xff=\xff",
] as const;

/** A module whose texts are all generated: modinfo, checksums, exports, parameters. */
function sayingModule(random: Random): Uint8Array {
  const said = (): string =>
    random.oneIn(30) ? random.pick(SAID).repeat(random.between(1, 2000)) : random.pick(SAID);
  const name = random.pick(["dull", "a-b", "x".repeat(random.between(1, 80)), "é", "m"]);
  const more = Array.from({ length: random.below(8) }, said);
  const symbol = random.pick(["start", "_mcount", "x".repeat(random.between(1, 55))]);
  const versions = { module_layout: random.word(), [symbol]: random.word() };
  const word = (): number => (random.oneIn(2) ? random.pick(EXTREMES) : random.below(64));
  return writeModule({
    endian: random.pick(["little", "big"]),
    modinfo: random.oneIn(4) ? more : modinfo(name, ...more),
    ...(random.oneIn(3) ? {} : { name }),
    ...(random.oneIn(2) ? {} : { versions }),
    ...(random.oneIn(2)
      ? {}
      : { exports: [{ name: "start", gpl: random.oneIn(2), namespace: said() }] }),
    sections: [
      code([0x03e00008, 0]),
      data(Array.from({ length: random.below(16) }, word), [], "__param"),
    ],
    symbols: [
      { name: "start", section: ".text" },
      { name: symbol === "start" ? "_mcount" : symbol },
    ],
  });
}

const modinfos: Target = {
  name: "modinfo",
  seeds: () => [sayingModule(new Random(1))],
  vary: (input, other, random) =>
    random.oneIn(5) ? damage(input, other, random) : sayingModule(random),
  run: loadCase,
};

export const TEXT_TARGETS: readonly Target[] = [symbolList, filterWords, moduleArguments, modinfos];
