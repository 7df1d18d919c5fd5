// How the general registers are named in the processor: by the offset of a register's word in the register
// file, its number shifted left. This saves the interpreter a shift for every operand, and r0 is still 0. The
// size of a register is here alone; the fields of instruction words that name one are fields.ts's.

/** log2 of a register's size in bytes. */
export const REGISTER_SHIFT: u32 = 2;

export const V0: u32 = 2 << REGISTER_SHIFT;
export const V1: u32 = 3 << REGISTER_SHIFT;
export const A0: u32 = 4 << REGISTER_SHIFT;
export const A1: u32 = 5 << REGISTER_SHIFT;
export const A2: u32 = 6 << REGISTER_SHIFT;
export const A3: u32 = 7 << REGISTER_SHIFT;
export const SP: u32 = 29 << REGISTER_SHIFT;
export const RA: u32 = 31 << REGISTER_SHIFT;
