// What code does before it is translated: the addresses it touches and where its jumps through registers go,
// noted as the exact reading runs it. The host reads the pairs at OBSERVED; when the area is full, the rest
// is not noted.

import { OBSERVED, OBSERVED_SIZE } from "../shared/memory-map.ts";
import { OBSERVED_LENGTH, OBSERVING } from "../shared/translated-code.ts";
import { cpu } from "./cpu.ts";

@final
export class Observation {
  /** The instruction at cpu.pc touches, or goes to, this address. */
  @inline static note(value: u32): void {
    if (load<u32>(OBSERVING) !== 0) Observation.add(value);
  }

  static add(value: u32): void {
    const length = load<u32>(OBSERVED_LENGTH);
    if (length === OBSERVED_SIZE) return;
    store<u32>(length, cpu.pc, OBSERVED);
    store<u32>(length, value, OBSERVED + 4);
    store<u32>(OBSERVED_LENGTH, length + 8);
  }
}
