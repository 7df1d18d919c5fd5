// The readers that receive a running tracer's events: feeds for other threads, served in the middle of runs, and a
// recording into a file. This file tracks what each has received so far; the tracer reports every change.

import { Misuse } from "../errors.ts";
import type { TraceEvent, TracerName } from "./event.ts";
import type { EventMaker } from "./event-maker.ts";
import { Feeds, type FeedWish, type TraceFeed } from "./ring/feed.ts";
import { instructionsToFill, Recording, type RecordingPlace } from "./ring/recording.ts";
import { RingCursor } from "./ring/ring-cursor.ts";
import type { SymbolTable } from "./symbol-table.ts";
import type { TraceHost } from "./trace-host.ts";

/** Instructions between two checks for followers' requests. */
const ATTENTION = 1_000_000;

/** The ring, as followers need it. */
export interface FollowedRing {
  readonly kind: TracerName;
  readonly capacity: number;
  readonly session: number;
}

export class Followers {
  readonly #host: TraceHost;
  readonly #maker: EventMaker;
  readonly #feeds: Feeds;
  /** Tables that the feeds have received. */
  #sent: readonly SymbolTable[] = [];
  #endAttention: (() => void) | null = null;
  #recording: { readonly recording: Recording; readonly end: () => void } | null = null;

  /** @param serve carries out a follower's request; an error that it throws is sent as the answer. */
  constructor(host: TraceHost, maker: EventMaker, serve: (wish: FeedWish) => void) {
    this.#host = host;
    this.#maker = maker;
    this.#feeds = new Feeds(serve);
  }

  /** Opens a feed for one more follower. */
  feed(ring: FollowedRing): TraceFeed {
    if (!this.#feeds.any) this.#sent = this.#host.symbolTables();
    const port = this.#feeds.open();
    this.#endAttention ??= this.#host.pauseEvery(ATTENTION, () => this.#attend());
    const { buffer, clockHz } = this.#host;
    return { ...ring, buffer, clockHz, symbols: this.#sent, port };
  }

  /** Records into a file. @throws Misuse when there is a recording already, or the file can't be made. */
  record<E extends TraceEvent>(place: RecordingPlace, ring: FollowedRing): Recording<E> {
    if (this.#recording !== null) throw new Misuse("the tracer is being recorded already");
    const cursor = new RingCursor(this.#host.buffer, ring);
    const recording = new Recording<E>(place, ring.kind, cursor, this.#maker);
    const full = instructionsToFill(ring.kind, ring.capacity);
    const end = this.#host.pauseEvery(full, () => recording.take());
    this.#recording = { recording, end };
    return recording;
  }

  /** Whether every event since the recording began is kept. */
  get recording(): boolean {
    return this.#recording !== null;
  }

  /** Writes to the file what is in the ring. */
  takeRecords(): void {
    this.#recording?.recording.take();
  }

  /** Ends the recording; its events remain readable until it is closed. */
  endRecording(): void {
    this.#recording?.end();
    this.takeRecords();
    this.#recording = null;
  }

  /** Ends all feeds. @param written the number of records written so far. */
  endFeeds(written: number): void {
    this.#feeds.end(written);
    this.#endAttention?.();
    this.#endAttention = null;
  }

  /** Sends followers the names of newly loaded code, before it can run. */
  sendNames(written: number): void {
    if (!this.#feeds.any) return;
    const tables = this.#host.symbolTables();
    const symbols = tables.filter((table) => !this.#sent.includes(table));
    this.#sent = tables;
    if (symbols.length > 0) this.#feeds.send({ news: "symbols", symbols, from: written });
  }

  /** Serves followers in the middle of a run. */
  #attend(): void {
    if (!this.#feeds.any) {
      this.#endAttention?.();
      this.#endAttention = null;
    } else if (this.#feeds.asked) {
      this.#feeds.serve();
    }
  }
}
