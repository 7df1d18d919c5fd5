// Makes the flag columns of trace lines from an event's common_flags and common_preempt_count, as trace_print_lat_fmt()
// prints them. The meaning of the bits differs by release: rules F2 to F4.

import type { TraceRules } from "../../kernel/rules/table.ts";

const IRQS_OFF = 0x01;
/** Without F3=lazy: the architecture has no flags of interrupts. */
const NO_IRQ_FLAGS = 0x02;
const RESCHED_LAZY = 0x02;
const NEED_RESCHED = 0x04;
const HARDIRQ = 0x08;
const SOFTIRQ = 0x10;
const PREEMPT_RESCHED = 0x20;
const NMI = 0x40;
const BH_OFF = 0x80;

/** Combinations of bits, those with more bits first, and their letters. */
type Letters = readonly (readonly [bits: number, letter: string])[];

const IRQS: Readonly<Record<TraceRules["F2"], Letters>> = {
  irqs: [[IRQS_OFF, "d"]],
  bh: [
    [IRQS_OFF | BH_OFF, "D"],
    [IRQS_OFF, "d"],
    [BH_OFF, "b"],
  ],
};
const WITHOUT_LAZY: Letters = [
  [NEED_RESCHED | PREEMPT_RESCHED, "N"],
  [NEED_RESCHED, "n"],
  [PREEMPT_RESCHED, "p"],
];
const RESCHED: Readonly<Record<TraceRules["F3"], Letters>> = {
  now: WITHOUT_LAZY,
  lazy: [
    [NEED_RESCHED | RESCHED_LAZY | PREEMPT_RESCHED, "B"],
    [NEED_RESCHED | PREEMPT_RESCHED, "N"],
    [RESCHED_LAZY | PREEMPT_RESCHED, "L"],
    [NEED_RESCHED | RESCHED_LAZY, "b"],
    [NEED_RESCHED, "n"],
    [RESCHED_LAZY, "l"],
    [PREEMPT_RESCHED, "p"],
  ],
};
const CONTEXT: Letters = [
  [NMI | HARDIRQ, "Z"],
  [NMI, "z"],
  [HARDIRQ | SOFTIRQ, "H"],
  [HARDIRQ, "h"],
  [SOFTIRQ, "s"],
];

/**
 * The columns: five, or with F4=whole four and a dot.
 * @param preempt common_preempt_count.
 */
export function latencyFlags(
  flags: number,
  preempt: number,
  { F2, F3, F4 }: Pick<TraceRules, "F2" | "F3" | "F4">,
): string {
  const letter = (letters: Letters): string | undefined =>
    letters.find(([bits]) => (flags & bits) === bits)?.[1];
  const none = F3 === "now" && (flags & NO_IRQ_FLAGS) !== 0 ? "X" : ".";
  const irqs = letter(IRQS[F2]) ?? none;
  const count = (value: number): string => (value === 0 ? "." : value.toString(16));
  const preemption =
    F4 === "whole" ? `${count(preempt)}.` : `${count(preempt & 15)}${count(preempt >>> 4)}`;
  return `${irqs}${letter(RESCHED[F3]) ?? "."}${letter(CONTEXT) ?? "."}${preemption}`;
}
