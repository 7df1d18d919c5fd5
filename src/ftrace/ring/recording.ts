// Every event of a trace, without limit: the run pauses so often that the ring can't fill between two pauses, and at
// each pause its records are written to a file. The guest's time does not advance meanwhile, so the trace is the same
// as with an unlimited ring. The file has the ring's record layout; it is unlinked at once, so it vanishes with the
// process.

import { host } from "#host";
import { GRAPH_FRAMES_MOST } from "../../../assembly/shared/trace-ring.ts";
import { Misuse, systemError } from "../../errors.ts";
import type { ScratchFile } from "../../host/host.ts";
import type { TraceEvent, TracerName } from "../event.ts";
import type { EventMaker } from "../event-maker.ts";
import { recordSize } from "./record.ts";
import type { RingCursor } from "./ring-cursor.ts";

/** Records that are read back in one piece. */
const READ_AHEAD = 1 << 13;

/**
 * The number of instructions in which a ring of this capacity can't fill. Each instruction writes at most one record,
 * for a call or a return. But a chain of returns takes no instructions, and is as long as there are open calls.
 */
export function instructionsToFill(kind: TracerName, capacity: number): number {
  const records = kind === "function" ? capacity : Math.floor((capacity - GRAPH_FRAMES_MOST) / 2);
  return Math.max(1, records);
}

/** The file of a recording. */
export interface RecordingPlace {
  /** Its path until it is unlinked. */
  readonly path: string;
  /** What errors call it. */
  readonly named: string;
}

export class Recording<E extends TraceEvent = TraceEvent> implements Iterable<E> {
  readonly tracer: TracerName;
  readonly #named: string;
  readonly #cursor: RingCursor;
  readonly #maker: EventMaker;
  #file: ScratchFile | null;
  #length = 0;

  /** @throws Misuse when the file can't be created. */
  constructor(
    { path, named }: RecordingPlace,
    tracer: TracerName,
    cursor: RingCursor,
    maker: EventMaker,
  ) {
    this.tracer = tracer;
    this.#named = named;
    this.#cursor = cursor;
    this.#maker = maker;
    this.#file = this.#orSay(() => host.scratchFile(path));
  }

  /** The number of events. */
  get length(): number {
    return this.#length;
  }

  /** Writes the ring's records to the file while the machine is stopped. @throws Misuse when writing fails. */
  take(): void {
    for (;;) {
      const { length, words } = this.#cursor.take(true);
      if (length === 0) return;
      const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
      this.#orSay(() => this.#open.append(bytes));
      this.#length += length;
    }
  }

  /** The events, oldest first, read from the file each time. */
  *[Symbol.iterator](): Generator<E> {
    const size = recordSize(this.tracer);
    const words = new Int32Array((READ_AHEAD * size) / 4);
    for (let first = 0; first < this.#length; first += READ_AHEAD) {
      const count = Math.min(READ_AHEAD, this.#length - first);
      this.#read(new Uint8Array(words.buffer, 0, count * size), first * size);
      for (let index = 0; index < count; index += 1) {
        yield this.#maker.event(this.tracer, words, (index * size) / 4) as E;
      }
    }
  }

  /** Closes the file. */
  close(): void {
    this.#file?.close();
    this.#file = null;
  }

  #read(bytes: Uint8Array, from: number): void {
    for (let done = 0; done < bytes.length; ) {
      const got = this.#orSay(() => this.#open.read(bytes.subarray(done), from + done));
      if (got === 0) throw new Misuse(`${this.#named} ends early: another program has cut it`);
      done += got;
    }
  }

  get #open(): ScratchFile {
    if (this.#file === null) throw new Misuse("the recording is closed");
    return this.#file;
  }

  #orSay<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof Misuse) throw error;
      throw new Misuse(`${this.#named} can't be written: ${systemError(error)}`);
    }
  }
}
