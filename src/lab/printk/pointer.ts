// %p and the letters that may follow it: pointer() of lib/vsprintf.c. A plain %p and %pK print the address itself, as
// a kernel booted with no_hash_pointers does. Conversions for structures whose layout depends on the kernel's
// configuration (a dentry, a file, a block device, a clock, firmware nodes, page and gfp flags) and those for Rust
// print "(%pd?)" with their own letters, as the kernel does for conversions it was built without. Build IDs (%pSb,
// %pBb) are omitted. format.ts handles %pV, a format within a format.

import { writeIp, writeMac, writeUuid } from "./addresses.ts";
import type { PrintkMemory } from "./arguments.ts";
import { errorName } from "./error-names.ts";
import type { PointerArguments, PointerWriter } from "./pointer-writer.ts";
import { POINTER_SIZE, writeError, writeNumber, writeString } from "./specification.ts";
import { isErrorPointer, writeText } from "./string.ts";
import {
  writeBits,
  writeEscaped,
  writeFeatures,
  writeFourcc,
  writeHex,
  writePhysicalAddress,
  writeResource,
  writeTime,
} from "./values.ts";

/** By the first letter after the p; other letters print the address. */
const WRITERS: Readonly<Record<string, PointerWriter>> = {
  S: (out, _letters, address, spec, memory) => writeString(out, memory.symbol(address, true), spec),
  s: (out, _letters, address, spec, memory) =>
    writeString(out, memory.symbol(address, false), spec),
  B: (out, _letters, address, spec, memory) =>
    writeString(out, returnSymbol(address, memory), spec),
  R: writeResource,
  r: writeResource,
  h: writeHex,
  b: writeBits,
  M: writeMac,
  m: writeMac,
  I: writeIp,
  i: writeIp,
  E: writeEscaped,
  U: writeUuid,
  N: writeFeatures,
  "4": writeFourcc,
  a: writePhysicalAddress,
  t: writeTime,
  e: writeErrorPointer,
  u: writeProbedText,
  k: writeProbedText,
  d: writeNothing,
  D: writeNothing,
  g: writeNothing,
  C: writeNothing,
  G: writeNothing,
  O: writeNothing,
  f: writeNothing,
  A: writeNothing,
};

/** @param letters all letters and digits that follow the p. */
export const writePointer: PointerWriter = (out, letters, address, spec, memory) => {
  const write = WRITERS[letters.charAt(0)] ?? writeAddressOf;
  write(out, letters, address, spec, memory);
};

/** %pus and %pks, BPF's strings. */
function writeProbedText(...[out, letters, address, spec, memory]: PointerArguments): void {
  if (letters[1] === "s") writeText(out, address, spec, memory);
  else writeError(out, "(einval)", spec);
}

/** Conversions of kernel structures. */
function writeNothing(...[out, letters, , spec]: PointerArguments): void {
  writeString(out, `(%p${letters}?)`, spec);
}

/** pointer_string() */
function writeAddressOf(...[out, , address, spec]: PointerArguments): void {
  const whole = spec.width === -1 ? { ...spec, width: 2 * POINTER_SIZE, zeros: true } : spec;
  writeNumber(out, address, whole, { base: 16 });
}

/** sprint_backtrace(): looks up the byte before a return address, so that one after a function's last call names it. */
function returnSymbol(address: number, memory: PrintkMemory): string {
  const before = memory.symbol((address - 1) >>> 0, true);
  return before.replace(/\+0x([0-9a-f]+)\//, (_, offset: string) => {
    return `+0x${(Number.parseInt(offset, 16) + 1).toString(16)}/`;
  });
}

/** err_ptr() */
function writeErrorPointer(...[out, letters, address, spec, memory]: PointerArguments): void {
  const number = -(address | 0);
  const name = errorName(number);
  if (!isErrorPointer(address)) writeAddressOf(out, letters, address, spec, memory);
  else if (name !== undefined) writeString(out, `-${name}`, spec);
  else writeNumber(out, -number, spec, { base: 10, signed: true });
}
