// A file as its reader sees it: a size, and bytes by offset. A file on disk is opened for as long as
// somebody reads and never held whole; bytes in memory (standard input, tests) are one too.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { Misuse, systemError } from "../errors.ts";

/** Bytes that can be read at any place. */
export interface ByteSource {
  readonly size: number;
  /** At most `length` bytes from `offset` on; fewer at the end. */
  read(offset: number, length: number): Uint8Array;
  close(): void;
}

/** Opens the same bytes each time; who opens closes. */
export type Opener = () => ByteSource;

export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
    close: () => undefined,
  };
}

/** Opens a file on disk. @throws Misuse, as reading does, when the system doesn't give it. */
export function fileSource(path: string): ByteSource {
  const orSay = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw new Misuse(`${path} can't be read: ${systemError(error)}`);
    }
  };
  const descriptor = orSay(() => openSync(path, "r"));
  const size = orSay(() => fstatSync(descriptor).size);
  return {
    size,
    read: (offset, length) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      let got = 0;
      while (got < bytes.length) {
        const count = orSay(() =>
          readSync(descriptor, bytes, got, bytes.length - got, offset + got),
        );
        if (count === 0) break;
        got += count;
      }
      return bytes.subarray(0, got);
    },
    close: () => closeSync(descriptor),
  };
}
