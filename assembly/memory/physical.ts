// Guest physical memory, with the byte order in one place. In a big-endian guest every aligned word is in the
// host's order, and narrower accesses flip the low address bits: both byte orders run at the same speed,
// and only this file and src/processor/processor.ts depend on it. The caller checks addresses: they
// are below cpu.ramSize, aligned where the name doesn't say otherwise.
//
// RAM is in the offset argument and never in a sum: a sum wraps at 2^32 into the emulator's own memory.

import { RAM } from "../shared/memory-map.ts";

/** Turns a byte's or a half-word's address into the place of its bytes here. */
export const FLIP_8: u32 = BIG_ENDIAN ? 3 : 0;
export const FLIP_16: u32 = BIG_ENDIAN ? 2 : 0;

@final
export class Physical {
  @inline static load8(address: u32): u32 {
    return load<u8>(address ^ FLIP_8, RAM);
  }

  @inline static load16(address: u32): u32 {
    return load<u16>(address ^ FLIP_16, RAM);
  }

  @inline static load32(address: u32): u32 {
    return load<u32>(address, RAM);
  }

  @inline static store8(address: u32, value: u32): void {
    store<u8>(address ^ FLIP_8, value, RAM);
  }

  @inline static store16(address: u32, value: u32): void {
    store<u16>(address ^ FLIP_16, value, RAM);
  }

  @inline static store32(address: u32, value: u32): void {
    store<u32>(address, value, RAM);
  }

  /** A word in the guest's byte order at any address, byte by byte. */
  static loadUnaligned32(address: u32): u32 {
    const b0 = Physical.load8(address);
    const b1 = Physical.load8(address + 1);
    const b2 = Physical.load8(address + 2);
    const b3 = Physical.load8(address + 3);
    return BIG_ENDIAN
      ? (b0 << 24) | (b1 << 16) | (b2 << 8) | b3
      : (b3 << 24) | (b2 << 16) | (b1 << 8) | b0;
  }

  static storeUnaligned32(address: u32, value: u32): void {
    Physical.store8(address, BIG_ENDIAN ? value >>> 24 : value);
    Physical.store8(address + 1, BIG_ENDIAN ? value >>> 16 : value >>> 8);
    Physical.store8(address + 2, BIG_ENDIAN ? value >>> 8 : value >>> 16);
    Physical.store8(address + 3, BIG_ENDIAN ? value : value >>> 24);
  }
}
