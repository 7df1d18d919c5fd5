// Future events on a board: callbacks by the time at which they are due. Events of the same time happen in the order in
// which their devices were attached, and a device's events in the order in which it requested them. So a board restored
// from a snapshot, whose devices request their events again, behaves as the saved one did.

import { TIMELINE_EVENTS } from "../limits.ts";

interface Event {
  readonly time: number;
  readonly owner: number;
  readonly sequence: number;
  readonly callback: () => void;
}

export class Timeline {
  readonly #changed: () => void;
  #events: Event[] = [];
  #asked = 0;

  /** @param changed called when another event becomes the first, or none is left. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** When the first event is due; Infinity when there is none. */
  get next(): number {
    return this.#events[0]?.time ?? Number.POSITIVE_INFINITY;
  }

  /** Adds an event. @param owner the device's number on the board. @returns a function that cancels the event. */
  at(time: number, owner: number, callback: () => void): () => void {
    if (Number.isNaN(time) || this.#events.length >= TIMELINE_EVENTS) {
      throw new RangeError(
        `a device asks for an event at ${time}, with ${this.#events.length} waiting`,
      );
    }
    this.#asked += 1;
    const event = { time, owner, sequence: this.#asked, callback };
    const behind = this.#events.findIndex((other) => isBefore(event, other));
    this.#events.splice(behind < 0 ? this.#events.length : behind, 0, event);
    if (this.#events[0] === event) this.#changed();
    return () => this.#cancel(event);
  }

  /** Calls every callback that is due at `now`. Events that a callback requests wait for a later call. */
  pass(now: number): void {
    const due = this.#events.filter(({ time }) => time <= now);
    this.#events = this.#events.filter(({ time }) => time > now);
    for (const { callback } of due) callback();
    this.#changed();
  }

  clear(): void {
    this.#events = [];
    this.#changed();
  }

  #cancel(event: Event): void {
    const at = this.#events.indexOf(event);
    if (at < 0) return;
    this.#events.splice(at, 1);
    if (at === 0) this.#changed();
  }
}

function isBefore(a: Event, b: Event): boolean {
  if (a.time !== b.time) return a.time < b.time;
  return a.owner !== b.owner ? a.owner < b.owner : a.sequence < b.sequence;
}
