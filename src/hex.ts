// Addresses and words as farjal prints them everywhere: lower case, eight digits, and sixteen for the
// addresses of a 64-bit machine.

import type { Address } from "./address.ts";

/** `0x%08x`, or `0x%016x` of a bigint, for prose and JSON. */
export function hex(value: Address): string {
  return `0x${digits(value)}`;
}

/** `%08x`, or `%016x` of a bigint, for columns of words. */
export function digits(value: Address): string {
  return typeof value === "bigint"
    ? BigInt.asUintN(64, value).toString(16).padStart(16, "0")
    : (value >>> 0).toString(16).padStart(8, "0");
}
