// Records of the trace ring, read from its words; assembly/shared/trace-ring.ts defines their layout. The ring, a copy
// of part of it, and a recording's file have the same layout.

import { RING_SIZE } from "../../../assembly/shared/memory-map.ts";
import { GRAPH_RETURN, RING_SLOT_SIZE } from "../../../assembly/shared/trace-ring.ts";
import { RING_DEPTH } from "../../limits.ts";

/** One passed call site, or one return. */
export interface TraceRecord {
  /** Address of the site, as the site itself or _mcount gave it. */
  readonly ip: number;
  /** Return address in the caller. */
  readonly parentIp: number;
  /** Instructions completed since reset when the record was written. */
  readonly count: number;
}

/** A record of function_graph. */
export interface GraphRecord extends TraceRecord {
  readonly returns: boolean;
  /** The number of traced functions that were entered and have not returned. */
  readonly depth: number;
  /** Instructions completed at the function's entry. */
  readonly entryCount: number;
  /** Functions not recorded by then because the shadow stack was full; always 0 at an entry. */
  readonly overrun: number;
}

/** Slots that a record takes, by tracer: a ring holds records of one. */
export const RECORD_SLOTS = { function: 1, function_graph: 2 } as const;
export type RecordKind = keyof typeof RECORD_SLOTS;

const TWO_32 = 2 ** 32;

/** Bytes of a record. */
export function recordSize(kind: RecordKind): number {
  return RECORD_SLOTS[kind] * RING_SLOT_SIZE;
}

/** Records that the largest ring keeps. */
export function largestCapacity(kind: RecordKind): number {
  return RING_SIZE / recordSize(kind);
}

/** Reads the function tracer's record whose first word is at index `at`. */
export function functionRecord(words: Int32Array, at: number): TraceRecord {
  return { ip: word(words, at), parentIp: word(words, at + 1), count: wide(words, at + 2) };
}

/** The same of function_graph. */
export function graphRecord(words: Int32Array, at: number): GraphRecord {
  const stated = word(words, at + 6);
  const returns = stated >= GRAPH_RETURN;
  const count = wide(words, at + 2);
  return {
    ip: word(words, at),
    parentIp: word(words, at + 1),
    count,
    returns,
    depth: Math.min(returns ? stated - GRAPH_RETURN : stated, RING_DEPTH),
    entryCount: returns ? wide(words, at + 4) : count,
    overrun: returns ? word(words, at + 7) : 0,
  };
}

function word(words: Int32Array, at: number): number {
  return (words[at] ?? 0) >>> 0;
}

function wide(words: Int32Array, at: number): number {
  return word(words, at + 1) * TWO_32 + word(words, at);
}
