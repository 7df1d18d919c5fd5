// Describes a board that has stopped: the registers and the code around pc, with names from the kernel's file.

import type { AnyKernel } from "../kernel/kernel.ts";
import { isOf32Bits } from "../kernel/kernel.ts";
import { type GuestStop, type Naming, stopPlace } from "../processor/stop.ts";
import type { Board } from "./board.ts";
import { slideOf } from "./kernel-slide.ts";

/** The processor's state and the code around pc. @param kernel gives names to addresses; null: no names. */
export function postMortem(board: Board, kernel: AnyKernel | null, message: string): GuestStop {
  const { model: _model, describe, ...place } = stopPlace(board.processor, namesOf(board, kernel));
  const ra = place.registers[31] ?? 0;
  return {
    ...place,
    kind: "killed",
    name: "board",
    message: `${message}, at ${describe(place.pc)}, called from ${describe(ra)}`,
  };
}

function namesOf(board: Board, kernel: AnyKernel | null): Naming {
  const slide = kernel === null ? 0 : slideOf(board, kernel);
  const nameOf = (address: number): string | null => {
    if (kernel === null || !isOf32Bits(kernel)) return null;
    const found = kernel.symbolAt((address - slide) >>> 0);
    return found === null ? null : `${found.symbol.name}+0x${found.offset.toString(16)}`;
  };
  const plain = (address: number): string => `0x${(address >>> 0).toString(16).padStart(8, "0")}`;
  return { nameOf, describe: (address) => nameOf(address) ?? plain(address) };
}
