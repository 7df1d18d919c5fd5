// Where a whole kernel's trace is kept: records of eight words, in a ring in memory that keeps the newest, or all of
// them in an unnamed file. A record has what an event needs besides names: {ip, parent, u64 time, u64 time at entry,
// depth with RETURNS, task}.

import { host } from "#host";
import { Misuse, writing } from "../errors.ts";
import type { ScratchFile } from "../host/host.ts";

const RECORD_WORDS = 8;
const RECORD_SIZE = 4 * RECORD_WORDS;
/** In a depth: the function returns. */
export const RETURNS = 0x80000000;
/** Records that are written to the file, and read from it, in one piece. */
const PIECE = 1 << 15;
const TWO_32 = 2 ** 32;

export interface EventRecord {
  readonly ip: number;
  readonly parent: number;
  /** On the board's clock. */
  readonly time: number;
  /** When the function was entered; at an entry, `time`. */
  readonly entered: number;
  readonly returns: boolean;
  readonly depth: number;
  /** The number of the task. */
  readonly task: number;
}

export class EventStore {
  /** Bytes of an event. */
  static readonly recordSize = RECORD_SIZE;
  readonly #words: Uint32Array;
  readonly #file: ScratchFile | null;
  readonly #named: string;
  /** Records in the file. */
  #filed = 0;
  #written = 0;

  /** Keeps the newest events. @param capacity in records. */
  static ring(capacity: number): EventStore {
    return new EventStore(capacity, null, "");
  }

  /**
   * Keeps every event.
   * @param path the file's path until its name is removed.
   * @param named what errors call the file (default: path).
   * @throws Misuse when it can't be made.
   */
  static file(path: string, named = path): EventStore {
    return new EventStore(
      PIECE,
      writing(named, () => host.scratchFile(path)),
      named,
    );
  }

  private constructor(capacity: number, file: ScratchFile | null, named: string) {
    this.#words = new Uint32Array(capacity * RECORD_WORDS);
    this.#file = file;
    this.#named = named;
  }

  /** Events recorded. */
  get written(): number {
    return this.#written;
  }

  /** Events that can be read. */
  get length(): number {
    return this.#written - this.overruns;
  }

  /** Events that newer ones have overwritten. */
  get overruns(): number {
    return this.#file === null ? Math.max(0, this.#written - this.#capacity) : 0;
  }

  get #capacity(): number {
    return this.#words.length / RECORD_WORDS;
  }

  add(
    ip: number,
    parent: number,
    time: number,
    entered: number,
    depth: number,
    task: number,
  ): void {
    const words = this.#words;
    const at = (this.#written % this.#capacity) * RECORD_WORDS;
    words[at] = ip;
    words[at + 1] = parent;
    words[at + 2] = time;
    words[at + 3] = time / TWO_32;
    words[at + 4] = entered;
    words[at + 5] = entered / TWO_32;
    words[at + 6] = depth;
    words[at + 7] = task;
    this.#written += 1;
    if (this.#file !== null && this.#written % this.#capacity === 0) this.#flush(this.#file);
  }

  /** The records, oldest first. */
  *[Symbol.iterator](): Generator<EventRecord> {
    const piece = new Uint32Array(PIECE * RECORD_WORDS);
    for (let at = 0; at < this.#filed; at += PIECE) {
      this.#read(new Uint8Array(piece.buffer), at * RECORD_SIZE);
      for (let index = 0; index < PIECE; index += 1) yield record(piece, index);
    }
    for (let at = Math.max(this.overruns, this.#filed); at < this.#written; at += 1) {
      yield record(this.#words, at % this.#capacity);
    }
  }

  close(): void {
    this.#file?.close();
  }

  #flush(file: ScratchFile): void {
    writing(this.#named, () => file.append(new Uint8Array(this.#words.buffer)));
    this.#filed = this.#written;
  }

  #read(bytes: Uint8Array, from: number): void {
    for (let done = 0; done < bytes.length; ) {
      const got = writing(
        this.#named,
        () => this.#file?.read(bytes.subarray(done), from + done) ?? 0,
      );
      if (got === 0) throw new Misuse(`${this.#named} ends early: another program has cut it`);
      done += got;
    }
  }
}

function record(words: Uint32Array, index: number): EventRecord {
  const at = index * RECORD_WORDS;
  const word = (offset: number): number => words[at + offset] ?? 0;
  const depth = word(6);
  return {
    ip: word(0),
    parent: word(1),
    time: word(2) + word(3) * TWO_32,
    entered: word(4) + word(5) * TWO_32,
    returns: depth >= RETURNS,
    depth: depth % RETURNS,
    task: word(7),
  };
}
