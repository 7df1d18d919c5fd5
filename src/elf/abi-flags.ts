// The extensions of the instruction set that a file says its code uses: the word `ases` of .MIPS.abiflags, which the
// assembler writes (Elf_MIPS_ABIFlags_v0), and the bits of e_flags that are older. Linux checks neither when it loads a
// module. farjal's processors have none of these extensions.

import { contents } from "./contents.ts";
import { EF_MIPS_ARCH_ASE_M16, EF_MIPS_MICROMIPS, SHT_MIPS_ABIFLAGS } from "./numbers.ts";
import type { ElfObject } from "./object.ts";

const SIZE = 24;
const ASES_OFFSET = 12;
const MIPS16 = 0x400;
const MICROMIPS = 0x800;
/** AFL_ASE_*, by bit, named as binutils names them. */
const NAMES: readonly (readonly [bit: number, name: string])[] = [
  [0x1, "DSP"],
  [0x2, "DSP R2"],
  [0x2000, "DSP R3"],
  [0x4, "EVA"],
  [0x8, "MCU"],
  [0x10, "MDMX"],
  [0x20, "MIPS-3D"],
  [0x40, "MT"],
  [0x80, "SmartMIPS"],
  [0x100, "VZ"],
  [0x200, "MSA"],
  [MIPS16, "MIPS16"],
  [MICROMIPS, "microMIPS"],
  [0x1000, "XPA"],
  [0x4000, "MIPS16e2"],
  [0x8000, "CRC"],
  [0x20000, "GINV"],
  [0x40000, "Loongson MMI"],
  [0x80000, "Loongson CAM"],
  [0x100000, "Loongson EXT"],
  [0x200000, "Loongson EXT2"],
];

/** The extensions' names, in a fixed order; empty for plain MIPS32 or MIPS64 code. */
export function extensionsOf(elf: ElfObject): string[] {
  const section = elf.sections.find(({ type }) => type === SHT_MIPS_ABIFLAGS);
  const words = section === undefined ? undefined : contents(elf, section);
  const stated = words === undefined || words.size < SIZE ? 0 : words.u32(ASES_OFFSET);
  const old =
    ((elf.flags & EF_MIPS_ARCH_ASE_M16) === 0 ? 0 : MIPS16) |
    ((elf.flags & EF_MIPS_MICROMIPS) === 0 ? 0 : MICROMIPS);
  return NAMES.filter(([bit]) => ((stated | old) & bit) !== 0).map(([, name]) => name);
}
