// The clock: time is instructions. CPU_COUNT + CPU_IDLE is the clock, Count ticks once in COUNT_RESOLUTION
// instructions, and when it meets Compare the timer interrupt is pending until Compare is written again. The
// run loop only compares CPU_COUNT with cpu.timerDue, and with cpu.eventDue, which the host sets.

import { CAUSE_DC, CAUSE_IP7, CAUSE_TI, Cp0 } from "../cpu/cp0-registers.ts";
import { COUNT_RESOLUTION } from "../cpu/cpu-model.ts";
import { cpu } from "../cpu/cpu.ts";
import { CP0_CAUSE, CP0_COMPARE, CP0_COUNT } from "../shared/opcodes.ts";

export const NEVER: u64 = u64.MAX_VALUE;
/** Ticks until Count has the same value again. */
const ROUND: u64 = 1 << 32;

function ticks(): u64 {
  return (cpu.count + cpu.idle) / COUNT_RESOLUTION;
}

function frozen(): bool {
  return Cp0.has(CP0_CAUSE, CAUSE_DC);
}

/** CP0 Count. While Cause.DC is set it keeps the value in its register. */
export function countNow(): u32 {
  return frozen() ? Cp0.get(CP0_COUNT) : <u32>ticks() + cpu.countOffset;
}

export function setCount(value: u32): void {
  Cp0.set(CP0_COUNT, value);
  cpu.countOffset = value - <u32>ticks();
  schedule();
}

export function setCompare(value: u32): void {
  Cp0.set(CP0_COMPARE, value);
  Cp0.set(CP0_CAUSE, (Cp0.get(CP0_CAUSE) & ~(CAUSE_TI | CAUSE_IP7)) | (cpu.interrupts & CAUSE_IP7));
  schedule();
}

/** Works out when Count next becomes Compare; if it is Compare now, a whole round from now. */
export function schedule(): void {
  if (frozen()) {
    cpu.timerDue = NEVER;
    return;
  }
  const distance = Cp0.get(CP0_COMPARE) - (<u32>ticks() + cpu.countOffset);
  const due = ticks() + (distance === 0 ? ROUND : <u64>distance);
  cpu.timerDue = due * COUNT_RESOLUTION - cpu.idle;
}

/** CPU_COUNT has reached cpu.timerDue: raises the interrupt and schedules the next. */
export function expire(): void {
  Cp0.set(CP0_CAUSE, Cp0.get(CP0_CAUSE) | CAUSE_TI | CAUSE_IP7);
  schedule();
}

/** Lets the time of so many instructions pass without any; the timer's interrupt is raised if it falls within. */
export function skip(instructions: f64): void {
  pass(<u64>instructions);
  if (cpu.count >= cpu.timerDue) expire();
}

function pass(time: u64): void {
  cpu.idle += time;
  if (cpu.timerDue !== NEVER) cpu.timerDue = cpu.count + left(cpu.timerDue, time);
  if (cpu.eventDue !== NEVER) cpu.eventDue = cpu.count + left(cpu.eventDue, time);
}

/** Instructions from now to `due` once `time` has passed. */
function left(due: u64, time: u64): u64 {
  const distance = due - min(due, cpu.count);
  return distance - min(distance, time);
}

/** Lets the time until the timer is due pass without instructions. */
export function skipToTimer(): void {
  if (cpu.timerDue > cpu.count) pass(cpu.timerDue - cpu.count);
}

/** Whether the timer will raise an interrupt that is among the given bits of Cause.IP. */
export function timerCanInterrupt(lines: u32): bool {
  return (lines & CAUSE_IP7) !== 0 && !frozen();
}
