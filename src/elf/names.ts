// The printed names of ELF's numbers, as readelf prints them. A number without a name is printed in hexadecimal, so
// that nothing in a file is hidden.

import * as types from "../../assembly/shared/relocation-types.ts";
import {
  EF_MIPS_ABI,
  EF_MIPS_ABI_EABI32,
  EF_MIPS_ABI_EABI64,
  EF_MIPS_ABI_O32,
  EF_MIPS_ABI_O64,
  EF_MIPS_ABI2,
  EF_MIPS_ARCH,
  EF_MIPS_ARCH_ASE_M16,
  EF_MIPS_MICROMIPS,
} from "./numbers.ts";
import type { ElfObject } from "./object.ts";

const RELOCATION_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(types).map(([name, number]) => [number, name]),
);

const SECTION_TYPES: ReadonlyMap<number, string> = new Map([
  [0, "NULL"],
  [1, "PROGBITS"],
  [2, "SYMTAB"],
  [3, "STRTAB"],
  [4, "RELA"],
  [5, "HASH"],
  [6, "DYNAMIC"],
  [7, "NOTE"],
  [8, "NOBITS"],
  [9, "REL"],
  [11, "DYNSYM"],
  [14, "INIT_ARRAY"],
  [15, "FINI_ARRAY"],
  [17, "GROUP"],
  [18, "SYMTAB_SHNDX"],
  [0x6ffffff5, "GNU_ATTRIBUTES"],
  [0x70000005, "MIPS_DEBUG"],
  [0x70000006, "MIPS_REGINFO"],
  [0x7000000d, "MIPS_OPTIONS"],
  [0x7000001e, "MIPS_DWARF"],
  [0x7000002a, "MIPS_ABIFLAGS"],
]);

/** The letter of each flag bit, in readelf's order. */
const SECTION_FLAGS: readonly (readonly [number, string])[] = [
  [0x1, "W"],
  [0x2, "A"],
  [0x4, "X"],
  [0x10, "M"],
  [0x20, "S"],
  [0x40, "I"],
  [0x80, "L"],
  [0x100, "O"],
  [0x200, "G"],
  [0x400, "T"],
  [0x800, "C"],
  [0x80000000, "E"],
  [0x10000000, "p"],
];

const ABIS: ReadonlyMap<number, string> = new Map([
  [EF_MIPS_ABI_O32, "o32"],
  [EF_MIPS_ABI_O64, "o64"],
  [EF_MIPS_ABI_EABI32, "eabi32"],
  [EF_MIPS_ABI_EABI64, "eabi64"],
]);

const ISAS: ReadonlyMap<number, string> = new Map([
  [0x0, "mips1"],
  [0x1, "mips2"],
  [0x2, "mips3"],
  [0x3, "mips4"],
  [0x4, "mips5"],
  [0x5, "mips32"],
  [0x6, "mips64"],
  [0x7, "mips32r2"],
  [0x8, "mips64r2"],
  [0x9, "mips32r6"],
  [0xa, "mips64r6"],
]);

function number(value: number): string {
  return `0x${value.toString(16)}`;
}

/** Relocations of compressed code, which no kernel applies: the first number, then the names in ascending order. */
const COMPRESSED: readonly (readonly [first: number, prefix: string, names: string])[] = [
  [
    100,
    "R_MIPS16_",
    "26 GPREL GOT16 CALL16 HI16 LO16 TLS_GD TLS_LDM TLS_DTPREL_HI16 TLS_DTPREL_LO16 TLS_GOTTPREL TLS_TPREL_HI16 " +
      "TLS_TPREL_LO16 PC16_S1",
  ],
  [133, "R_MICROMIPS_", "26_S1 HI16 LO16 GPREL16 LITERAL GOT16 PC7_S1 PC10_S1 PC16_S1 CALL16"],
  [
    145,
    "R_MICROMIPS_",
    "GOT_DISP GOT_PAGE GOT_OFST GOT_HI16 GOT_LO16 SUB HIGHER HIGHEST CALL_HI16 CALL_LO16 SCN_DISP JALR HI0_LO16",
  ],
  [172, "R_MICROMIPS_", "GPREL7_S2 PC23_S2"],
];
const COMPRESSED_NAMES = new Map(
  COMPRESSED.flatMap(([first, prefix, names]) =>
    names.split(" ").map((name, index) => [first + index, prefix + name] as const),
  ),
);

/** `R_MIPS_HI16`, or `R_MIPS_` and the number. */
export function relocationName(type: number): string {
  return RELOCATION_NAMES.get(type) ?? COMPRESSED_NAMES.get(type) ?? `R_MIPS_${type}`;
}

/** The compressed instruction set that a relocation belongs to, or null. */
export function compressedCode(type: number): "MIPS16" | "microMIPS" | null {
  const name = COMPRESSED_NAMES.get(type);
  if (name === undefined) return null;
  return name.startsWith("R_MIPS16") ? "MIPS16" : "microMIPS";
}

/** `PROGBITS`, `MIPS_REGINFO`, … */
export function sectionTypeName(type: number): string {
  return SECTION_TYPES.get(type) ?? number(type);
}

/** The flags' letters, as readelf prints them: `AX`, `WA`, … */
export function sectionFlagLetters(flags: number): string {
  return SECTION_FLAGS.filter(([bit]) => (flags & bit) !== 0)
    .map(([, letter]) => letter)
    .join("");
}

/** The calling convention, from e_flags and the class: o32, n32, n64, … */
export function abiName(elf: Pick<ElfObject, "class" | "flags">): string {
  if ((elf.flags & EF_MIPS_ABI2) !== 0) return "n32";
  const abi = elf.flags & EF_MIPS_ABI;
  // gcc writes EF_MIPS_ABI_O32; a file without any ABI bits is o32 in ELF32 and n64 in ELF64.
  if (abi === 0) return elf.class === 64 ? "n64" : "o32";
  return ABIS.get(abi) ?? number(abi);
}

/** The instruction set, from e_flags: `mips32r2`, with `+mips16` or `+micromips` if it is used. */
export function isaName(flags: number): string {
  const architecture = (flags & EF_MIPS_ARCH) >>> 28;
  const name = ISAS.get(architecture) ?? number(architecture);
  const compressed = [
    (flags & EF_MIPS_ARCH_ASE_M16) !== 0 ? "+mips16" : "",
    (flags & EF_MIPS_MICROMIPS) !== 0 ? "+micromips" : "",
  ];
  return name + compressed.join("");
}
