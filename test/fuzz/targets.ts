// The entry points for bytes from outside: a module's file, its relocations of either class, a kernel's symbol
// tables, and compressed data. Each has initial inputs, mutations that know the format, and the code that processes
// an input.

import { readFileSync } from "node:fs";
import { crc32, gzipSync } from "node:zlib";
import * as types from "../../assembly/shared/relocation-types.ts";
import { relocationTables } from "../../src/elf/contents.ts";
import { RELA64_SIZE, SHN_ABS, SHN_COMMON, SHN_UNDEF, STB_WEAK } from "../../src/elf/numbers.ts";
import { readElf } from "../../src/elf/reader.ts";
import { readAnyKernel } from "../../src/index.ts";
import { findPayloads } from "../../src/kernel/payload.ts";
import { EXTREMES, mutate } from "../hostile/mutate.ts";
import { makeKernel } from "../kernel/synthetic.ts";
import { writeElf } from "../support/elf-writer.ts";
import { code, data, writeModule } from "../support/module-writer.ts";
import { Random } from "../support/random.ts";
import { repositoryFile } from "../support/repository.ts";
import { damage } from "./bytes.ts";
import { COMMAND_TARGETS } from "./commands.ts";
import { DEBUG_TARGETS } from "./debugging.ts";
import { GUEST_TARGETS } from "./guests.ts";
import { endOf, loadCase } from "./loading.ts";
import { MEASURED_TARGETS } from "./measured.ts";
import { seedModules, seedModules64 } from "./modules.ts";
import { SNAPSHOT_TARGETS } from "./snapshots.ts";
import type { Target } from "./target.ts";
import { TEXT_TARGETS } from "./texts.ts";
import { TRACE_TARGETS } from "./traces.ts";
import { makeZstdFrame } from "./zstd-frame.ts";

const EI_DATA = 5;

/**
 * Mostly ELF's own fields; sometimes any bytes. A file that becomes shorter or longer has its section headers in the
 * wrong place and gives the same message each time, so this is rare.
 */
function varyElf(input: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const way = random.oneIn(8)
    ? () => damage(input, other, random)
    : () => mutate(input, input[EI_DATA] === 2 ? "big" : "little", random).bytes;
  let bytes = way();
  while (bytes.length !== input.length && !random.oneIn(8)) bytes = way();
  return bytes;
}

const modules: Target = {
  name: "module",
  seeds: seedModules,
  vary: varyElf,
  run: loadCase,
};

const TYPES = Object.values(types);
/** The types that a 64-bit kernel applies at any place. */
const TYPES_64 = [
  types.R_MIPS_NONE,
  types.R_MIPS_32,
  types.R_MIPS_26,
  types.R_MIPS_HI16,
  types.R_MIPS_LO16,
  types.R_MIPS_PC16,
  types.R_MIPS_64,
  types.R_MIPS_HIGHER,
  types.R_MIPS_HIGHEST,
];
const SYMBOLS = ["here", "there", "weak", "far", "absolute", "common", "_mcount", ".text", ".data"];

