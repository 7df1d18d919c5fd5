// ELF's numbers, under the names of the System V ABI and its MIPS supplement, as far as a kernel module, an object file
// or a vmlinux uses them. Relocation types are in assembly/shared/relocation-types.ts, since the core reads them too.

export const EI_CLASS = 4;
export const EI_DATA = 5;
export const ELFCLASS32 = 1;
export const ELFCLASS64 = 2;
export const ELFDATA2LSB = 1;
export const ELFDATA2MSB = 2;

export const ET_REL = 1;
export const ET_EXEC = 2;
export const EM_MIPS = 8;

export const EF_MIPS_ABI2 = 0x00000020; // n32
export const EF_MIPS_ABI = 0x0000f000;
export const EF_MIPS_ABI_O32 = 0x00001000;
export const EF_MIPS_ABI_O64 = 0x00002000;
export const EF_MIPS_ABI_EABI32 = 0x00003000;
export const EF_MIPS_ABI_EABI64 = 0x00004000;
export const EF_MIPS_MICROMIPS = 0x02000000;
export const EF_MIPS_ARCH_ASE_M16 = 0x04000000;
export const EF_MIPS_ARCH = 0xf0000000;

/** Sizes of the records in ELF32 and ELF64. */
export const EHDR_SIZE = 52;
export const SHDR_SIZE = 40;
export const SYM_SIZE = 16;
export const REL_SIZE = 8;
export const EHDR64_SIZE = 64;
export const SHDR64_SIZE = 64;
export const SYM64_SIZE = 24;
export const RELA64_SIZE = 24;

export const SHT_NULL = 0;
export const SHT_PROGBITS = 1;
export const SHT_SYMTAB = 2;
export const SHT_STRTAB = 3;
export const SHT_RELA = 4;
export const SHT_NOTE = 7;
export const SHT_NOBITS = 8;
export const SHT_REL = 9;
export const SHT_MIPS_ABIFLAGS = 0x7000002a;

export const SHF_WRITE = 0x1;
export const SHF_ALLOC = 0x2;
export const SHF_EXECINSTR = 0x4;
/** Linux's own flag, set while a module is loaded: the init function writes the section, later it is read-only. */
export const SHF_RO_AFTER_INIT = 0x00200000;

export const SHN_UNDEF = 0;
export const SHN_LORESERVE = 0xff00;
export const SHN_LIVEPATCH = 0xff20;
export const SHN_ABS = 0xfff1;
/** The section's index is in SHT_SYMTAB_SHNDX. */
export const SHN_XINDEX = 0xffff;
export const SHN_COMMON = 0xfff2;

export const STB_LOCAL = 0;
export const STB_GLOBAL = 1;
export const STB_WEAK = 2;

export const STT_NOTYPE = 0;
export const STT_OBJECT = 1;
export const STT_FUNC = 2;
export const STT_SECTION = 3;
export const STT_FILE = 4;
