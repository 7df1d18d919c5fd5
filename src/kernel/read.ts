// Reads a kernel's facts from any file that holds them, recognized by its content: System.map, a dump of
// /proc/kallsyms, Module.symvers, vmlinux, or the kernel file that a distribution installs.

import { host } from "#host";
import { EI_CLASS, ELFCLASS32, ELFCLASS64 } from "../elf/numbers.ts";
import type { ElfObject } from "../elf/object.ts";
import { readElf } from "../elf/reader.ts";
import { Misuse, Refusal } from "../errors.ts";
import { KERNEL_BYTES } from "../limits.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import { type AnyKernel, isOf64Bits, type Kernel, narrowed } from "./kernel.ts";
import { type KernelStore, readStored } from "./stored.ts";
import { isSymbolList, readSymbolList } from "./symbol-list.ts";
import { isSymvers, readSymvers, withSymvers } from "./symvers.ts";
import { isVmlinux, readVmlinux } from "./vmlinux.ts";
import { readVmlinuz } from "./vmlinuz.ts";

/** Where the ELF header holds the section headers' offset and count: [offset, bytes], by EI_CLASS. */
const SECTION_HEADERS = {
  [ELFCLASS32]: [
    [32, 4],
    [48, 2],
  ],
  [ELFCLASS64]: [
    [40, 8],
    [60, 2],
  ],
} as const;
const ELF_MAGIC = [0x7f, 0x45, 0x4c, 0x46] as const;

export interface ReadKernelOptions {
  /** The Module.symvers of the kernel's build, as a path or its bytes: the exports and their CRCs. */
  readonly symvers?: string | Uint8Array | undefined;
  /** Keeps what was read from an image, so that the same file is read only once; default: nothing is kept. */
  readonly store?: KernelStore | undefined;
}

const READ_OPTIONS: OptionKeys<ReadKernelOptions> = {
  symvers: true,
  store: true,
};

/**
 * Reads a 32-bit kernel's symbols, exports and image.
 * @param source the path of a file, or its bytes.
 * @throws Misuse, in one sentence, when a file can't be read, is incomplete or is none of these.
 */
export async function readKernel(
  source: string | Uint8Array,
  options: ReadKernelOptions = {},
): Promise<Kernel> {
  return kernelOf32Bits(await readAnyKernel(source, options), source);
}

/** The same for a 64-bit kernel. A Module.symvers, which has no addresses, fits both. */
export async function readKernel64(
  source: string | Uint8Array,
  options: ReadKernelOptions = {},
): Promise<Kernel<bigint>> {
  return kernelOf64Bits(await readAnyKernel(source, options), source);
}

/** A kernel as 32-bit modules need it. @param source names it. @throws Misuse if it is a 64-bit kernel. */
export function kernelOf32Bits(kernel: AnyKernel, source: string | Uint8Array): Kernel {
  const narrow = narrowed(kernel);
  if (narrow !== null) return narrow;
  throw new Misuse(`${nameOf(source)}: this is a 64-bit kernel, and the module needs a 32-bit one`);
}

/** The same for 64-bit modules. @throws Misuse if it is a 32-bit kernel. */
export function kernelOf64Bits(kernel: AnyKernel, source: string | Uint8Array): Kernel<bigint> {
  if (isOf64Bits(kernel)) return kernel;
  throw new Misuse(`${nameOf(source)}: this is a 32-bit kernel, and the module needs a 64-bit one`);
}

/** A kernel of either class. @throws Misuse as readKernel() does. */
export async function readAnyKernel(
  source: string | Uint8Array,
  options: ReadKernelOptions = {},
): Promise<AnyKernel> {
  checkOptions("readKernel()", options, READ_OPTIONS);
  const { symvers, store } = options;
  const kernel = await readNamed(source, (bytes) => readBytes(bytes, store));
  if (symvers === undefined) return kernel;
  if (kernel.source === "Module.symvers") {
    throw new Misuse(`${nameOf(source)}: this is a Module.symvers itself, and has no addresses`);
  }
  return readNamed(symvers, async (bytes) => {
    if (!isSymvers(bytes)) throw new Misuse("this is no Module.symvers");
    const listed = readSymvers(bytes);
    return isOf64Bits(kernel) ? withSymvers(kernel, listed) : withSymvers(kernel, listed);
  });
}

function nameOf(source: string | Uint8Array): string {
  return typeof source === "string" ? source : "the kernel file";
}

/** Reads a file; errors begin with its name. */
async function readNamed(
  source: string | Uint8Array,
  read: (bytes: Uint8Array) => Promise<AnyKernel>,
): Promise<AnyKernel> {
  const name = nameOf(source);
  const bytes = typeof source === "string" ? host.readFile(source, KERNEL_BYTES) : source;
  try {
    return await read(bytes);
  } catch (error) {
    if (error instanceof Misuse) throw new Misuse(`${name}: ${error.message}`);
    if (error instanceof Refusal) throw new Misuse(`${name}: ${error.explanation}`);
    throw error;
  }
}

async function readBytes(bytes: Uint8Array, store?: KernelStore): Promise<AnyKernel> {
  if (bytes.length === 0) throw new Misuse("the file is empty");
  if (isSymvers(bytes)) return readSymvers(bytes);
  if (isSymbolList(bytes)) return readSymbolList(bytes);
  return readStored(bytes, store, () => readImage(bytes));
}

async function readImage(bytes: Uint8Array): Promise<AnyKernel> {
  if (ELF_MAGIC.some((byte, index) => bytes[index] !== byte)) return readVmlinuz(bytes);
  const elf = sectionsOf(bytes);
  return elf !== null && isVmlinux(elf) ? readVmlinux(elf) : readVmlinuz(bytes);
}

/** The ELF file; null when it has no section headers, which neither a vmlinuz nor a boot loader needs. */
function sectionsOf(bytes: Uint8Array): ElfObject | null {
  const elfClass = bytes[EI_CLASS] === ELFCLASS64 ? ELFCLASS64 : ELFCLASS32;
  const headers = SECTION_HEADERS[elfClass].flatMap(([at, size]) => [
    ...bytes.subarray(at, at + size),
  ]);
  return headers.every((byte) => byte === 0) ? null : readElf(bytes);
}