/** A well-formed module whose relocations are changed; most of them stay possible. */
function relocatedModule(random: Random): Uint8Array {
  const wild = random.oneIn(3);
  const word = (): number => (random.oneIn(2) ? random.word() : random.pick(EXTREMES));
  const words = Array.from({ length: random.between(1, 24) }, word);
  const offset = (): number => {
    if (wild && random.oneIn(12)) return word();
    return random.below(4 * words.length - 3) & (random.oneIn(16) ? ~0 : ~3);
  };
  const type = (): number => {
    if (wild) return random.oneIn(8) ? random.below(256) : random.pick(TYPES);
    return random.pick([types.R_MIPS_NONE, types.R_MIPS_32, types.R_MIPS_26, types.R_MIPS_PC16]);
  };
  const symbol = (near: boolean): string | number => {
    if (wild && random.oneIn(12)) return random.below(0x1000000);
    return near && !random.oneIn(9) ? random.pick([".text", "here"]) : random.pick(SYMBOLS);
  };
  const relocations = Array.from({ length: random.below(12) }, () => {
    const kind = type();
    return { offset: offset(), type: kind, symbol: symbol(kind !== types.R_MIPS_32) };
  });
  const pairs = Array.from({ length: random.below(6) }, () => {
    const symbol = random.pick(SYMBOLS);
    const highs = Array.from({ length: random.between(1, wild ? 40 : 3) }, () => ({
      offset: offset(),
      type: types.R_MIPS_HI16,
      symbol,
    }));
    const low = { offset: offset(), type: types.R_MIPS_LO16, symbol };
    if (wild && random.oneIn(6)) return [low, ...highs];
    return [...highs, wild && random.oneIn(8) ? { ...low, symbol: "there" } : low];
  });
  const some = () => (random.oneIn(2) ? relocations : []);
  const table = random.pick(["__mcount_loc", "__jump_table", "__ex_table", "__param", "__ksymtab"]);
  const sections = [
    code(words, [...relocations, ...pairs.flat()]),
    data(words, some()),
    code(words.slice(0, 4), [], random.pick([".init.text", ".exit.text", ".fixup"])),
    data(words, some(), random.oneIn(3) ? table : ".data.once"),
    data(words, [], random.oneIn(3) ? ".data..percpu" : ".bss"),
  ];
  const value = (): number =>
    wild && random.oneIn(4) ? word() : 4 * random.below(words.length) + (random.oneIn(20) ? 2 : 0);
  return writeModule({
    endian: random.pick(["little", "big"]),
    sections: random.oneIn(6) ? sections.toReversed() : sections,
    symbols: [
      { name: "here", value: value(), section: ".text" },
      { name: "there", value: value(), section: ".data" },
      { name: "weak", value: value(), section: SHN_UNDEF, binding: STB_WEAK },
      { name: "far", value: 0xd0000000 + value(), section: SHN_ABS, binding: random.below(3) },
      { name: "absolute", value: wild ? word() : value(), section: SHN_ABS },
      { name: "common", value: 4, section: wild && random.oneIn(9) ? SHN_COMMON : SHN_ABS },
      { name: "_mcount", section: SHN_UNDEF },
    ],
  });
}

const relocation: Target = {
  name: "relocation",
  seeds: () => [relocatedModule(new Random(1))],
  vary: (input, other, random) =>
    random.oneIn(3) ? varyElf(input, other, random) : relocatedModule(random),
  run: loadCase,
};

/** A 64-bit module with some entries changed; most of them stay possible. */
function varyEntries(input: Uint8Array, random: Random): Uint8Array {
  const bytes = Buffer.from(input);
  const elf = readElf(bytes);
  const tables = relocationTables(elf).filter(({ count }) => count > 0);
  if (tables.length === 0) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = elf.endian === "little";
  const anything = random.oneIn(3);
  for (let times = random.between(1, 4); times > 0; times--) {
    const { section, target, count } = random.pick(tables);
    const at = section.offset + random.below(count) * RELA64_SIZE;
    const wild = anything && random.oneIn(2);
    const offset = wild ? random.word() : random.below(target.size + 1) & ~3;
    const symbol = wild ? random.word() : random.below(elf.symbols.length);
    if (random.oneIn(2)) view.setBigUint64(at, BigInt(offset), little);
    if (random.oneIn(2)) view.setUint32(at + 8, symbol, little);
    if (wild) bytes[at + random.between(12, 14)] = random.pick(TYPES);
    bytes[at + 15] = wild ? random.below(256) : random.pick(TYPES_64);
    const addend = BigInt(random.pick(EXTREMES)) << BigInt(random.pick([0, 0, 16, 32]));
    if (random.oneIn(2)) view.setBigUint64(at + 16, BigInt.asUintN(64, addend), little);
  }
  return bytes;
}

