// Where an exact access ends: in RAM, or past it at a device of a board, which the host answers for. Device
// pages never enter the page tables, so the fast reading and translated code are not concerned; the exact
// reading alone comes here. What devices there are, and which byte lanes of theirs an address selects, is
// src/board/'s. An address past RAM arrives only with MODE_BOARD set (addresses.ts).

import { cpu } from "../cpu/cpu.ts";
import { Physical } from "./physical.ts";

// @ts-ignore: decorator
@external("env", "deviceRead")
declare function deviceRead(physical: u32, size: u32): u32;

// @ts-ignore: decorator
@external("env", "deviceWrite")
declare function deviceWrite(physical: u32, size: u32, value: u32): void;

@final
export class Bus {
  @inline static isRam(physical: u32): bool {
    return physical < cpu.ramSize;
  }

  /** Whether the last access found no device; true once. */
  static failed(): bool {
    const failed = cpu.deviceFault !== 0;
    cpu.deviceFault = 0;
    return failed;
  }

  static load8(physical: u32): u32 {
    return Bus.isRam(physical) ? Physical.load8(physical) : deviceRead(physical, 1) & 0xff;
  }

  static load16(physical: u32): u32 {
    return Bus.isRam(physical) ? Physical.load16(physical) : deviceRead(physical, 2) & 0xffff;
  }

  static load32(physical: u32): u32 {
    return Bus.isRam(physical) ? Physical.load32(physical) : deviceRead(physical, 4);
  }

  static store8(physical: u32, value: u32): void {
    if (Bus.isRam(physical)) Physical.store8(physical, value);
    else deviceWrite(physical, 1, value & 0xff);
  }

  static store16(physical: u32, value: u32): void {
    if (Bus.isRam(physical)) Physical.store16(physical, value);
    else deviceWrite(physical, 2, value & 0xffff);
  }

  static store32(physical: u32, value: u32): void {
    if (Bus.isRam(physical)) Physical.store32(physical, value);
    else deviceWrite(physical, 4, value);
  }
}
