// The irregular instructions: CP0, the TLB, the returns from exceptions, rdhwr. Each is one word that every
// reading calls with the state in memory up to date, so they are plain functions and not generic ones.

import {
  CAUSE_IP,
  Cp0,
  DEBUG_DM,
  STATUS_ERL,
  STATUS_EXL,
  STATUS_IE,
} from "../cpu/cp0-registers.ts";
import { COUNT_RESOLUTION, CpuModel, isRelease2Register, SYNCI_STEP } from "../cpu/cpu-model.ts";
import { cpu } from "../cpu/cpu.ts";
import { EXIT, NEXT } from "../cpu/outcome.ts";
import { CPU_GPR, MODE_BOARD } from "../shared/cpu-state.ts";
import {
  COP0_CO,
  COP0_DERET,
  COP0_ERET,
  COP0_MFC0,
  COP0_MFMC0,
  COP0_MTC0,
  COP0_RDPGPR,
  COP0_TLBP,
  COP0_TLBR,
  COP0_TLBWI,
  COP0_TLBWR,
  COP0_WAIT,
  COP0_WRPGPR,
  CP0_CAUSE,
  CP0_DEBUG,
  CP0_DEPC,
  CP0_EPC,
  CP0_ERROREPC,
  CP0_HWRENA,
  CP0_STATUS,
  EXC_RI,
  OP_COP0,
  OP_SPECIAL3,
} from "../shared/opcodes.ts";
import { STOP_IDLE, STOP_WAIT } from "../shared/stops.ts";
import { readCp0, setStatus, writeCp0 } from "../system/cp0.ts";
import { goTo, signal, signalUnusable } from "../system/exceptions.ts";
import { cp0Usable, modeChanged } from "../system/mode.ts";
import { countNow, skipToTimer, timerCanInterrupt } from "../system/timer.ts";
import { tlbProbe, tlbRead, tlbWriteIndexed, tlbWriteRandom } from "../system/tlb.ts";
import { cp0Register, funct, op, rd, rdField, rsField, rt } from "./fields.ts";

/** Hardware registers of rdhwr. */
const HWR_CPUNUM = 0;
const HWR_SYNCI_STEP = 1;
const HWR_CC = 2;
const HWR_CCRES = 3;

function get(register: u32): u32 {
  return load<u32>(register, CPU_GPR);
}

function set(register: u32, value: u32): u32 {
  if (register) store<u32>(register, value, CPU_GPR);
  return NEXT;
}

/** Executes one of them, by its word. */
export function privileged(word: u32): u32 {
  if (op(word) === OP_SPECIAL3) return rdhwr(word);
  if (!cp0Usable()) return signalUnusable(0);
  return op(word) === OP_COP0 ? cop0(word) : NEXT; // cache: there are no caches to keep
}

function cop0(word: u32): u32 {
  const minor = rsField(word);
  if (minor & COP0_CO) return cop0Operation(word);
  if (!CpuModel.hasRelease2() && isRelease2(word)) return signal(EXC_RI);
  switch (minor) {
    case COP0_MFC0:
      return set(rt(word), readCp0(cp0Register(word)));
    case COP0_MTC0:
      writeCp0(cp0Register(word), get(rt(word)));
      return NEXT;
    case COP0_MFMC0:
      return interruptsEnabled(word);
    case COP0_RDPGPR: // there is one register set, so the previous one is this one
      return set(rd(word), get(rt(word)));
    case COP0_WRPGPR:
      return set(rd(word), get(rt(word)));
    default:
      return signal(EXC_RI);
  }
}

/** Whether a word of COP0 is new in Release 2, or moves a register that is. */
function isRelease2(word: u32): bool {
  const minor = rsField(word);
  return (minor !== COP0_MFC0 && minor !== COP0_MTC0) || isRelease2Register(cp0Register(word));
}

function cop0Operation(word: u32): u32 {
  switch (funct(word)) {
    case COP0_TLBR:
      tlbRead();
      return NEXT;
    case COP0_TLBWI:
      tlbWriteIndexed();
      return NEXT;
    case COP0_TLBWR:
      tlbWriteRandom();
      return NEXT;
    case COP0_TLBP:
      tlbProbe();
      return NEXT;
    case COP0_ERET:
      return eret();
    case COP0_DERET:
      return deret();
    case COP0_WAIT:
      return wait();
    default:
      return signal(EXC_RI);
  }
}

/** di and ei: rt becomes Status as it was. */
function interruptsEnabled(word: u32): u32 {
  if (rdField(word) !== 12 || (word & 0x7df) !== 0) return signal(EXC_RI);
  const status = Cp0.get(CP0_STATUS);
  setStatus(word & 0x20 ? status | STATUS_IE : status & ~STATUS_IE);
  return set(rt(word), status);
}

/** Back from an exception, or with ERL from an error; no delay slot, and the link of LL is gone. */
function eret(): u32 {
  const status = Cp0.get(CP0_STATUS);
  const fromError = (status & STATUS_ERL) !== 0;
  goTo(Cp0.get(fromError ? CP0_ERROREPC : CP0_EPC));
  setStatus(status & ~(fromError ? STATUS_ERL : STATUS_EXL));
  cpu.llBit = 0;
  return EXIT;
}

/** Back from debug mode; reserved outside it. */
function deret(): u32 {
  const debug = Cp0.get(CP0_DEBUG);
  if (!(debug & DEBUG_DM)) return signal(EXC_RI);
  Cp0.set(CP0_DEBUG, debug & ~DEBUG_DM);
  modeChanged();
  goTo(Cp0.get(CP0_DEPC));
  return EXIT;
}

/**
 * Waits for an interrupt that Status.IM lets through, enabled or not. On a board the instruction is completed,
 * and what is to happen is the host's decision. Elsewhere, if only the timer can bring it, time passes at once;
 * if nothing here can, the run stops for the host, with pc still here.
 */
function wait(): u32 {
  const masked = Cp0.get(CP0_STATUS) & CAUSE_IP;
  if (Cp0.get(CP0_CAUSE) & masked) return NEXT;
  if (cpu.mode & MODE_BOARD) {
    cpu.stop = STOP_IDLE;
    return NEXT;
  }
  if (!timerCanInterrupt(masked)) {
    cpu.stop = STOP_WAIT;
    cpu.stopValue = 0;
    return EXIT;
  }
  skipToTimer();
  return NEXT;
}

/** Allowed where CP0 is usable or HWREna's bit is set; without UserLocal, register 29 is reserved. */
function rdhwr(word: u32): u32 {
  const register = rdField(word);
  if (!cp0Usable() && !Cp0.has(CP0_HWRENA, 1 << register)) return signal(EXC_RI);
  switch (register) {
    case HWR_CPUNUM:
      return set(rt(word), 0);
    case HWR_SYNCI_STEP:
      return set(rt(word), SYNCI_STEP);
    case HWR_CC:
      return set(rt(word), countNow());
    case HWR_CCRES:
      return set(rt(word), COUNT_RESOLUTION);
    default:
      return signal(EXC_RI);
  }
}
