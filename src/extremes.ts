// The least, the greatest and the most frequent of a list of numbers. Math.min(...list) takes each number as an
// argument, and V8 throws a RangeError at some hundred thousand arguments; a list made from a file or by a guest can be
// longer. A test allows no list as the arguments of a call.

/** The greatest of the numbers and `floor`. */
export function greatest(numbers: Iterable<number>, floor = Number.NEGATIVE_INFINITY): number {
  let found = floor;
  for (const number of numbers) if (number > found) found = number;
  return found;
}

/** The least of the numbers; Infinity when there are none. */
export function least(numbers: Iterable<number>): number {
  let found = Number.POSITIVE_INFINITY;
  for (const number of numbers) if (number < found) found = number;
  return found;
}

/** The most frequent of some numbers, the first of several; null if there are none. */
export function mostFrequent(values: readonly number[]): number | null {
  const counts = new Map<number, number>();
  let most: number | null = null;
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const [value, count] of counts) {
    if (most === null || count > (counts.get(most) ?? 0)) most = value;
  }
  return most;
}
