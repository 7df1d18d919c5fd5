// The o32 calling convention: how a call's arguments are passed in registers and on the stack. Strings and byte
// arrays are copied into guest memory for the duration of the call and passed by address.

import { utf8Bytes } from "../../bytes/text.ts";
import { Misuse } from "../../errors.ts";

/** number: one word; bigint: two words, aligned to an even pair; string (NUL added) and bytes: by address. */
export type Argument = number | bigint | string | Uint8Array;

/** Words as o32 passes them, the first four in a0-a3. */
export function argumentWords(
  args: readonly Argument[],
  littleEndian: boolean,
  place: (bytes: Uint8Array) => number,
): number[] {
  if (!Array.isArray(args)) {
    throw new Misuse(`the arguments of a call are a list, as in call("f", [1, 2]), not ${args}`);
  }
  const words: number[] = [];
  for (const argument of args) {
    if (typeof argument === "bigint") {
      if (words.length % 2 === 1) words.push(0);
      const low = Number(BigInt.asUintN(32, argument));
      const high = Number(BigInt.asUintN(32, argument >> 32n));
      if (littleEndian) words.push(low, high);
      else words.push(high, low);
    } else if (typeof argument === "number") {
      if (!Number.isInteger(argument) || argument < -(2 ** 31) || argument >= 2 ** 32) {
        throw new Misuse(`${argument} is not a 32-bit word; pass a bigint for 64 bits`);
      }
      words.push(argument >>> 0);
    } else {
      if (typeof argument !== "string" && !(argument instanceof Uint8Array)) {
        throw new Misuse(
          `an argument is a number, a bigint, a string or a Uint8Array, not ${String(argument)}`,
        );
      }
      words.push(place(typeof argument === "string" ? utf8Bytes(`${argument}\0`) : argument));
    }
  }
  return words;
}