const relocation64: Target = {
  name: "relocation64",
  seeds: seedModules64,
  vary: (input, other, random) => {
    if (random.oneIn(4)) return varyElf(input, other, random);
    try {
      return varyEntries(input, random);
    } catch (error) {
      endOf(error);
      return varyElf(input, other, random);
    }
  },
  run: loadCase,
};

/** The positions of kallsyms' parts in a generated kernel: its number of symbols leads to the others. */
function kallsymsPlaces(image: Buffer, random: Random): number {
  const little = random.oneIn(2);
  if (image.length < 8) return 0;
  const count = Buffer.alloc(4);
  if (little) count.writeUInt32LE(KERNEL_SYMBOLS);
  else count.writeUInt32BE(KERNEL_SYMBOLS);
  const countAt = image.indexOf(count, image.length >>> 3);
  if (countAt < 0) return random.below(image.length);
  // In a 64-bit kernel the names begin at the next multiple of a pointer's size; no name has length 0.
  let at = image[countAt + 4] === 0 ? countAt + 8 : countAt + 4;
  const lengths: number[] = [];
  while (lengths.length < KERNEL_SYMBOLS && at < image.length) {
    lengths.push(at);
    at += 1 + (image[at] ?? 0);
  }
  return random.pick([
    countAt,
    countAt - 4 * random.below(KERNEL_SYMBOLS + 2),
    random.pick(lengths),
    (at & ~3) + 4 * random.below(16),
    image.length - random.between(1, 600),
    random.below(image.length),
  ]);
}

/** The smallest valid kernel: four markers. */
const KERNEL_SYMBOLS = 1025;

function varyKernel(input: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  if (random.oneIn(4)) return damage(input, other, random);
  const image = Buffer.from(input);
  for (let times = random.between(1, 4); times > 0; times--) {
    const at = Math.max(kallsymsPlaces(image, random), 0);
    const value = random.oneIn(2) ? random.below(600) : random.pick(EXTREMES);
    const [size, big] = [random.pick([1, 4]), random.oneIn(2)];
    if (at + size > image.length) continue;
    if (big) image.writeUIntBE(value % 2 ** (8 * size), at, size);
    else image.writeUIntLE(value % 2 ** (8 * size), at, size);
  }
  return image;
}

const kernel: Target = {
  name: "kernel",
  seeds: () => [
    ...(["little", "big"] as const).flatMap((endian) =>
      (["relative", "absolute", "last"] as const).map(
        (addresses) => makeKernel({ endian, addresses, symbols: KERNEL_SYMBOLS }).bytes,
      ),
    ),
    ...(["little", "big"] as const).flatMap((endian) =>
      (["relative", "last"] as const).map(
        (addresses) => makeKernel({ endian, bits: 64, addresses, symbols: KERNEL_SYMBOLS }).bytes,
      ),
    ),
    makeKernel({ symbols: KERNEL_SYMBOLS, namespaces: false, crcs: false }).bytes,
    makeKernel({ symbols: KERNEL_SYMBOLS, exports: false }).bytes,
    Buffer.from("80100000 T _text\n80100400 t start\n80b24030 A _etext\nc0000000 t f\t[usbcore]\n"),
    Buffer.from(
      "0x9514151a\t_mcount\tvmlinux\tEXPORT_SYMBOL\t\n0x1\tf\tdrivers/a\tEXPORT_SYMBOL_GPL\tNS\n",
    ),
    gzipSync(makeKernel({ symbols: KERNEL_SYMBOLS, endian: "big" }).bytes),
    Buffer.from("ffffffff80100000 T _text\nffffffff80100400 T _mcount\n"),
    ...([32, 64] as const).flatMap((bits) => [vmlinux("little", bits), vmlinux("big", bits)]),
  ],
  vary: (input, other, random) =>
    input[0] === 0x7f ? varyElf(input, other, random) : varyKernel(input, other, random),
  run: async (bytes) => {
    try {
      const { bits, symbols, exports } = await readAnyKernel(bytes);
      if (bits === 64) return "read 64";
      return symbols.length + exports.size > 0 ? "read" : "empty";
    } catch (error) {
      return endOf(error);
    }
  },
};

