// What a running tracer gives to whoever follows it from another thread (stream.ts): the shared memory, what
// has to be known to read it, and a port. Over the port go the names of modules that come later, and back come
// requests: other filters, an end. The machine's thread serves requests when nothing runs, and in the middle of a
// run between two stretches of it; the records themselves never wait for either thread.

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

/** What the tracer tells. */
export type FeedNews =
  /** Tables that came, the newest first: they count from record number `from` on. */
  | { readonly news: "symbols"; readonly symbols: readonly SymbolTable[]; readonly from: number }
  /** A request was served, or why it couldn't be. */
  | { readonly news: "answer"; readonly request: number; readonly error: string | null }
  /** The tracer is stopped, after so many records. */
  | { readonly news: "end"; readonly written: number };

/** What a follower asks for. */
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

  /** @param serve does what is asked for; what it throws is the answer. */
  constructor(serve: (wish: FeedWish) => void) {
    this.#serve = serve;
  }

  /** Whether anybody follows. */
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

  /** Whether requests have come that are not served yet. */
  get asked(): boolean {
    for (const port of this.#ports) {
      for (const message of port.arrived()) {
        this.#waiting.push({ port, request: message as FeedRequest });
      }
    }
    return this.#waiting.length > 0;
  }

  /** Serves what has been asked for. */
  serve(): void {
    if (this.asked) this.#serveWaiting();
  }

  tell(news: FeedNews): void {
    for (const port of this.#ports) port.send(news);
  }

  /** Says how many records there were, and lets go of everybody. */
  end(written: number): void {
    this.tell({ news: "end", written });
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
        // The answer to the last wish goes first: nothing goes through a port that is closed.
        if (request.wish === "stop") answer(null);
        this.#serve(request);
        if (request.wish !== "stop") answer(null);
      } catch (error) {
        answer(error instanceof Error ? error.message : String(error));
      }
    }
  }
}
