// What a host function returns, put into the registers where the guest expects it. Only numbers, bigints where the
// result has 64 bits, and nothing have a meaning there; anything else, such as the promise of an async function, is a
// mistake of its author and named.

import { Misuse } from "../../errors.ts";
import { R } from "../../isa/registers.ts";
import type { Processor } from "../../processor/processor.ts";

/** A word for v0, a bigint for a result of 64 bits, or nothing, which leaves the registers as they are. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler may end without a return
export type HostResult = number | bigint | void;

/** The size of a function's result in bits. */
export type ResultBits = 32 | 64;

/** @throws Misuse that names the function, for a value that isn't a result of this size. */
export function setHostResult(
  processor: Processor,
  name: string,
  bits: ResultBits,
  value: unknown,
): void {
  if (value === undefined) return;
  if (bits === 32) {
    if (!isWord(value)) throw new Misuse(complaint(name, bits, value));
    processor.setGpr(R.v0, value);
    return;
  }
  const wide = Number.isSafeInteger(value) ? BigInt(value as number) : value;
  if (!isDoubleWord(wide)) throw new Misuse(complaint(name, bits, value));
  const low = Number(BigInt.asUintN(32, wide));
  const high = Number(BigInt.asUintN(32, wide >> 32n));
  const little = processor.endian === "little";
  processor.setGpr(R.v0, little ? low : high);
  processor.setGpr(R.v1, little ? high : low);
}

function isWord(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= -(2 ** 31) && (value as number) < 2 ** 32;
}

function isDoubleWord(value: unknown): value is bigint {
  return typeof value === "bigint" && value >= -(2n ** 63n) && value < 2n ** 64n;
}

function complaint(name: string, bits: ResultBits, value: unknown): string {
  const returned = `the host function ${name} returned ${described(value)}`;
  if (isPromise(value)) {
    return `${returned}, and the guest can't wait for it: return a number, not from an async function`;
  }
  if (bits === 32 && (isDoubleWord(value) || Number.isSafeInteger(value))) {
    return `${returned}, and its result is a 32-bit word: for one of 64 bits, provide() it with { returns: 64 }`;
  }
  const wanted =
    bits === 32 ? "a whole number of 32 bits" : "a bigint or a whole number of 64 bits";
  return `${returned}, which is no result: return ${wanted}, or nothing`;
}

function isPromise(value: unknown): boolean {
  return typeof (value as { readonly then?: unknown } | null)?.then === "function";
}

function described(value: unknown): string {
  if (isPromise(value)) return "a promise";
  if (typeof value === "string") return `the string ${JSON.stringify(value)}`;
  if (typeof value === "bigint") return `${value}n`;
  if (value === null || typeof value === "number" || typeof value === "boolean") return `${value}`;
  return `${typeof value === "object" ? "an" : "a"} ${typeof value}`;
}
