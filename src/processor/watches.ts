// Breakpoints and watchpoints in the core's form: checked, and as records of three words. assembly/memory/watches.ts
// stops runs at them; the debugger keeps the list.

import { PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import {
  WATCH_EXECUTE,
  WATCH_READ,
  WATCH_WRITE,
  WATCHES_CAPACITY,
} from "../../assembly/shared/watches.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import { WATCHED_PAGES } from "../limits.ts";

/** What a watch stops a run before: an instruction there, or an access to it. */
export type WatchKind = "execute" | "read" | "write" | "access";

export interface Watch {
  /** Guest address. An access to the same memory through another address does not trigger it. */
  readonly address: number;
  /** Bytes, at least 1. */
  readonly size: number;
  readonly kind: WatchKind;
}

/** First byte, last byte, WATCH_* bits. */
export type WatchRecord = readonly [first: number, last: number, bits: number];

const BITS: Readonly<Record<WatchKind, number>> = {
  execute: WATCH_EXECUTE,
  read: WATCH_READ,
  write: WATCH_WRITE,
  access: WATCH_READ | WATCH_WRITE,
};
const ADDRESS_SPACE = 2 ** 32;

/** @throws Misuse for more than 1024 of them, more than 256 MiB, and ranges outside the address space. */
export function watchRecords(watches: readonly Watch[]): WatchRecord[] {
  let pages = 0;
  for (const { address, size } of watches) {
    if (!isAddress(address) || !Number.isInteger(size) || size < 1) {
      throw new Misuse(`${size} bytes at ${address} can't be watched`);
    }
    if (address + size > ADDRESS_SPACE) {
      throw new Misuse(`${size} bytes from ${hex(address)} on leave the guest's address space`);
    }
    pages += Math.floor((address + size - 1) / PAGE_SIZE) - Math.floor(address / PAGE_SIZE) + 1;
  }
  if (watches.length > WATCHES_CAPACITY || pages > WATCHED_PAGES) {
    throw new Misuse(
      `at most ${WATCHES_CAPACITY} breakpoints and watchpoints in ${WATCHED_PAGES} pages are ` +
        `possible, not ${watches.length} in ${pages}`,
    );
  }
  return watches.map(({ address, size, kind }) => [address, address + size - 1, BITS[kind]]);
}

function isAddress(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < ADDRESS_SPACE;
}
