// A running trace, followed event by event, from any thread of the process: `for await (const event of stream)`.
// It reads records from the shared ring with a cursor and names from the tables in its feed, so it needs nothing from
// the machine's thread and never makes it wait. A slow reader loses the oldest events and is given the count. Events
// are made one at a time, on demand.

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

/** Milliseconds between two reads of a ring that had nothing new. */
const PATIENCE = 1;
const NEVER = Number.POSITIVE_INFINITY;

interface Answer {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Follows a tracer from another thread than its machine's.
 * @param feed from the tracer's feed(), sent by postMessage(feed, [feed.port]).
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
  /** Tables received ahead of the records that they are for. */
  #later: { readonly symbols: readonly SymbolTable[]; readonly from: number }[] = [];
  #batch: Batch;
  /** Records of the batch that were returned as events. */
  #done = 0;
  /** The total number of records, once the tracer has reported it. */
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

  /** True when the tracer is stopped and all its events have been taken. */
  get over(): boolean {
    return this.#over;
  }

  /**
   * The kernel's tracing_on: while it is false, nothing is recorded and call sites are not changed. A change takes
   * effect at once, even in the middle of translated code.
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
   * @throws Misuse when Tracer.write() would throw, and when the tracer is stopped first.
   */
  write(
    file: FilterFile,
    text: string,
    { append = false }: { append?: boolean } = {},
  ): Promise<void> {
    return this.#ask({ wish: "write", file, text, append });
  }

  /** Stops the tracer in the same way; events in the ring can still be read. */
  stop(): Promise<void> {
    return this.#ask({ wish: "stop" });
  }

  /**
   * The events available now, oldest first, without waiting for more.
   * @param most the most events; default: the ring's capacity, since more may come while they are taken.
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

  /** Stops following; leaving a loop with `break` calls this. */
  async return(): Promise<IteratorResult<E, undefined>> {
    this.#leave();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Whether an event is available. */
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
