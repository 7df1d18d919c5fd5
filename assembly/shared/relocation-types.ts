// The MIPS relocation types' numbers, by the ABI's names (System V ABI, MIPS supplement, and its n64
// extension). Read by asc and by tsc alike, so it holds untyped integer constants and no imports. What a
// type does is in relocate.ts; how it is printed, in src/elf/names.ts.

export const R_MIPS_NONE = 0;
export const R_MIPS_16 = 1;
export const R_MIPS_32 = 2;
export const R_MIPS_REL32 = 3;
export const R_MIPS_26 = 4;
export const R_MIPS_HI16 = 5;
export const R_MIPS_LO16 = 6;
export const R_MIPS_GPREL16 = 7;
export const R_MIPS_LITERAL = 8;
export const R_MIPS_GOT16 = 9;
export const R_MIPS_PC16 = 10;
export const R_MIPS_CALL16 = 11;
export const R_MIPS_GPREL32 = 12;
export const R_MIPS_64 = 18;
export const R_MIPS_GOT_DISP = 19;
export const R_MIPS_GOT_PAGE = 20;
export const R_MIPS_GOT_OFST = 21;
export const R_MIPS_GOT_HI16 = 22;
export const R_MIPS_GOT_LO16 = 23;
export const R_MIPS_SUB = 24;
export const R_MIPS_HIGHER = 28;
export const R_MIPS_HIGHEST = 29;
export const R_MIPS_CALL_HI16 = 30;
export const R_MIPS_CALL_LO16 = 31;
export const R_MIPS_JALR = 37;
export const R_MIPS_PC21_S2 = 60;
export const R_MIPS_PC26_S2 = 61;
export const R_MIPS_PCHI16 = 64;
export const R_MIPS_PCLO16 = 65;
export const R_MIPS_PC32 = 248;
