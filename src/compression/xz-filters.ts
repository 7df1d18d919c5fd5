// Undoes the filters that may precede LZMA2 in an XZ block, on the whole block: delta, and those for the branch
// instructions of several processors (BCJ), which store absolute targets instead of distances. The format is that of
// the XZ specification and the public-domain XZ Embedded. These filters don't help MIPS modules, but some files have
// them.

import { Misuse } from "../errors.ts";

/** Undoes a filter in place. @param start the position of the block's first byte. */
type Undo = (bytes: Uint8Array, start: number, view: DataView) => void;

const DELTA = 3;

const FILTERS: Readonly<Record<number, Undo>> = {
  4: undoX86,
  5: (bytes, start, view) =>
    words(bytes, (at) => {
      const word = view.getUint32(at);
      if ((word & 0xfc00_0003) >>> 0 !== 0x4800_0001) return;
      view.setUint32(at, (((word & 0x03ff_fffc) - (start + at)) & 0x03ff_fffc) | 0x4800_0001);
    }),
  7: (bytes, start, view) =>
    words(bytes, (at) => {
      const word = view.getUint32(at, true);
      if (word >>> 24 !== 0xeb) return;
      const distance = ((word << 2) - (start + at + 8)) >>> 2;
      view.setUint32(at, (0xeb00_0000 | (distance & 0x00ff_ffff)) >>> 0, true);
    }),
  8: undoThumb,
  9: (bytes, start, view) =>
    words(bytes, (at) => {
      const word = view.getUint32(at);
      if (word >>> 22 !== 0x100 && word >>> 22 !== 0x1ff) return;
      const distance = ((word << 2) - (start + at)) >>> 2;
      const sign = (0x4000_0000 - (distance & 0x40_0000)) | 0x4000_0000;
      view.setUint32(at, (sign | (distance & 0x3f_ffff)) >>> 0);
    }),
  10: (bytes, start, view) =>
    words(bytes, (at) => {
      const word = view.getUint32(at, true);
      if (word >>> 26 === 0x25) {
        const distance = word - ((start + at) >>> 2);
        view.setUint32(at, (0x9400_0000 | (distance & 0x03ff_ffff)) >>> 0, true);
      } else if ((word & 0x9f00_0000) >>> 0 === 0x9000_0000) {
        const page = ((word >>> 29) & 3) | ((word >>> 3) & 0x1f_fffc);
        if (((page + 0x2_0000) & 0x1c_0000) !== 0) return;
        const distance = page - ((start + at) >>> 12);
        const low = (distance & 3) << 29;
        const high = ((distance & 0x3_fffc) << 3) | (-(distance & 0x2_0000) & 0xe0_0000);
        view.setUint32(at, ((word & 0x9000_001f) | low | high) >>> 0, true);
      }
    }),
};

/** The names of filters that farjal doesn't undo. */
const UNKNOWN: Readonly<Record<number, string>> = { 6: "IA-64", 11: "RISC-V" };

export interface XzFilter {
  readonly id: number;
  readonly properties: Uint8Array;
}

/** Undoes one filter of a block. @throws Misuse with the name of a filter that isn't supported. */
export function undoFilter({ id, properties }: XzFilter, bytes: Uint8Array): void {
  if (id === DELTA) {
    undoDelta(bytes, (properties[0] ?? 0) + 1);
    return;
  }
  const undo = FILTERS[id];
  if (undo === undefined) {
    const name = UNKNOWN[id] ?? `number ${id}`;
    throw new Misuse(`farjal doesn't undo the xz filter ${name}: compress the file without it`);
  }
  const start =
    properties.length < 4
      ? 0
      : new DataView(properties.buffer, properties.byteOffset).getUint32(0, true);
  undo(bytes, start, new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
}

function undoDelta(bytes: Uint8Array, distance: number): void {
  for (let at = distance; at < bytes.length; at++) {
    bytes[at] = (bytes[at] as number) + (bytes[at - distance] as number);
  }
}

function words(bytes: Uint8Array, undo: (at: number) => void): void {
  for (let at = 0; at + 4 <= bytes.length; at += 4) undo(at);
}

function undoThumb(bytes: Uint8Array, start: number, view: DataView): void {
  for (let at = 0; at + 4 <= bytes.length; at += 2) {
    const [first, second] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    if (first >>> 11 !== 0x1e || second >>> 11 !== 0x1f) continue;
    const target = ((first & 0x7ff) << 11) | (second & 0x7ff);
    const distance = ((target << 1) - (start + at + 4)) >>> 1;
    view.setUint16(at, 0xf000 | ((distance >>> 11) & 0x7ff), true);
    view.setUint16(at + 2, 0xf800 | (distance & 0x7ff), true);
    at += 2;
  }
}

/**
 * Indexed by which of the three bytes before are opcodes: whether an opcode may be here, and which byte of the target
 * to check.
 */
const X86_ALLOWED = [true, true, true, false, true, false, false, false] as const;
const X86_BYTE = [0, 1, 2, 2, 3, 3, 3, 3] as const;

/** call and jmp: an opcode 0xe8 or 0xe9, then a distance whose top byte is a sign extension. */
function undoX86(bytes: Uint8Array, start: number, view: DataView): void {
  const isSign = (byte: number): boolean => byte === 0 || byte === 0xff;
  let previous = -1;
  let mask = 0;
  for (let at = 0; at + 5 <= bytes.length; at++) {
    if (((bytes[at] as number) & 0xfe) !== 0xe8) continue;
    const since = at - previous;
    mask = since > 3 ? 0 : (mask << (since - 1)) & 7;
    previous = at;
    if (mask !== 0) {
      const byte = bytes[at + 4 - (X86_BYTE[mask] as number)] as number;
      if (!X86_ALLOWED[mask] || isSign(byte)) {
        mask = (mask << 1) | 1;
        continue;
      }
    }
    if (!isSign(bytes[at + 4] as number)) {
      mask = (mask << 1) | 1;
      continue;
    }
    let target = view.getUint32(at + 1, true);
    let distance: number;
    for (;;) {
      distance = (target - (start + at + 5)) >>> 0;
      if (mask === 0) break;
      const shift = (X86_BYTE[mask] as number) * 8;
      if (!isSign((distance >>> (24 - shift)) & 0xff)) break;
      target = (distance ^ (2 ** (32 - shift) - 1)) >>> 0;
    }
    view.setInt32(at + 1, (distance << 7) >> 7, true);
    at += 4;
  }
}
