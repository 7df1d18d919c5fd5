// Makes Debian's kernel as an ELF file of its decompressed image: the memory that its vmlinuz produces, without the
// minutes that decompression takes under QEMU and farjal. Both boot the same file.

import type { BootImage } from "../../src/board/boot-image.ts";
import { unpackedImage } from "../../src/board/boot-image.ts";
import { readKernel } from "../../src/kernel/read.ts";
import { debian } from "./debian.ts";

const HEADERS = 0x1000;
const KSEG0 = 0x80000000;

export async function debianImage(): Promise<BootImage> {
  const image = unpackedImage(await readKernel(debian?.vmlinuz ?? ""));
  if (image === null) throw new Error("Debian's kernel has no kernel_entry");
  return image;
}

/** A little-endian ELF file with one program header. */
export function elfOf({ entry, segments: [segment] }: BootImage): Buffer {
  if (segment === undefined) throw new Error("the image is empty");
  const address = KSEG0 + segment.physical;
  const header = Buffer.alloc(HEADERS);
  header.write("\x7fELF\x01\x01\x01", "latin1");
  header.writeUInt16LE(2, 16); // ET_EXEC
  header.writeUInt16LE(8, 18); // EM_MIPS
  header.writeUInt32LE(1, 20);
  header.writeUInt32LE(entry, 24);
  header.writeUInt32LE(52, 28);
  header.writeUInt32LE(0x70001001, 36); // o32, mips32r2
  header.writeUInt16LE(52, 40);
  header.writeUInt16LE(32, 42);
  header.writeUInt16LE(1, 44);
  const fields = [1, HEADERS, address, address, segment.bytes.length, segment.size, 7, 0x1000];
  fields.forEach((field, index) => {
    header.writeUInt32LE(field, 52 + 4 * index);
  });
  return Buffer.concat([header, segment.bytes]);
}
