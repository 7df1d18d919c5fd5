// The arguments of --call, from text to the values that the machine passes. Bytes and strings stay in guest memory
// after the call, since the function may keep their addresses and `out:` is read afterwards.

import { type Machine, Misuse } from "../../index.ts";
import { readInput } from "../input.ts";

/** Memory that the function fills. */
export interface OutputArgument {
  readonly address: number;
  readonly size: number;
}

export interface CallArguments {
  readonly values: readonly (number | bigint)[];
  readonly outputs: readonly OutputArgument[];
}

const WORD = /^-?(0x[0-9a-f]+|\d+)$/i;
const DOUBLE_WORD = /^-?(0x[0-9a-f]+|\d+)ll$/i;
const OUTPUT = /^out:(\d+|0x[0-9a-f]+)$/i;

/**
 * Reads the arguments and writes those that are passed by address into guest memory.
 * @throws Misuse for a number that doesn't fit and a file that can't be read.
 */
export function readArguments(texts: readonly string[], machine: Machine): CallArguments {
  const outputs: OutputArgument[] = [];
  const place = (bytes: Uint8Array): number => {
    const address = machine.memory.alloc(bytes.length);
    machine.memory.write(address, bytes);
    return address;
  };
  const values = texts.map((text): number | bigint => {
    if (WORD.test(text)) return readWord(text);
    if (DOUBLE_WORD.test(text)) return readDoubleWord(text.slice(0, -2));
    const size = OUTPUT.exec(text)?.[1];
    if (size !== undefined) {
      const address = machine.memory.alloc(Number(size));
      outputs.push({ address, size: Number(size) });
      return address;
    }
    if (text.startsWith("@")) return place(readInput(text.slice(1)));
    const quoted = /^"(.*)"$/s.exec(text)?.[1];
    return place(Buffer.from(`${quoted ?? text}\0`));
  });
  return { values, outputs };
}

/**
 * The command line's words with negative numbers in decimal, the one form that commander does not take for options:
 * -0x64 becomes -100. A negative 64-bit number becomes the unsigned number with the same bits.
 */
export function plainNumbers(words: readonly string[]): string[] {
  return words.map((word) => {
    if (!word.startsWith("-")) return word;
    if (WORD.test(word)) return String(readWord(word));
    if (!DOUBLE_WORD.test(word)) return word;
    return `${BigInt.asUintN(64, readDoubleWord(word.slice(0, -2)))}ll`;
  });
}

function readWord(text: string): number {
  const value = Number(unsigned(text)) * signOf(text);
  if (value < -(2 ** 31) || value >= 2 ** 32) {
    throw new Misuse(`${text} doesn't fit into 32 bits; ${text}ll passes 64`);
  }
  return value;
}

function readDoubleWord(text: string): bigint {
  const value = BigInt(unsigned(text)) * BigInt(signOf(text));
  if (value < -(2n ** 63n) || value >= 2n ** 64n)
    throw new Misuse(`${text} doesn't fit into 64 bits`);
  return value;
}

function signOf(text: string): 1 | -1 {
  return text.startsWith("-") ? -1 : 1;
}

function unsigned(text: string): string {
  return text.replace(/^-/, "");
}
