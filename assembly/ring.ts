// The trace ring: 16-byte records {ip, parent ip, instruction count low, high} in shared memory. Like the
// kernel's, it overwrites the oldest; RING_WRITTEN counts every record ever written, so a reader that
// falls behind sees how many it lost. The record is complete before RING_WRITTEN moves.

import { RING, RING_CAPACITY, RING_WRITTEN } from "./layout.ts";

@final
export class Ring {
  /** Writes a record; without a ring (capacity 0) it is dropped. */
  @inline static record(ip: u32, parent: u32, count: u64): void {
    const capacity = load<u32>(RING_CAPACITY);
    if (capacity === 0) return;
    const written = load<u64>(RING_WRITTEN);
    const at = (<u32>written & (capacity - 1)) << 4;
    store<u32>(at, ip, RING);
    store<u32>(at, parent, RING + 4);
    store<u64>(at, count, RING + 8);
    atomic.store<u64>(RING_WRITTEN, written + 1);
  }
}
