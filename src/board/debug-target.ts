// A board under a debugger: its run in steps, which are instructions, and going back in it. A reset boots again, as without
// a debugger; every other end of a run is one for the debugger too, described as a post mortem. What was typed on the
// console isn't part of the history.

import type { AnyKernel } from "../kernel/kernel.ts";
import type { DebugTarget } from "../processor/debugger.ts";
import type { Checkpoint, Rewindable } from "../processor/history.ts";
import { type ProcessorState, putState, stateOf } from "../processor/snapshot.ts";
import type { Halt } from "../processor/stop.ts";
import type { Board, BoardState } from "./board.ts";
import type { Device, Saved } from "./device.ts";
import { postMortem } from "./post-mortem.ts";

interface BoardCheckpoint extends Checkpoint {
  readonly processor: ProcessorState;
  readonly board: BoardState;
  readonly devices: readonly (readonly [device: Device, saved: Saved])[];
  readonly printed: number;
}

/** @param kernel gives names to the addresses in messages; null: no names. */
export function boardTarget(board: Board, kernel: AnyKernel | null): DebugTarget {
  const advance = (steps = Number.POSITIVE_INFINITY): Halt => {
    const end = board.instructions + steps;
    for (;;) {
      const stop = board.run({ instructions: end - board.instructions });
      if (stop === "reset" && board.canReset) {
        board.reset();
        continue;
      }
      switch (stop) {
        case "instructions":
          return { reason: "steps" };
        case "breakpoint":
          return { reason: "breakpoint" };
        case "watchpoint":
          return { reason: "watchpoint", address: board.processor.stopValue >>> 0 };
        default:
          return {
            reason: "ended",
            stop: postMortem(board, kernel, `the board's run ended: ${stop}`),
          };
      }
    }
  };
  const rewindable: Rewindable<BoardCheckpoint> = {
    get steps() {
      return board.instructions;
    },
    advance,
    checkpoint: (before) => checkpointOf(board, before),
    rewind: (checkpoint) => rewind(board, checkpoint),
  };
  return { processor: board.processor, advance, rewindable };
}

function checkpointOf(board: Board, before?: BoardCheckpoint): BoardCheckpoint {
  const processor = stateOf(board.processor, before?.processor);
  return {
    steps: board.instructions,
    pages: processor.memory.map(({ bytes }) => bytes),
    processor,
    board: board.state,
    devices: board.devices.map(({ device }) => [device, structuredClone(device.save?.() ?? null)]),
    printed: board.console.printed,
  };
}

function rewind(
  board: Board,
  { processor, board: state, devices, printed }: BoardCheckpoint,
): void {
  putState(board.processor, processor);
  board.resume(state, undefined, () => {
    for (const [device, saved] of devices) device.restore?.(structuredClone(saved));
  });
  board.console.rewind(printed);
}