/** A linked kernel in ELF, with its tables in sections of their own. */
function vmlinux(endian: "little" | "big", bits: 32 | 64): Uint8Array {
  const long = (low: number): number[] => {
    const high = low === 0 ? 0 : 0xffffffff;
    return bits === 32 ? [low] : endian === "little" ? [low, high] : [high, low];
  };
  const entry = [0x80100000, 0x80110000, 0x80110010].flatMap(long);
  return writeElf({
    endian,
    bits,
    type: 2,
    sections: [
      { ...code(Array.from({ length: 64 }, () => 0)), address: 0x80100000 },
      { ...data(entry, [], "__ksymtab"), address: 0x80100100 },
      { ...data([0x12345678], [], "__kcrctab"), address: 0x80100200 },
      {
        name: "__ksymtab_strings",
        flags: 2,
        bytes: Buffer.from("start\0\0\0\0\0\0\0\0\0\0\0NS\0"),
        address: 0x80110000,
      },
      {
        name: ".rodata",
        flags: 2,
        bytes: Buffer.from("Linux version 6.1.0-x (a@b)\0"),
        address: 0x80111000,
      },
    ],
    symbols: [
      { name: "_text", value: 0x80100000, section: ".text", binding: 1 },
      { name: "start", value: 0x80100000, section: ".text", binding: 1, type: 2 },
    ],
  });
}

const FIXTURES = [
  "kernel.xz",
  "kernel.lzma",
  "openwrt.lzma",
  "parameters.lzma",
  "kernel.lz4",
  "kernel.zst",
  "short.zst",
  "short.lzma",
  "short.xz",
  "kernel.lzo",
  "short.lzo",
  "short.bz2",
];

/** Corrects the checksums, so that a damaged xz header is read. */
function mendXz(bytes: Buffer): void {
  const size = ((bytes[12] ?? 0) + 1) * 4;
  if (bytes.length < 12 + size || bytes.readUInt32BE(0) !== 0xfd377a58) return;
  bytes.writeUInt32LE(crc32(bytes.subarray(6, 8)), 8);
  bytes.writeUInt32LE(crc32(bytes.subarray(12, 12 + size - 4)), 12 + size - 4);
}

const payload: Target = {
  name: "payload",
  seeds: () => [
    ...FIXTURES.map((name) => readFileSync(repositoryFile(`test/kernel/payloads/${name}`))),
    gzipSync(makeKernel({ symbols: KERNEL_SYMBOLS }).bytes),
    gzipSync(Buffer.alloc(1 << 20)),
  ],
  vary: (input, other, random) => {
    if (random.oneIn(4)) return makeZstdFrame(random);
    const bytes = Buffer.from(damage(input, other, random));
    if (!random.oneIn(3)) mendXz(bytes);
    return bytes;
  },
  run: async (bytes) => {
    const ends = new Set<string>();
    for (const { unpack } of findPayloads(bytes)) {
      try {
        await unpack();
        ends.add("unpacked");
      } catch (error) {
        ends.add(endOf(error));
      }
    }
    return [...ends].sort().join("+") || "nothing";
  },
};

export const TARGETS: readonly Target[] = [
  modules,
  relocation,
  relocation64,
  kernel,
  payload,
  ...TRACE_TARGETS,
  ...GUEST_TARGETS,
  ...TEXT_TARGETS,
  ...DEBUG_TARGETS,
  ...MEASURED_TARGETS,
  ...SNAPSHOT_TARGETS,
  ...COMMAND_TARGETS,
];
