// The trace ring: records in shared memory, in slots of 16 bytes (shared/trace-ring.ts has their fields). Like the
// kernel's, it overwrites the oldest; RING_WRITTEN counts every slot ever written, so a reader that falls
// behind sees how much it lost. A ring holds records of one tracer, all of one size, so none of two slots
// ever goes over the end.
//
// RING_WRITTEN is for this thread: others may see it change before the record is there. They may rely on
// RING_PUBLISHED, which follows it by an atomic store every RING_BATCH slots and, by the host, at the
// end of a run. An atomic store for each record would cost three times the record.

import { RING } from "../shared/memory-map.ts";
import { RING_BATCH, RING_CAPACITY, RING_PUBLISHED, RING_WRITTEN } from "../shared/trace-ring.ts";

@final
export class Ring {
  /** Writes a record; without a ring (capacity 0) it is dropped. */
  @inline static record(ip: u32, parent: u32, count: u64): void {
    const capacity = load<u32>(RING_CAPACITY);
    if (capacity === 0) return;
    Ring.begin(Ring.place(capacity, ~0), ip, parent, count);
    Ring.wrote(1);
  }

  /** Writes an entry's record of two slots. */
  @inline static recordEntry(ip: u32, parent: u32, count: u64, depth: u32): void {
    const capacity = load<u32>(RING_CAPACITY);
    if (capacity === 0) return;
    const at = Ring.place(capacity, ~1);
    Ring.begin(at, ip, parent, count);
    store<u32>(at, depth, RING + 24);
    Ring.wrote(2);
  }

  /** The same with all its fields; a depth with GRAPH_RETURN is a return's. */
  @inline static recordGraph(
    ip: u32,
    parent: u32,
    count: u64,
    entered: u64,
    depth: u32,
    overrun: u32,
  ): void {
    const capacity = load<u32>(RING_CAPACITY);
    if (capacity === 0) return;
    const at = Ring.place(capacity, ~1);
    Ring.begin(at, ip, parent, count);
    store<u64>(at, entered, RING + 16);
    store<u32>(at, depth, RING + 24);
    store<u32>(at, overrun, RING + 28);
    Ring.wrote(2);
  }

  /** Where the next record goes, for an access that adds RING; of slots in the mask. */
  @inline static place(capacity: u32, mask: u32): usize {
    return (load<u32>(RING_WRITTEN) & (capacity - 1) & mask) << 4;
  }

  @inline static begin(at: usize, ip: u32, parent: u32, count: u64): void {
    store<u32>(at, ip, RING);
    store<u32>(at, parent, RING + 4);
    store<u64>(at, count, RING + 8);
  }

  @inline static wrote(slots: u64): void {
    const written = load<u64>(RING_WRITTEN) + slots;
    store<u64>(RING_WRITTEN, written);
    if ((<u32>written & (RING_BATCH - 1)) === 0) atomic.store<u64>(RING_PUBLISHED, written);
  }
}
