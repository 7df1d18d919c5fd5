// Coprocessor 0's registers: reading them, writing them with what a write sets off, and the mode that
// follows from Status. Which bits exist and what they hold after reset is profile.ts's; the clock behind
// Count is timer.ts's; the translations behind EntryHi and its companions are tlb.ts's.

import { cpu } from "./cpu.ts";
import { CPU_CP0, KSEG0 } from "../shared/memory-map.ts";
import {
  CP0_CAUSE,
  CP0_COMPARE,
  CP0_COUNT,
  CP0_DEBUG,
  CP0_ENTRYHI,
  CP0_PAGEMASK,
  CP0_RANDOM,
  CP0_STATUS,
} from "../shared/opcodes.ts";
import { Pages } from "../memory/pages.ts";
import { Profile, writableBits } from "./cpu-model.ts";
import { countNow, setCompare, setCount } from "./timer.ts";
import { random } from "./tlb.ts";

export const STATUS_IE: u32 = 1 << 0;
export const STATUS_EXL: u32 = 1 << 1;
export const STATUS_ERL: u32 = 1 << 2;
export const STATUS_KSU: u32 = 3 << 3;
const STATUS_KSU_SUPERVISOR: u32 = 1 << 3;
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

/** Kernel mode, or debug mode, which has the same rights: Status.KSU is 0, or EXL, ERL or Debug.DM is set. */
export function inKernelMode(): bool {
  const status = Cp0.get(CP0_STATUS);
  return (
    (status & STATUS_KSU) === 0 ||
    (status & (STATUS_EXL | STATUS_ERL)) !== 0 ||
    Cp0.has(CP0_DEBUG, DEBUG_DM)
  );
}

/** Supervisor mode, which has useg and ksseg, the segment at c0000000: Status.KSU is 1 and nothing overrides it. */
export function inSupervisorMode(): bool {
  return !inKernelMode() && (Cp0.get(CP0_STATUS) & STATUS_KSU) === STATUS_KSU_SUPERVISOR;
}

/** Whether CP0's instructions may be used. */
export function cp0Usable(): bool {
  return inKernelMode() || Cp0.has(CP0_STATUS, STATUS_CU0);
}

/** Sets Status and what depends on it: the mode, and what useg means while ERL is set. */
export function setStatus(value: u32): void {
  if ((Cp0.get(CP0_STATUS) ^ value) & STATUS_ERL) Pages.removeTlbPages();
  Cp0.set(CP0_STATUS, value);
  modeChanged();
}

/** Sets Cause; DC stops Count where it is, or lets it go on from there. */
function setCause(value: u32): void {
  const count = countNow();
  Cp0.set(CP0_CAUSE, value);
  setCount(count);
}

export function modeChanged(): void {
  cpu.forbidden = inKernelMode() ? 0 : KSEG0;
}

/** What mfc0 reads. Registers that the profile doesn't have read as 0. */
export function readCp0(register: u32): u32 {
  switch (register) {
    case CP0_RANDOM:
      return random();
    case CP0_COUNT:
      return countNow();
    case CP0_CAUSE: // Release 1 doesn't tell the timer's interrupt from others
      return Cp0.get(register) & (Profile.hasRelease2() ? 0xffffffff : ~CAUSE_TI);
    default:
      return Cp0.get(register);
  }
}

/** What mtc0 does: only writable bits change, and the effects follow. */
export function writeCp0(register: u32, word: u32): void {
  const writable = writableBits(register);
  const old = Cp0.get(register);
  const value = (old & ~writable) | (word & writable);
  switch (register) {
    case CP0_COUNT:
      setCount(word);
      break;
    case CP0_COMPARE:
      setCompare(word);
      break;
    case CP0_STATUS:
      setStatus(value);
      break;
    case CP0_CAUSE:
      setCause(value);
      break;
    case CP0_ENTRYHI:
      if ((old ^ value) & ENTRYHI_ASID) Pages.removeTlbPages();
      Cp0.set(register, value);
      break;
    case CP0_PAGEMASK:
      Cp0.set(register, isPageMask(value) ? value : 0);
      break;
    default:
      Cp0.set(register, value);
  }
}

/** Whether the ones of a PageMask are contiguous from bit 13 on, and in pairs: each quadruples the page. */
function isPageMask(value: u32): bool {
  const ones = value >>> 13;
  return (ones & (ones + 1)) === 0 && (popcnt<u32>(ones) & 1) === 0;
}
