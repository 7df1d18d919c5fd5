// A running trace, followed event by event, from any thread of the process: `for await (const event of stream)`.
// It takes records out of the shared ring with a cursor, and its names from the tables in its feed, so it asks
// the machine's thread for nothing and never makes it wait. Who is too slow loses the oldest events and hears
// how many. Events are made one at a time, as they are asked for.

import { host } from "#host";
import { Misuse } from "../../errors.ts";
import type { Port } from "../../host/host.ts";
import type { TraceEvent, TracerName } from "../event.ts";
import { EventMaker } from "../event-maker.ts";
import type { FilterFile } from "../filters/function-set.ts";
import { type SymbolTable, symbolAmong } from "../symbol-table.ts";
import type { FeedNews, FeedRequest, FeedWish, TraceFeed } from "./feed.ts";
import { recordSize } from "./record.ts";
import { type Batch, RingCursor } from "./ring-cursor.ts";

/** Milliseconds between two looks at a ring that had nothing new. */
const PATIENCE = 1;
const NEVER = Number.POSITIVE_INFINITY;

interface Answer {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Follows a tracer from another thread than its machine's.
 * @param feed from the tracer's feed(), which came by postMessage(feed, [feed.port]).
 */
export function followTrace<E extends TraceEvent = TraceEvent>(feed: TraceFeed): TraceStream<E> {
  return new TraceStream<E>(feed);
}

export class TraceStream<E extends TraceEvent = TraceEvent> implements AsyncIterableIterator<E> {
  readonly tracer: TracerName;
  /** Instructions a second of virtual time. */
  readonly clockHz: number;
  readonly #capacity: number;
  readonly #cursor: RingCursor;
  readonly #port: Port;
  readonly #maker: EventMaker;
  readonly #recordWords: number;
  /** The newest first. */
  #symbols: readonly SymbolTable[];
  /** Tables that have come, for records that have not. */
  #later: { readonly symbols: readonly SymbolTable[]; readonly from: number }[] = [];
  #batch: Batch;
  /** Records of the batch that are done. */
  #done = 0;
  /** How many records there were in all, when the tracer has said it. */
  #written: number | null = null;
  /** The machine's thread has ended. */
  #gone = false;
  #over = false;
  readonly #answers = new Map<number, Answer>();
  #requests = 0;

  constructor(feed: TraceFeed) {
    this.tracer = feed.kind;
    this.clockHz = feed.clockHz;
    this.#capacity = feed.capacity;
    this.#cursor = new RingCursor(feed.buffer, feed);
    this.#batch = this.#cursor.take();
    this.#recordWords = recordSize(feed.kind) / 4;
    this.#symbols = feed.symbols;
    this.#maker = new EventMaker(feed.clockHz, (address) => symbolAmong(this.#symbols, address));
    this.#port = host.port(feed.port);
    this.#port.onMessage((news) => this.#hear(news as FeedNews));
    this.#port.onClose(() => this.#lose());
  }

  /** Events that were overwritten before they could be taken, up to now. */
  get lost(): number {
    return this.#cursor.lost;
  }

  /** True when the tracer is stopped and all that it left has been taken. */
  get over(): boolean {
    return this.#over;
  }

  /**
   * As the kernel's tracing_on: while it is false, nothing is recorded, and call sites stay as they are.
   * Switching works at once, in the middle of translated code as well.
   */
  get tracingOn(): boolean {
    return this.#cursor.on;
  }

  set tracingOn(on: boolean) {
    this.#cursor.on = on;
  }

  /**
   * What `echo text > file` does in tracefs, or `>> file` with `append`; the machine's thread does it at its
   * next pause, within a million instructions.
   * @throws Misuse as Tracer.write() does, and when the tracer is stopped before.
   */
  write(
    file: FilterFile,
    text: string,
    { append = false }: { append?: boolean } = {},
  ): Promise<void> {
    return this.#ask({ wish: "write", file, text, append });
  }

  /** Has the tracer stopped, in the same way; what is in the ring can still be read. */
  stop(): Promise<void> {
    return this.#ask({ wish: "stop" });
  }

  /**
   * The events that are there now, oldest first; it doesn't wait for more.
   * @param most of them; as many as the ring keeps unless told, since more may come while they are taken.
   */
  read(most = this.#capacity): E[] {
    const events: E[] = [];
    while (events.length < most && this.#fill()) events.push(this.#event());
    return events;
  }

  async next(): Promise<IteratorResult<E, undefined>> {
    while (!this.#fill()) {
      if (this.#over) {
        this.#leave();
        return { done: true, value: undefined };
      }
      await new Promise((resolve) => setTimeout(resolve, PATIENCE));
    }
    return { done: false, value: this.#event() };
  }

  /** Follows no longer; `break` in a loop does it. */
  async return(): Promise<IteratorResult<E, undefined>> {
    this.#leave();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Whether there is an event to give. */
  #fill(): boolean {
    if (this.#over) return false;
    if (this.#done < this.#batch.length) return true;
    const ending = this.#gone || this.#cursor.stopped;
    this.#batch = this.#cursor.take(this.#gone);
    this.#done = 0;
    // After the records: a module's names were sent before it could run.
    this.#hearAll();
    if (this.#batch.length > 0) return true;
    if (ending) {
      if (this.#written !== null) this.#cursor.giveUp(this.#written);
      this.#over = true;
    }
    return false;
  }

  #event(): E {
    const number = this.#batch.first + this.#done;
    while ((this.#later[0]?.from ?? NEVER) <= number) this.#learn();
    const at = this.#done * this.#recordWords;
    this.#done += 1;
    return this.#maker.event(this.tracer, this.#batch.words, at) as E;
  }

  #learn(): void {
    const symbols = this.#later.shift()?.symbols ?? [];
    this.#symbols = [...symbols, ...this.#symbols];
    this.#maker.forget();
  }

  async #ask(wish: FeedWish): Promise<void> {
    if (this.#over || this.#cursor.stopped) throw stopped();
    const request: FeedRequest = { ...wish, request: ++this.#requests };
    this.#port.keepAlive(true);
    return new Promise((resolve, reject) => {
      this.#answers.set(request.request, { resolve, reject });
      this.#port.send(request);
    });
  }

  #hearAll(): void {
    for (const news of this.#port.arrived()) this.#hear(news as FeedNews);
  }

  #hear(news: FeedNews): void {
    if (news.news === "symbols") this.#later.push(news);
    else if (news.news === "end") this.#written = news.written;
    else {
      const answer = this.#answers.get(news.request);
      this.#answers.delete(news.request);
      if (this.#answers.size === 0) this.#port.keepAlive(false);
      if (news.error === null) answer?.resolve();
      else answer?.reject(new Misuse(news.error));
    }
  }

  #lose(): void {
    this.#gone = true;
    for (const { reject } of this.#answers.values()) reject(stopped());
    this.#answers.clear();
  }

  #leave(): void {
    this.#over = true;
    this.#port.close();
  }
}

function stopped(): Misuse {
  return new Misuse("the tracer is stopped");
}
