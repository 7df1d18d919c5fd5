// Makes the five flag columns of 6.1's trace lines from an event's common_flags and common_preempt_count, as
// trace_print_lat_fmt() prints them.

const IRQS_OFF = 0x01;
const NO_IRQ_FLAGS = 0x02;
const NEED_RESCHED = 0x04;
const HARDIRQ = 0x08;
const SOFTIRQ = 0x10;
const PREEMPT_RESCHED = 0x20;
const NMI = 0x40;
const BH_OFF = 0x80;

/** No flag set: the only case in a lab. */
export const NO_FLAGS = ".....";

/** @param preempt its low half counts preempt_disable(), its high half migrate_disable(). */
export function latencyFlags(flags: number, preempt: number): string {
  const has = (bits: number): boolean => (flags & bits) === bits;
  const irqs = has(IRQS_OFF | BH_OFF)
    ? "D"
    : has(IRQS_OFF)
      ? "d"
      : has(BH_OFF)
        ? "b"
        : has(NO_IRQ_FLAGS)
          ? "X"
          : ".";
  const resched = has(NEED_RESCHED | PREEMPT_RESCHED)
    ? "N"
    : has(NEED_RESCHED)
      ? "n"
      : has(PREEMPT_RESCHED)
        ? "p"
        : ".";
  const context = has(NMI | HARDIRQ)
    ? "Z"
    : has(NMI)
      ? "z"
      : has(HARDIRQ | SOFTIRQ)
        ? "H"
        : has(HARDIRQ)
          ? "h"
          : has(SOFTIRQ)
            ? "s"
            : ".";
  const count = (value: number): string => (value === 0 ? "." : value.toString(16));
  return `${irqs}${resched}${context}${count(preempt & 15)}${count(preempt >>> 4)}`;
}
