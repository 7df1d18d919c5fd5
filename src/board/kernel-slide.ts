// How far a kernel has moved itself: one that relocated itself (KASLR) is found in memory by its banner, the line that
// it prints first.

import { KSEG0 } from "../../assembly/shared/memory-map.ts";
import { indexOfBytes, latin1Bytes, sameBytes } from "../bytes/text.ts";
import type { AnyKernel } from "../kernel/kernel.ts";
import type { Board } from "./board.ts";

const BANNER = "Linux version ";
const BANNER_SIZE = 64;
const RELOCATION_STEP = 0x10000;
const RELOCATION_MOST = 0x8000000;
const DIRECT = 0x1fffffff;

/** The distance between the kernel's address in memory and the one in its file. */
export function slideOf({ processor }: Board, kernel: AnyKernel): number {
  const { image } = kernel;
  if (image === null) return 0;
  const at = indexOfBytes(image.bytes, latin1Bytes(BANNER));
  if (at < 0) return 0;
  const banner = image.bytes.subarray(at, at + BANNER_SIZE);
  const physical = (Number(image.address) + at - KSEG0) & DIRECT;
  for (let slide = 0; slide < RELOCATION_MOST; slide += RELOCATION_STEP) {
    if (physical + slide + banner.length > processor.directSize) break;
    if (sameBytes(banner, processor.readBytes(physical + slide, banner.length))) return slide;
  }
  return 0;
}
