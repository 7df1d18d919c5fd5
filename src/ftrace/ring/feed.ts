// What a running tracer gives to a follower in another thread (stream.ts): the shared memory, the facts needed to read
// it, and a port. The tracer sends the names of modules that are loaded later; the follower sends requests: new
// filters, or an end. The machine's thread serves requests while nothing runs and at pauses within a run. Records are
// read from shared memory, so neither thread waits for the other.

import { host } from "#host";
import type { PlatformPort, Port } from "../../host/host.ts";
import type { TracerName } from "../event.ts";
import type { FilterFile } from "../filters/function-set.ts";
import type { SymbolTable } from "../symbol-table.ts";
import type { CursorPlace } from "./ring-cursor.ts";

/** Goes to another thread by postMessage(feed, [feed.port]); followTrace() takes it there. */
export interface TraceFeed extends CursorPlace {
  readonly kind: TracerName;
  readonly buffer: SharedArrayBuffer;
  /** Instructions a second of virtual time. */
  readonly clockHz: number;
  /** The newest first. */
  readonly symbols: readonly SymbolTable[];
  readonly port: PlatformPort;
}

/** A message from the tracer. */
export type FeedNews =
  /** New tables, the newest first, valid from record number `from` on. */
  | { readonly news: "symbols"; readonly symbols: readonly SymbolTable[]; readonly from: number }
  /** The answer to a request: done, or why it failed. */
  | { readonly news: "answer"; readonly request: number; readonly error: string | null }
  /** The tracer is stopped, after so many records. */
  | { readonly news: "end"; readonly written: number };

/** A follower's request. */
export type FeedWish =
  | {
      readonly wish: "write";
      readonly file: FilterFile;
      readonly text: string;
      readonly append: boolean;
    }
  | { readonly wish: "stop" };
export type FeedRequest = FeedWish & { readonly request: number };

/** A tracer's feeds, on the machine's thread. */
export class Feeds {
  readonly #serve: (wish: FeedWish) => void;
  readonly #ports = new Set<Port>();
  #waiting: { readonly port: Port; readonly request: FeedRequest }[] = [];

  /** @param serve carries out a request; an error that it throws is sent as the answer. */
  constructor(serve: (wish: FeedWish) => void) {
    this.#serve = serve;
  }

  /** Whether there are followers. */
  get any(): boolean {
    return this.#ports.size > 0;
  }

  /** A port for one more follower. */
  open(): PlatformPort {
    const { own, other } = host.channel();
    this.#ports.add(own);
    own.onMessage((message) => {
      this.#waiting.push({ port: own, request: message as FeedRequest });
      this.#serveWaiting();
    });
    own.onClose(() => this.#ports.delete(own));
    return other;
  }

  /** Whether requests are waiting. */
  get asked(): boolean {
    for (const port of this.#ports) {
      for (const message of port.arrived()) {
        this.#waiting.push({ port, request: message as FeedRequest });
      }
    }
    return this.#waiting.length > 0;
  }

  /** Serves the waiting requests. */
  serve(): void {
    if (this.asked) this.#serveWaiting();
  }

  send(news: FeedNews): void {
    for (const port of this.#ports) port.send(news);
  }

  /** Sends followers the number of records and closes all ports. */
  end(written: number): void {
    this.send({ news: "end", written });
    for (const port of this.#ports) port.close();
    this.#ports.clear();
  }

  #serveWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { port, request } of waiting) {
      const answer = (error: string | null): void =>
        port.send({ news: "answer", request: request.request, error } satisfies FeedNews);
      try {
        // The answer to the last request is sent first: a closed port transmits nothing.
        if (request.wish === "stop") answer(null);
        this.#serve(request);
        if (request.wish !== "stop") answer(null);
      } catch (error) {
        answer(error instanceof Error ? error.message : String(error));
      }
    }
  }
}
