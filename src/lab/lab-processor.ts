// The processor that the module lab runs guest code on: a CPU after reset, ready to run code without a kernel's
// set-up. Exceptions stop the run and are handled by the host; farjal's own words (SPECIAL2 0x10 to 0x15) are
// instructions.

import { MODE_FARJAL_WORDS, MODE_STOP_ON_EXCEPTION } from "../../assembly/shared/cpu-state.ts";
import { CP0_STATUS } from "../../assembly/shared/opcodes.ts";
import type { Endian } from "../bytes/endian.ts";
import { type CpuModel, Processor, type ProcessorOptions } from "../processor/processor.ts";

/**
 * A processor in kernel mode with an empty TLB and `ramSize` bytes of zeroed memory. reset() turns it into a board's
 * CPU.
 */
export function labProcessor(
  endian: Endian,
  ramSize: number,
  model: CpuModel = "24Kc",
  options: ProcessorOptions = {},
): Processor {
  const processor = new Processor(endian, ramSize, model, options);
  // After reset Status has ERL and BEV set, which maps useg onto physical memory.
  processor.setCp0(CP0_STATUS >>> 3, CP0_STATUS & 7, 0);
  processor.mode = MODE_STOP_ON_EXCEPTION | MODE_FARJAL_WORDS;
  return processor;
}
