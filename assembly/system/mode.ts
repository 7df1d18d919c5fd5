// The processor's mode, as Status and Debug have it: kernel, supervisor or user. It says which addresses may be
// used (cpu.forbidden) and whether coprocessor 0 may be; it changes nothing else.

import {
  Cp0,
  DEBUG_DM,
  STATUS_CU0,
  STATUS_ERL,
  STATUS_EXL,
  STATUS_KSU,
  STATUS_KSU_SUPERVISOR,
} from "../cpu/cp0-registers.ts";
import { cpu } from "../cpu/cpu.ts";
import { KSEG0 } from "../shared/memory-map.ts";
import { CP0_DEBUG, CP0_STATUS } from "../shared/opcodes.ts";

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

/** Status or Debug was written: sets the address bits that the mode may not use. */
export function modeChanged(): void {
  cpu.forbidden = inKernelMode() ? 0 : KSEG0;
}
