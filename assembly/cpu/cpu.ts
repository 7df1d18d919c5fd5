// The CPU's state in memory: an overlay on the words that shared/cpu-state.ts names, so that `cpu.pc` is one load
// at a constant address and TypeScript reads the same word. Its offsets are compared with those names when it
// compiles. The general registers are reached through operations.ts, CP0 through cp0-registers.ts.

import {
  CPU_BRANCH_TARGET,
  CPU_COUNT,
  CPU_COUNT_OFFSET,
  CPU_DEVICE_FAULT,
  CPU_EVENT_DUE,
  CPU_FORBIDDEN,
  CPU_HI,
  CPU_IDLE,
  CPU_IN_DELAY_SLOT,
  CPU_INTERRUPTS,
  CPU_LIMIT,
  CPU_LL_ADDRESS,
  CPU_LL_BIT,
  CPU_LO,
  CPU_MODE,
  CPU_NEXT_PC,
  CPU_PC,
  CPU_RAM_SIZE,
  CPU_RECORD_IP,
  CPU_RECORD_PARENT,
  CPU_RETURN_TO,
  CPU_STOP,
  CPU_STOP_VALUE,
  CPU_TIMER_DUE,
} from "../shared/cpu-state.ts";

/** From HI on; the 32 general registers are before it. */
@unmanaged
@final
class Cpu {
  hi: u32;
  lo: u32;
  pc: u32;
  nextPc: u32;
  inDelaySlot: u32;
  ramSize: u32;
  count: u64;
  limit: u64;
  mode: u32;
  stopValue: u32;
  returnTo: u32;
  llAddress: u32;
  llBit: u32;
  branchTarget: u32;
  forbidden: u32;
  stop: u32;
  timerDue: u64;
  idle: u64;
  countOffset: u32;
  interrupts: u32;
  recordIp: u32;
  recordParent: u32;
  eventDue: u64;
  deviceFault: u32;
}

if (offsetof<Cpu>("lo") !== CPU_LO - CPU_HI) ERROR("layout drift: lo");
if (offsetof<Cpu>("pc") !== CPU_PC - CPU_HI) ERROR("layout drift: pc");
if (offsetof<Cpu>("nextPc") !== CPU_NEXT_PC - CPU_HI) ERROR("layout drift: nextPc");
if (offsetof<Cpu>("inDelaySlot") !== CPU_IN_DELAY_SLOT - CPU_HI) ERROR("layout drift: inDelaySlot");
if (offsetof<Cpu>("ramSize") !== CPU_RAM_SIZE - CPU_HI) ERROR("layout drift: ramSize");
if (offsetof<Cpu>("count") !== CPU_COUNT - CPU_HI) ERROR("layout drift: count");
if (offsetof<Cpu>("limit") !== CPU_LIMIT - CPU_HI) ERROR("layout drift: limit");
if (offsetof<Cpu>("mode") !== CPU_MODE - CPU_HI) ERROR("layout drift: mode");
if (offsetof<Cpu>("stopValue") !== CPU_STOP_VALUE - CPU_HI) ERROR("layout drift: stopValue");
if (offsetof<Cpu>("returnTo") !== CPU_RETURN_TO - CPU_HI) ERROR("layout drift: returnTo");
if (offsetof<Cpu>("llAddress") !== CPU_LL_ADDRESS - CPU_HI) ERROR("layout drift: llAddress");
if (offsetof<Cpu>("llBit") !== CPU_LL_BIT - CPU_HI) ERROR("layout drift: llBit");
if (offsetof<Cpu>("branchTarget") !== CPU_BRANCH_TARGET - CPU_HI)
  ERROR("layout drift: branchTarget");
if (offsetof<Cpu>("forbidden") !== CPU_FORBIDDEN - CPU_HI) ERROR("layout drift: forbidden");
if (offsetof<Cpu>("stop") !== CPU_STOP - CPU_HI) ERROR("layout drift: stop");
if (offsetof<Cpu>("timerDue") !== CPU_TIMER_DUE - CPU_HI) ERROR("layout drift: timerDue");
if (offsetof<Cpu>("idle") !== CPU_IDLE - CPU_HI) ERROR("layout drift: idle");
if (offsetof<Cpu>("countOffset") !== CPU_COUNT_OFFSET - CPU_HI) ERROR("layout drift: countOffset");
if (offsetof<Cpu>("interrupts") !== CPU_INTERRUPTS - CPU_HI) ERROR("layout drift: interrupts");
if (offsetof<Cpu>("recordIp") !== CPU_RECORD_IP - CPU_HI) ERROR("layout drift: recordIp");
if (offsetof<Cpu>("recordParent") !== CPU_RECORD_PARENT - CPU_HI)
  ERROR("layout drift: recordParent");
if (offsetof<Cpu>("eventDue") !== CPU_EVENT_DUE - CPU_HI) ERROR("layout drift: eventDue");
if (offsetof<Cpu>("deviceFault") !== CPU_DEVICE_FAULT - CPU_HI) ERROR("layout drift: deviceFault");

export const cpu = changetype<Cpu>(CPU_HI);
