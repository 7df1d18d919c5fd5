// A cable between the network cards of two boards. Both boards run in turns, a millisecond of their own time each, and
// what one has sent reaches the other at the next turn: so neither depends on the host's speed, and a run of the two is
// the same each time.

import { Misuse } from "../errors.ts";
import { LINK_FRAMES } from "../limits.ts";
import type { Board } from "./board.ts";
import type { BoardStop } from "./board-stop.ts";

/** Seconds of a turn, after which frames arrive. */
const TURN = 1e-3;

/** How a run of two boards ended: which board ended it, and why; null when the time was over. */
export interface LinkStop {
  readonly board: Board;
  readonly stop: BoardStop;
}

interface End {
  readonly board: Board;
  /** Frames that arrive at this board. */
  arriving: Uint8Array[];
  /** The board's clock minus the link's. */
  readonly offset: number;
}

export class EthernetLink {
  readonly #ends: readonly End[];
  readonly #turn: number;
  #now = 0;
  #lost = 0;

  /** @throws Misuse for a board without a network card. */
  constructor(one: Board, other: Board) {
    this.#ends = [one, other].map((board) => ({ board, arriving: [], offset: board.now }));
    this.#turn = Math.round(TURN * one.clockRate);
    this.#connect(one, other);
    this.#connect(other, one);
  }

  /** Frames that were lost, because the receiver took none or too many were under way. */
  get lost(): number {
    return this.#lost;
  }

  /**
   * Runs both boards.
   * @param seconds of the guests' time.
   * @param until ends the run when a console has printed this text; the other board may be a turn behind.
   * @returns which board ended the run and why, or null when the time is over.
   */
  run(seconds: number, until?: string): LinkStop | null {
    const [first] = this.#ends;
    const end = this.#now + Math.round(seconds * (first?.board.clockRate ?? 0));
    while (this.#now < end) {
      this.#deliver();
      this.#now = Math.min(this.#now + this.#turn, end);
      for (const { board, offset } of this.#ends) {
        const stop = board.run({ clock: offset + this.#now, until });
        if (stop !== "instructions") return { board, stop };
      }
    }
    return null;
  }

  #deliver(): void {
    for (const end of this.#ends) {
      for (const frame of end.arriving) {
        if (end.board.network?.receive(frame) !== true) this.#lost += 1;
      }
      end.arriving = [];
    }
  }

  #connect(from: Board, to: Board): void {
    if (from.network === undefined) {
      throw new Misuse("the board has no network card: create it with { network: ADDRESS }");
    }
    from.network.onFrame = (frame) => {
      const end = this.#ends.find(({ board }) => board === to);
      if (end !== undefined && end.arriving.length < LINK_FRAMES) end.arriving.push(frame);
      else this.#lost += 1;
    };
  }
}
