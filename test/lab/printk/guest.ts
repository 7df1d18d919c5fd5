// Makes arguments and memory for formats under test: words in the order of o32's varargs, texts and bytes at
// addresses that the test chooses, in either byte order.

import type { PrintkArguments } from "../../../src/lab/printk/arguments.ts";
import { format } from "../../../src/lab/printk/format.ts";
import { FormattedText } from "../../../src/lab/printk/text.ts";

export interface Guest {
  /** Texts and bytes by address; each text gets a NUL at its end. */
  readonly memory?: Readonly<Record<number, string | readonly number[]>>;
  readonly littleEndian?: boolean;
}

/** A value that takes two words. */
export type Argument = number | bigint;

export function print(guest: Guest, text: string, ...values: Argument[]): string {
  const out = new FormattedText(1 << 16);
  format(out, text, argumentsOf(guest, values));
  return out.text;
}

/** Numbers become one word, bigints two. */
export function argumentsOf(guest: Guest, values: readonly Argument[]): PrintkArguments {
  const { memory = {}, littleEndian = true } = guest;
  const blocks = Object.entries(memory).map(([start, content]) => ({
    start: Number(start),
    bytes: Uint8Array.from(
      typeof content === "string" ? Buffer.from(`${content}\0`, "latin1") : content,
    ),
  }));
  const bytesFrom = (address: number): Uint8Array | undefined => {
    const block = blocks.find(({ start, bytes }) => {
      return address >= start && address - start < bytes.length;
    });
    return block?.bytes.subarray(address - block.start);
  };
  let next = 0;
  return {
    word: () => Number(values[next++] ?? 0) >>> 0,
    doubleWord: () => BigInt.asUintN(64, BigInt(values[next++] ?? 0)),
    memory: {
      littleEndian,
      bytes: (address, size) => {
        const bytes = bytesFrom(address);
        return bytes === undefined || bytes.length < size ? undefined : bytes.subarray(0, size);
      },
      string: (address, limit) => {
        const bytes = bytesFrom(address);
        if (bytes === undefined) return undefined;
        const nul = bytes.indexOf(0);
        return Buffer.from(bytes.subarray(0, nul < 0 ? limit : Math.min(nul, limit))).toString(
          "latin1",
        );
      },
      symbol: (address, withOffset) =>
        withOffset ? `f+0x${(address - 0x80100000).toString(16)}/0x20` : "f",
      list: (address) => {
        const bytes = bytesFrom(address) ?? new Uint8Array(0);
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        const words = Array.from({ length: bytes.length >>> 2 }, (_, i) =>
          view.getUint32(4 * i, littleEndian),
        );
        return argumentsOf(guest, words);
      },
    },
  };
}
