// The exceptions of MIPS32 by ExcCode: the manual's name, and a short description of what the guest did.

import {
  EXC_ADEL,
  EXC_ADES,
  EXC_BP,
  EXC_CPU,
  EXC_DBE,
  EXC_IBE,
  EXC_INT,
  EXC_MCHECK,
  EXC_MOD,
  EXC_OV,
  EXC_RI,
  EXC_SYS,
  EXC_TLBL,
  EXC_TLBS,
  EXC_TR,
  EXC_WATCH,
} from "../../assembly/shared/opcodes.ts";

export interface ExceptionName {
  readonly name: string;
  readonly says: string;
  /** Whether it sets BadVAddr. */
  readonly hasAddress: boolean;
}

export const EXCEPTIONS: ReadonlyMap<number, ExceptionName> = new Map(
  (
    [
      [EXC_INT, "Int", "an interrupt", false],
      [EXC_MOD, "Mod", "a store to a read-only page", true],
      [EXC_TLBL, "TLBL", "a load or fetch where nothing is mapped", true],
      [EXC_TLBS, "TLBS", "a store where nothing is mapped", true],
      [EXC_ADEL, "AdEL", "a load or fetch at an address that is misaligned or not allowed", true],
      [EXC_ADES, "AdES", "a store at an address that is misaligned or not allowed", true],
      [EXC_IBE, "IBE", "a fetch outside the guest's memory", false],
      [EXC_DBE, "DBE", "a load or store outside the guest's memory", false],
      [EXC_SYS, "Sys", "a syscall, which no kernel is there to serve", false],
      [EXC_BP, "Bp", "a break, which kernel code uses for BUG()", false],
      [EXC_RI, "RI", "an instruction that the processor reserves", false],
      [EXC_CPU, "CpU", "an instruction of a coprocessor that is not there", false],
      [EXC_OV, "Ov", "an integer overflow", false],
      [EXC_TR, "Tr", "a trap, which kernel code uses for BUG_ON()", false],
      [EXC_WATCH, "WATCH", "a watched address", false],
      [EXC_MCHECK, "MCheck", "a machine check (two TLB entries match)", false],
    ] as const
  ).map(([code, name, says, hasAddress]) => [code, { name, says, hasAddress }]),
);
