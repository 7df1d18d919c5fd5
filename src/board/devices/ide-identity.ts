// What an ATA disk says about itself (IDENTIFY DEVICE): 256 words with its names, its size, and what it can do. Other
// words are 0. (ATA/ATAPI-6, section 8.15; the values are those of QEMU's disk.)

import { type Disk, SECTOR_SIZE } from "../disk.ts";

const HEADS = 16;
const SECTORS_PER_TRACK = 63;
const CYLINDERS_MOST = 16383;
const MULTIPLE_MOST = 16;
const MOST_28 = 2 ** 28 - 1;
const SERIAL = "FJ00001";
const FIRMWARE = "1";
const MODEL = "FARJAL HARDDISK";
/** The high bits of a transfer mode in SET FEATURES, and word 88's and 63's bits for its number. */
const ULTRA_DMA = 0x40;
const MULTIWORD_DMA = 0x20;

/** @param state the sectors of READ MULTIPLE, and the transfer mode that SET FEATURES has set. */
export function identity(
  disk: Disk,
  { multiple, mode }: { readonly multiple: number; readonly mode: number },
): Uint8Array<ArrayBuffer> {
  const words = new Uint16Array(SECTOR_SIZE / 2);
  const cylinders = Math.min(
    Math.floor(disk.sectors / (HEADS * SECTORS_PER_TRACK)),
    CYLINDERS_MOST,
  );
  const geometry = cylinders * HEADS * SECTORS_PER_TRACK;
  const low = Math.min(disk.sectors, MOST_28);
  const selected = (kind: number): number =>
    mode >= kind && mode < kind + 8 ? 1 << (mode & 7) : 0;
  set(words, 0, [0x0040, cylinders, 0, HEADS]);
  set(words, 6, [SECTORS_PER_TRACK]);
  setText(words, 10, 10, SERIAL);
  setText(words, 23, 4, FIRMWARE);
  setText(words, 27, 20, MODEL);
  set(words, 47, [0x8000 | MULTIPLE_MOST, 1, 0x0f00]); // 32-bit transfers; DMA, LBA, IORDY
  set(words, 51, [0x0200, 0x0200, 7, cylinders, HEADS, SECTORS_PER_TRACK]);
  set(words, 57, pair(geometry));
  set(words, 59, [multiple > 0 ? 0x0100 | multiple : 0, ...pair(low)]);
  set(words, 63, [0x07 | (selected(MULTIWORD_DMA) << 8), 3, 120, 120, 120, 120]);
  set(words, 80, [0xf0, 0x16]);
  set(words, 82, [0x4021, 0x7400, 0x4000, 0x4021, 0x3400, 0x4000]);
  set(words, 88, [0x3f | ((selected(ULTRA_DMA) & 0xff) << 8)]);
  set(words, 93, [0x4001 | 0x2000]);
  set(words, 100, [...pair(disk.sectors), 0, 0]);
  const bytes = new Uint8Array(SECTOR_SIZE);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of words.entries()) view.setUint16(2 * index, word, true);
  return bytes;
}

function set(words: Uint16Array, at: number, values: readonly number[]): void {
  words.set(values, at);
}

/** A double word, the low word first. */
function pair(value: number): readonly number[] {
  return [value % 0x10000, Math.floor(value / 0x10000)];
}

/** A text, padded with spaces, the first character of each word in its high byte. */
function setText(words: Uint16Array, at: number, count: number, text: string): void {
  const padded = text.padEnd(2 * count);
  for (let index = 0; index < count; index += 1) {
    words[at + index] = padded.charCodeAt(2 * index) * 256 + padded.charCodeAt(2 * index + 1);
  }
}
