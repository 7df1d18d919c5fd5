// The stored words of coprocessor 0's registers and the bits in them that the processor goes by. What reading
// or writing one by mfc0 and mtc0 does besides is system/cp0.ts's; which bits exist is cpu-model.ts's.

import { CPU_CP0 } from "../shared/memory-map.ts";

export const STATUS_IE: u32 = 1 << 0;
export const STATUS_EXL: u32 = 1 << 1;
export const STATUS_ERL: u32 = 1 << 2;
export const STATUS_KSU: u32 = 3 << 3;
export const STATUS_KSU_SUPERVISOR: u32 = 1 << 3;
export const STATUS_BEV: u32 = 1 << 22;
export const STATUS_CU0: u32 = 1 << 28;

export const CAUSE_EXCCODE: u32 = 0x1f << 2;
export const CAUSE_IP: u32 = 0xff << 8;
export const CAUSE_IP7: u32 = 1 << 15;
export const CAUSE_IV: u32 = 1 << 23;
export const CAUSE_DC: u32 = 1 << 27;
export const CAUSE_CE: u32 = 3 << 28;
export const CAUSE_TI: u32 = 1 << 30;
export const CAUSE_BD: u32 = 1 << 31;

export const DEBUG_DBP: u32 = 1 << 1;
export const DEBUG_DEXCCODE: u32 = 0x1f << 10;
export const DEBUG_DM: u32 = 1 << 30;
export const DEBUG_DBD: u32 = 1 << 31;

export const ENTRYHI_ASID: u32 = 0xff;

/** The stored word of a register (register * 8 + select), without what reading or writing sets off. */
@final
export class Cp0 {
  @inline static get(register: u32): u32 {
    return load<u32>(register << 2, CPU_CP0);
  }

  @inline static set(register: u32, value: u32): void {
    store<u32>(register << 2, value, CPU_CP0);
  }

  @inline static has(register: u32, bits: u32): bool {
    return (Cp0.get(register) & bits) !== 0;
  }
}
