// Describes a board that has stopped: the registers and the code around pc, with names from the kernel's file. A kernel
// that relocated itself (KASLR) is found in memory by its banner, the line that it prints first.

import { KSEG0 } from "../../assembly/shared/memory-map.ts";
import { indexOfBytes, latin1Bytes, sameBytes } from "../bytes/text.ts";
import type { AnyKernel } from "../kernel/kernel.ts";
import { isOf32Bits } from "../kernel/kernel.ts";
import { type GuestStop, type Naming, stopPlace } from "../processor/stop.ts";
import type { Board } from "./board.ts";

const BANNER = "Linux version ";
const BANNER_SIZE = 64;
const RELOCATION_STEP = 0x10000;
const RELOCATION_MOST = 0x8000000;
const DIRECT = 0x1fffffff;

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

/** The distance between the kernel's address in memory and the one in its file. */
function slideOf({ processor }: Board, kernel: AnyKernel): number {
  const { image } = kernel;
  if (image === null) return 0;
  const at = indexOfBytes(image.bytes, latin1Bytes(BANNER));
  if (at < 0) return 0;
  const banner = image.bytes.subarray(at, at + BANNER_SIZE);
  const physical = (Number(image.address) + at - KSEG0) & DIRECT;
  for (let slide = 0; slide < RELOCATION_MOST; slide += RELOCATION_STEP) {
    if (physical + slide + banner.length > processor.ramSize) break;
    if (sameBytes(banner, processor.readBytes(physical + slide, banner.length))) return slide;
  }
  return 0;
}
