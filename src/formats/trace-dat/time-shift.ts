// The option TIME_SHIFT of a guest's trace.dat: samples of the difference between the guest's clock and its host's, for
// each CPU, which trace-cmd takes while it records both (tsync_cpu_offsets_load() and timestamp_host_sync() in its
// trace-input.c). Its times in the host's clock are what trace-cmd prints.

import { type Cursor, damaged } from "../../bytes/cursor.ts";

/** The time in the host's clock of a count of a CPU. */
export type TimeShift = (count: bigint, cpu: number) => bigint;

/** At `time` of the guest's clock: host's time = (time * scaling >> fraction) + offset. */
interface Sample {
  readonly time: bigint;
  readonly offset: bigint;
  readonly scaling: bigint;
  readonly fraction: bigint;
}

/** The flag that asks for offsets between two samples; otherwise the earlier sample's holds. */
const INTERPOLATE = 1;
/** The session's number and the flags, which precede the number of CPUs. */
const HEAD = 16;
const WIDEST_SHIFT = 63n;

/**
 * Reads the option's content; undefined for one that trace-cmd ignores because it is too short.
 * @throws Misuse when it ends within its samples.
 */
export function readTimeShift(option: Cursor): TimeShift | undefined {
  if (option.left < HEAD) return undefined;
  option.bytes(8, "the host's session");
  const flags = option.u32("TIME_SHIFT's flags");
  const cpus = option.u32("TIME_SHIFT's CPUs");
  if (cpus * 4 > option.left) throw damaged(option.name, option.at - 4, `${cpus} CPUs`);
  const samples: Omit<Sample, "fraction">[][] = [];
  for (let cpu = 0; cpu < cpus; cpu += 1) samples.push(readSamples(option));
  // Older files end here.
  const fractions = option.left > 0;
  const whole = samples.map((list) =>
    ordered(list.map((sample) => ({ ...sample, fraction: fractions ? fractionOf(option) : 0n }))),
  );
  return (count, cpu) => shifted(count, whole[cpu] ?? [], (flags & INTERPOLATE) !== 0);
}

function readSamples(option: Cursor): Omit<Sample, "fraction">[] {
  const count = option.u32("TIME_SHIFT's samples");
  if (count * 24 > option.left) throw damaged(option.name, option.at - 4, `${count} samples`);
  const column = (): bigint[] => Array.from({ length: count }, () => signed(option));
  const [times, offsets, scalings] = [column(), column(), column()];
  return times.map((time, index) => ({
    time,
    offset: offsets[index] ?? 0n,
    scaling: scalings[index] ?? 1n,
  }));
}

function fractionOf(option: Cursor): bigint {
  const bits = signed(option);
  return bits < 0n || bits > WIDEST_SHIFT ? WIDEST_SHIFT : bits;
}

/** Samples in the order of their times; of several at one time, the first. */
function ordered(samples: Sample[]): Sample[] {
  samples.sort((a, b) => (a.time < b.time ? -1 : Number(a.time > b.time)));
  return samples.filter(({ time }, index) => time !== samples[index - 1]?.time);
}

function signed(option: Cursor): bigint {
  const bytes = option.bytes(8, "a sample");
  return new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0, option.endian === "little");
}

function shifted(count: bigint, samples: readonly Sample[], interpolate: boolean): bigint {
  const [first, second] = samples;
  if (first === undefined) return count;
  if (second === undefined) return count + first.offset;
  let low = 0;
  let high = samples.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((samples[middle] as Sample).time <= count) low = middle;
    else high = middle - 1;
  }
  const [before, after] = [samples[low] as Sample, samples[low + 1] as Sample];
  const delta = after.time - before.time;
  const between =
    interpolate && delta !== 0n
      ? ((count - before.time) * (after.offset - before.offset) + delta / 2n) / delta
      : 0n;
  return ((count * before.scaling) >> before.fraction) + before.offset + between;
}
