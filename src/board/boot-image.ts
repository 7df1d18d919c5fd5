// Reads a kernel as a boot loader does: the segments to load and the entry point. They come from an ELF file's program
// headers, which vmlinux and Debian's vmlinuz both have, or from a uImage's header with its payload. Every number in
// the file is checked before it is used.

import type { Endian } from "../bytes/endian.ts";
import { latin1 } from "../bytes/text.ts";
import { Words } from "../bytes/words.ts";
import { unpackedFile } from "../compression/unpack.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { findPayloads } from "../kernel/payload.ts";
import { readKernel } from "../kernel/read.ts";
import { PROGRAM_HEADERS } from "../limits.ts";

/** A segment for physical memory: its bytes, then zeros up to `size`. */
export interface BootSegment {
  readonly physical: number;
  readonly bytes: Uint8Array;
  readonly size: number;
}

export interface BootImage {
  readonly endian: Endian;
  /** Guest address of the first instruction. */
  readonly entry: number;
  readonly segments: readonly BootSegment[];
}

const ELF_MAGIC = "\x7fELF";
const EI_CLASS = 4;
const EI_DATA = 5;
const ELFCLASS32 = 1;
const ELFDATA2LSB = 1;
const EM_MIPS = 8;
const PT_LOAD = 1;
const HEADER_SIZE = 52;
const PROGRAM_HEADER_SIZE = 32;
const KSEG0 = 0x80000000;
const KSEG1 = 0xa0000000;
const KSEG2 = 0xc0000000;
const DIRECT = 0x1fffffff;
const UIMAGE_MAGIC = 0x27051956;
const UIMAGE_HEADER = 64;
const UIMAGE_MIPS = 5;

/**
 * Reads a kernel file for booting, which may be compressed as a whole.
 * @throws Misuse, in one sentence, for a file that no MIPS32 board can boot.
 */
export async function readBootImage(packed: Uint8Array): Promise<BootImage> {
  const file = await unpackedFile(packed);
  if (latin1(file.subarray(0, ELF_MAGIC.length)) === ELF_MAGIC) return readElfImage(file);
  if (file.length >= UIMAGE_HEADER && new Words(file, "big").u32(0) === UIMAGE_MAGIC) {
    return readUimage(file);
  }
  throw new Misuse(
    "this is no kernel that can be booted: neither an ELF file (vmlinux, vmlinuz) nor a uImage",
  );
}

/**
 * Makes a boot image from a kernel that was read for its symbols, in its unpacked form, which saves the two thousand
 * million instructions of the decompressor. null when the entry point isn't known.
 */
export function unpackedImage(kernel: Kernel): BootImage | null {
  const entry = kernel.symbol("kernel_entry")?.address;
  const { image, endian } = kernel;
  if (entry === undefined || image === null || endian === null) return null;
  if (image.address < KSEG0 || image.address >= KSEG1) return null;
  const segment = {
    physical: image.address & DIRECT,
    bytes: image.bytes,
    size: image.bytes.length,
  };
  return { endian, entry, segments: [segment] };
}

/** The kernel without its decompressor if possible, since it then boots in a fraction of the time. */
export async function fastImage(file: Uint8Array): Promise<BootImage> {
  const shipped = await readBootImage(file);
  try {
    return unpackedImage(await readKernel(file)) ?? shipped;
  } catch (error) {
    if (error instanceof Misuse) return shipped;
    throw error;
  }
}

function readElfImage(file: Uint8Array): BootImage {
  const isNarrow = file[EI_CLASS] === ELFCLASS32;
  const endian = file[EI_DATA] === ELFDATA2LSB ? "little" : "big";
  if (file.length < HEADER_SIZE) throw new Misuse("the kernel's ELF header is cut off");
  const words = new Words(file, endian);
  if (words.u16(18) !== EM_MIPS) throw new Misuse("the kernel is not for MIPS");
  if (!isNarrow)
    throw new Misuse("the kernel is a 64-bit one, and the board's processor has 32 bits");
  const entry = words.u32(24);
  const at = words.u32(28);
  const count = words.u16(44);
  if (count > PROGRAM_HEADERS || at + count * PROGRAM_HEADER_SIZE > file.length) {
    throw new Misuse("the kernel's program headers are not in the file");
  }
  const segments: BootSegment[] = [];
  for (let index = 0; index < count; index += 1) {
    const header = at + index * PROGRAM_HEADER_SIZE;
    const [type, offset, address] = [
      words.u32(header),
      words.u32(header + 4),
      words.u32(header + 8),
    ];
    const [inFile, size] = [words.u32(header + 16), words.u32(header + 20)];
    if (type !== PT_LOAD || size === 0) continue;
    if (inFile > size || offset + inFile > file.length) {
      throw new Misuse("a segment of the kernel is not all in the file");
    }
    if (address < KSEG0 || address >= KSEG2) {
      throw new Misuse(`the kernel's load address, ${hex(address)}, is not in kseg0 or kseg1`);
    }
    const bytes = file.subarray(offset, offset + inFile);
    segments.push({ physical: address & DIRECT, bytes, size });
  }
  if (segments.length === 0)
    throw new Misuse("the kernel has nothing to load: no program header asks for it");
  return { endian, entry, segments };
}

/** U-Boot's header is always big-endian; the kernel's byte order is found from its first instructions. */
async function readUimage(file: Uint8Array): Promise<BootImage> {
  const header = new Words(file, "big");
  const [size, load, entry] = [header.u32(12), header.u32(16), header.u32(20)];
  const [architecture, compression] = [header.u8(29), header.u8(31)];
  if (architecture !== UIMAGE_MIPS) throw new Misuse("the uImage is not for 32-bit MIPS");
  if (UIMAGE_HEADER + size > file.length) throw new Misuse("the uImage is cut off");
  if (load < KSEG0 || load >= KSEG2) {
    throw new Misuse(`the uImage's load address, ${hex(load)}, is not in kseg0 or kseg1`);
  }
  const payload = file.subarray(UIMAGE_HEADER, UIMAGE_HEADER + size);
  const bytes = compression === 0 ? payload : await unpacked(payload);
  const segments = [{ physical: load & DIRECT, bytes, size: bytes.length }];
  return { endian: endianOf(bytes, entry - load), entry, segments };
}

async function unpacked(payload: Uint8Array): Promise<Uint8Array> {
  const [first] = findPayloads(payload);
  if (first?.offset !== 0) {
    throw new Misuse("the uImage's compression isn't one that farjal reads");
  }
  return first.unpack();
}

/** Opcodes of a kernel's first instructions: lui, mfc0, mtc0, j, jal, ori and branches. */
const BEGINNINGS: ReadonlySet<number> = new Set([0x0f, 0x10, 0x02, 0x03, 0x0d, 0x04, 0x01]);

function endianOf(bytes: Uint8Array, at: number): Endian {
  const score = (endian: Endian): number => {
    const words = new Words(bytes, endian);
    let good = 0;
    for (let offset = at; offset + 4 <= Math.min(bytes.length, at + 32); offset += 4) {
      if (BEGINNINGS.has(words.u32(offset) >>> 26)) good += 1;
    }
    return good;
  };
  return score("big") > score("little") ? "big" : "little";
}
