// Numbers on the command line, as C writes them: 7, -7, 0x1f, with u and l after them as in C. ll makes 64 bits. What
// looks like a number and isn't one (1e3, 3.5, 010, 4k) is an error, never text.

import { Misuse } from "../../errors.ts";

export type NumberText =
  | { readonly bits: 32; readonly value: number }
  | { readonly bits: 64; readonly value: bigint };

const NUMBER = /^(-?)(0x[0-9a-f]+|0|[1-9][0-9]*)(u?l{0,2}|l{1,2}u)$/i;
const LIKE_A_NUMBER = /^[-+]?\.?[0-9]/;
const OCTAL = /^-?0[0-7]+$/;

/**
 * @param inMemory whether it is a value in memory, whose type says how many bits it has.
 * @returns null for a text that isn't meant as a number.
 * @throws Misuse for one that is, and is none.
 */
export function readNumber(text: string, inMemory = false): NumberText | null {
  const [, sign, digits, suffix = ""] = NUMBER.exec(text) ?? [];
  if (digits === undefined) {
    if (!LIKE_A_NUMBER.test(text) && text !== "-") return null;
    throw new Misuse(`'${text}' is not a whole number${hint(text)}`);
  }
  const value = BigInt(digits) * (sign === "-" ? -1n : 1n);
  if (inMemory || /ll/i.test(suffix)) {
    if (value >= -(2n ** 63n) && value < 2n ** 64n) return { bits: 64, value };
    throw new Misuse(`${text} doesn't fit into 64 bits`);
  }
  if (value >= -(2n ** 31n) && value < 2n ** 32n) return { bits: 32, value: Number(value) };
  throw new Misuse(`${text} doesn't fit into 32 bits; ${sign}${digits}ll passes 64`);
}

function hint(text: string): string {
  if (OCTAL.test(text)) {
    const value = Number.parseInt(text.replace("-", ""), 8);
    return `: a leading 0 means octal in C; write ${Number(text)} or 0x${value.toString(16)}`;
  }
  const value = Number(text);
  if (Number.isSafeInteger(value)) return `: write ${value}`;
  return `, such as 7, -7 or 0x1f; a string is in double quotes, as in '"${text}"'`;
}

/**
 * The command line's words with negative numbers in decimal, the one form that commander does not take for options:
 * -0x64 becomes -100. A negative 64-bit number becomes the unsigned number with the same bits. Anything else stays as
 * it is, and is an unknown option unless it is an option's value.
 */
export function plainNumbers(words: readonly string[]): string[] {
  return words.map((word) => {
    const [, sign] = NUMBER.exec(word) ?? [];
    if (sign !== "-") return word;
    const number = readNumber(word);
    if (number === null) return word;
    return number.bits === 32 ? String(number.value) : `${BigInt.asUintN(64, number.value)}ll`;
  });
}
