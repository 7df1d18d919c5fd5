// Does what Malta's boot loader does before a kernel runs: it loads the kernel and its initramfs into memory, places
// the arguments and the environment from 0x80002000 on, and sets the registers that point to them. The addresses are
// those of QEMU's loader, so that a kernel sees the same numbers on both. All of it is in the memory below the devices.

import { BOARD_LOW_RAM } from "../../assembly/shared/memory-map.ts";
import { latin1Bytes } from "../bytes/text.ts";
import { Words } from "../bytes/words.ts";
import { Misuse } from "../errors.ts";
import type { Processor } from "../processor/processor.ts";
import type { BootImage } from "./boot-image.ts";

const KSEG0 = 0x80000000;
const ARGUMENTS = 0x2000;
/** The end of the space for arguments, where the kernel's own memory begins. */
const ARGUMENTS_END = 0x100000;
const STACK = 0x80001fc0;
const INITRD_ALIGN = 0x10000;
const WORD = 4;
/** Numbers of the general registers a0 to a3 and sp. */
const A0 = 4;
const A1 = 5;
const A2 = 6;
const A3 = 7;
const SP = 29;
const STATUS = 12;
const STATUS_BEV = 0x00400000;

export interface BootProgram {
  readonly kernel: BootImage;
  readonly initrd?: Uint8Array | undefined;
  /** The kernel's command line. */
  readonly append: string;
}

/**
 * Loads a program into the memory of a processor that has just been reset.
 * @throws Misuse when it doesn't fit.
 */
export function loadProgram(processor: Processor, { kernel, initrd, append }: BootProgram): void {
  let end = 0;
  for (const { physical, bytes, size } of kernel.segments) {
    if (physical + size > processor.directSize) throw tooLarge("kernel", processor.directSize);
    processor.clear(physical & ~3, (size + (physical & 3) + 3) & ~3);
    processor.writeBytes(physical, bytes);
    end = Math.max(end, physical + size);
  }
  const words = ["kernel", commandLine(processor, append, initrd, end)];
  const [low, all] = [String(processor.directSize), String(processor.ramSize)];
  const environment = [
    ...["memsize", low, "ememsize", all, "modetty0", "38400n8r"],
    ...["rngseed", "0".repeat(64)], // a random seed would make each run different
  ];
  writeArguments(processor, words, environment);
  processor.setCp0(STATUS, 0, STATUS_BEV);
  processor.setGpr(A0, words.length);
  processor.setGpr(A1, KSEG0 + ARGUMENTS);
  processor.setGpr(A2, KSEG0 + ARGUMENTS + WORD * words.length);
  processor.setGpr(A3, processor.directSize);
  processor.setGpr(SP, STACK);
  processor.pc = kernel.entry;
}

function commandLine(
  processor: Processor,
  append: string,
  initrd: Uint8Array | undefined,
  kernelEnd: number,
): string {
  if (initrd === undefined) return append;
  const physical = (processor.directSize - initrd.length - (INITRD_ALIGN - 1)) & -INITRD_ALIGN;
  if (physical < kernelEnd) throw tooLarge("kernel and its initramfs", processor.directSize);
  processor.writeBytes(physical, initrd);
  const start = (KSEG0 + physical).toString(16);
  return `rd_start=0xffffffff${start} rd_size=${initrd.length} ${append}`.trimEnd();
}

/** Writes the two pointer arrays, the environment's entries each ended by 0, then the strings. */
function writeArguments(
  processor: Processor,
  words: readonly string[],
  environment: readonly string[],
): void {
  const texts = [...words, ...environment].map((text) => latin1Bytes(`${text}\0`));
  const pointers = new Words(new Uint8Array(WORD * (texts.length + 1)), processor.endian);
  let at = ARGUMENTS + pointers.size;
  texts.forEach((text, index) => {
    pointers.setU32(WORD * index, KSEG0 + at);
    if (at + text.length > ARGUMENTS_END) throw new Misuse("the kernel's command line is too long");
    processor.writeBytes(at, text);
    at += text.length;
  });
  processor.writeBytes(ARGUMENTS, pointers.bytes);
}

function tooLarge(what: string, memory: number): Misuse {
  const most = memory === BOARD_LOW_RAM ? "Malta's devices begin there" : "give the board more";
  return new Misuse(
    `there is no room for the ${what} in the first ${memory >>> 20} MiB of memory; ${most}`,
  );
}
