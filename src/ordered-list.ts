// The search in a list in ascending order: the last element at or below a value. It is written twice, for lists of plain
// numbers or addresses, which traces search for each event, and for lists of objects in the order of one of their
// numbers. So the first needs no call of a function for each step.

import type { Address } from "./address.ts";

/** The index of the last number or address at or below `value` in an ascending list; -1 when there is none. */
export function lastAtOrBelow<A extends Address>(list: ArrayLike<A>, value: A): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] as A) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The same in a list of objects that `key` puts in ascending order. */
export function lastAtOrBelowBy<T>(
  list: readonly T[],
  key: (element: T) => Address,
  value: Address,
): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (key(list[middle] as T) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
