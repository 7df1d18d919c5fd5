// Where an exact access ends: in RAM, or at a device of a board, which the host answers for. Malta has RAM at
// several physical addresses, so each is first made a place: the offset in RAM, or a number past all RAM that
// has a device's offset in its page, while the page's address is kept beside it for this instruction. Everywhere else
// "physical" is such an offset in RAM. Device pages never enter the page tables, so the fast reading and translated
// code are not concerned; the exact reading alone comes here. What devices there are, and which byte lanes of
// theirs an address selects, is src/board/'s.

import { cpu } from "../cpu/cpu.ts";
import { DEVICE_PAGE, MODE_BOARD } from "../shared/cpu-state.ts";
import {
  BOARD_DEVICES_END,
  BOARD_LOW_RAM,
  BOARD_RAM_ALIAS,
  NOWHERE,
  PAGE_SIZE,
} from "../shared/memory-map.ts";
import { Physical } from "./physical.ts";

const LOW_RAM: u32 = BOARD_LOW_RAM;
const DEVICES_END: u32 = BOARD_DEVICES_END;
const OFFSET: u32 = PAGE_SIZE - 1;
/** The first of the places that mean a device. No RAM is so large, and none of them is NOWHERE. */
const DEVICE_PLACES: u32 = 0xffff0000;

// @ts-ignore: decorator
@external("env", "deviceRead")
declare function deviceRead(physical: u32, size: u32): u32;

// @ts-ignore: decorator
@external("env", "deviceWrite")
declare function deviceWrite(physical: u32, size: u32, value: u32): void;

@final
export class Bus {
  /** Whether a place is in RAM. */
  @inline static isRam(place: u32): bool {
    return place < cpu.ramSize;
  }

  /** The place of a device's address, for the accesses of this instruction. */
  static devicePlace(physical: u32): u32 {
    store<u32>(DEVICE_PAGE, physical & ~OFFSET);
    return DEVICE_PLACES | (physical & OFFSET);
  }

  /** Whether the last access found no device; true once. */
  static failed(): bool {
    const failed = cpu.deviceFault !== 0;
    cpu.deviceFault = 0;
    return failed;
  }

  static load8(place: u32): u32 {
    return Bus.isRam(place) ? Physical.load8(place) : deviceRead(deviceAddress(place), 1) & 0xff;
  }

  static load16(place: u32): u32 {
    return Bus.isRam(place) ? Physical.load16(place) : deviceRead(deviceAddress(place), 2) & 0xffff;
  }

  static load32(place: u32): u32 {
    return Bus.isRam(place) ? Physical.load32(place) : deviceRead(deviceAddress(place), 4);
  }

  static store8(place: u32, value: u32): void {
    if (Bus.isRam(place)) Physical.store8(place, value);
    else deviceWrite(deviceAddress(place), 1, value & 0xff);
  }

  static store16(place: u32, value: u32): void {
    if (Bus.isRam(place)) Physical.store16(place, value);
    else deviceWrite(deviceAddress(place), 2, value & 0xffff);
  }

  static store32(place: u32, value: u32): void {
    if (Bus.isRam(place)) Physical.store32(place, value);
    else deviceWrite(deviceAddress(place), 4, value);
  }
}

function deviceAddress(place: u32): u32 {
  return load<u32>(DEVICE_PAGE) | (place & OFFSET);
}

/**
 * The offset in RAM of a physical address, or NOWHERE: on a board as Malta has it, otherwise from 0 on. (QEMU's
 * hw/mips/malta.c, mips_malta_init.)
 */
export function ramAt(physical: u32): u32 {
  if (!(cpu.mode & MODE_BOARD)) return physical < cpu.ramSize ? physical : NOWHERE;
  const isAlias = physical >= BOARD_RAM_ALIAS;
  if (!isAlias && physical >= LOW_RAM && physical < DEVICES_END) return NOWHERE;
  const at = isAlias ? physical - BOARD_RAM_ALIAS : physical;
  return at < cpu.ramSize ? at : NOWHERE;
}
