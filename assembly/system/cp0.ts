// What reading and writing coprocessor 0's registers does besides loading and storing the word (cp0-registers.ts).
// Which bits exist and what they hold after reset is cpu-model.ts's; the clock behind Count is timer.ts's; the
// translations behind EntryHi and its companions are tlb.ts's.

import { CAUSE_TI, Cp0, ENTRYHI_ASID, STATUS_ERL } from "../cpu/cp0-registers.ts";
import { CpuModel, writableBits } from "../cpu/cpu-model.ts";
import { PageTables } from "../memory/page-tables.ts";
import {
  CP0_CAUSE,
  CP0_COMPARE,
  CP0_COUNT,
  CP0_ENTRYHI,
  CP0_PAGEMASK,
  CP0_RANDOM,
  CP0_STATUS,
} from "../shared/opcodes.ts";
import { modeChanged } from "./mode.ts";
import { countNow, setCompare, setCount } from "./timer.ts";
import { random } from "./tlb.ts";

/** Sets Status and what depends on it: the mode, and what useg means while ERL is set. */
export function setStatus(value: u32): void {
  if ((Cp0.get(CP0_STATUS) ^ value) & STATUS_ERL) PageTables.removeTlbPages();
  Cp0.set(CP0_STATUS, value);
  modeChanged();
}

/** Sets Cause; DC stops Count where it is, or lets it go on from there. */
function setCause(value: u32): void {
  const count = countNow();
  Cp0.set(CP0_CAUSE, value);
  setCount(count);
}

/** What mfc0 reads. Registers that the model doesn't have read as 0. */
export function readCp0(register: u32): u32 {
  switch (register) {
    case CP0_RANDOM:
      return random();
    case CP0_COUNT:
      return countNow();
    case CP0_CAUSE: // Release 1 doesn't tell the timer's interrupt from others
      return Cp0.get(register) & (CpuModel.hasRelease2() ? 0xffffffff : ~CAUSE_TI);
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
      if ((old ^ value) & ENTRYHI_ASID) PageTables.removeTlbPages();
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
