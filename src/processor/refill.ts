// Where a running kernel has a page that isn't in the TLB. Only the kernel knows, and its page tables differ by release
// and configuration; so its own TLB refill handler is run up to the instruction that would write the TLB, and then all
// of the processor's state is put back. The handler only reads memory. An exception in it ends the attempt.

import { CPU_MODE, MODE_STOP_ON_EXCEPTION } from "../../assembly/shared/cpu-state.ts";
import { COUNTING } from "../../assembly/shared/execution-counts.ts";
import { CPU, CPU_CP0, PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import {
  CP0_BADVADDR,
  CP0_CONTEXT,
  CP0_EBASE,
  CP0_ENTRYHI,
  CP0_ENTRYLO0,
  CP0_ENTRYLO1,
  CP0_PAGEMASK,
  CP0_STATUS,
} from "../../assembly/shared/opcodes.ts";
import { STOP_LIMIT } from "../../assembly/shared/stops.ts";
import { CPU_END } from "../../assembly/shared/trace-ring.ts";
import type { Processor } from "./processor.ts";

const TLBWR = 0x42000006;
const TLBWI = 0x42000002;
const STATUS_EXL = 2;
const CONTEXT_BASE = 0xff800000;
const BAD_VPN2 = 0x007ffff0;
const VPN2 = 0xffffe000;
const ASID = 0xff;
const VALID = 2;
/** Kernels' handlers have about twenty instructions. */
const LONGEST = 200;

/**
 * The offset in RAM that the kernel's tables give for a mapped address, or undefined. The processor must not be
 * running, and its state stays as it is.
 */
export function physicalByRefill(processor: Processor, address: number): number | undefined {
  const { bytes, words } = processor;
  const saved = bytes.slice(CPU, CPU_END);
  const counting = words[COUNTING / 4] ?? 0;
  words[COUNTING / 4] = 0;
  try {
    const set = (register: number, value: number): void => {
      words[CPU_CP0 / 4 + register] = value;
    };
    const get = (register: number): number => words[CPU_CP0 / 4 + register] ?? 0;
    set(CP0_BADVADDR, address);
    set(CP0_CONTEXT, (get(CP0_CONTEXT) & CONTEXT_BASE) | ((address >>> 9) & BAD_VPN2));
    set(CP0_ENTRYHI, (address & VPN2) | (get(CP0_ENTRYHI) & ASID));
    set(CP0_STATUS, get(CP0_STATUS) | STATUS_EXL);
    words[CPU_MODE / 4] = processor.mode | MODE_STOP_ON_EXCEPTION;
    processor.pc = processor.cp0(CP0_EBASE >>> 3, CP0_EBASE & 7) & ~(PAGE_SIZE - 1);
    if (!runToWrite(processor)) return undefined;
    // A PageMask of zero is 4 KiB: a larger one widens the offset in each of the two pages.
    const size = PAGE_SIZE * ((get(CP0_PAGEMASK) >>> 13) + 1);
    const low = get((address & size) === 0 ? CP0_ENTRYLO0 : CP0_ENTRYLO1);
    if ((low & VALID) === 0) return undefined;
    const frame = ((low >>> 6) * PAGE_SIZE) % 2 ** 32;
    const physical = frame - (frame % size) + (address % size);
    return processor.ramAt(physical);
  } finally {
    bytes.set(saved, CPU);
    words[COUNTING / 4] = counting;
  }
}

/** Runs until the next instruction writes the TLB; false when that doesn't come. */
function runToWrite(processor: Processor): boolean {
  for (let done = 0; done < LONGEST; done += 1) {
    const at = processor.physicalOf(processor.pc, false);
    if (at === undefined || at + 4 > processor.ramSize) return false;
    const word = processor.ramWord(at);
    if (word === TLBWR || word === TLBWI) return true;
    if (processor.runExactly(1) !== STOP_LIMIT) return false;
  }
  return false;
}
