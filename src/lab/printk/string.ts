// Strings in guest memory, and the replacements for invalid pointers, "(null)" and "(efault)", as string() and
// check_pointer() of lib/vsprintf.c write them. The kernel writes "(efault)" for the first page and for error numbers,
// and faults on other invalid addresses; here every unmapped address gives "(efault)".

import type { PrintkMemory } from "./arguments.ts";
import { type Specification, writeError, writeString } from "./specification.ts";
import type { FormattedText } from "./text.ts";

const PAGE_SIZE = 4096;
/** (unsigned long)-MAX_ERRNO */
const FIRST_ERROR = 0xfffff001;

export function isErrorPointer(address: number): boolean {
  return address >= FIRST_ERROR;
}

/** check_pointer(): writes an error for an invalid pointer; returns whether it did. */
export function refusedPointer(out: FormattedText, address: number, spec: Specification): boolean {
  if (address === 0) writeError(out, "(null)", spec);
  else if (address < PAGE_SIZE || isErrorPointer(address)) writeError(out, "(efault)", spec);
  else return false;
  return true;
}

/** string() */
export function writeText(
  out: FormattedText,
  address: number,
  spec: Specification,
  memory: PrintkMemory,
): void {
  if (refusedPointer(out, address, spec)) return;
  const limit = spec.precision >= 0 ? Math.min(spec.precision, out.left) : out.left;
  const text = memory.string(address, limit);
  if (text === undefined) writeError(out, "(efault)", spec);
  else writeString(out, text, spec);
}

/**
 * The bytes that a pointer conversion prints. For an invalid pointer it writes an error and returns undefined.
 */
export function bytesAt(
  out: FormattedText,
  address: number,
  size: number,
  spec: Specification,
  memory: PrintkMemory,
): Uint8Array | undefined {
  if (refusedPointer(out, address, spec)) return undefined;
  const bytes = memory.bytes(address, Math.min(size, out.left));
  if (bytes === undefined) writeError(out, "(efault)", spec);
  else out.read(bytes.length);
  return bytes;
}
