// A distribution's kernel file, the only one that most users have: vmlinuz, uImage or a raw vmlinux.bin.
// The kernel in it has no ELF headers any more; kallsyms and the export tables are found by their shape.

import { Misuse } from "../errors.ts";
import { findRelease, findVermagic } from "./banner.ts";
import { findKallsyms } from "./kallsyms.ts";
import { Kernel } from "./kernel.ts";
import { findExportTables, readExports } from "./ksymtab.ts";
import { findLoadAddress } from "./load-address.ts";
import { findPayloads } from "./payload.ts";
import { globalsOf } from "./symbol-list.ts";

/**
 * Reads a compressed or raw kernel image.
 * @throws Misuse when no kernel is in it, or one without kallsyms.
 */
export async function readVmlinuz(bytes: Uint8Array): Promise<Kernel> {
  const image = await unpackedKernel(bytes);
  const release = findRelease(image);
  const kallsyms = findKallsyms(image);
  if (kallsyms === null) {
    throw new Misuse(
      `Linux ${release} in this file has no symbol table (CONFIG_KALLSYMS=n, or a form farjal doesn't know): ` +
        "give its vmlinux or System.map",
    );
  }
  const { symbols } = kallsyms;
  const address = findLoadAddress(kallsyms.image, symbols);
  if (address === null) {
    throw new Misuse(
      `Linux ${release} in this file doesn't tell where it is loaded: give its vmlinux or System.map`,
    );
  }
  const tables = findExportTables(kallsyms.image, address);
  return new Kernel({
    source: "vmlinuz",
    endian: kallsyms.image.endian,
    symbols,
    exports: tables.length > 0 ? readExports(kallsyms.image, address, tables) : globalsOf(symbols),
    exportsKnown: tables.length > 0,
    moduleExports: new Map(),
    hasData: symbols.some(({ type }) => /[Bb]/.test(type)),
    image: { address, bytes: image },
    release,
    vermagic: release === null ? null : findVermagic(image, release),
  });
}

/** The kernel's image: what one of the file's compressed parts unpacks to, or the file itself. */
async function unpackedKernel(bytes: Uint8Array): Promise<Uint8Array> {
  const payloads = findPayloads(bytes);
  const failures: string[] = [];
  for (const { format, unpack } of payloads) {
    try {
      const image = await unpack?.();
      if (image !== undefined && findRelease(image) !== null) return image;
    } catch (error) {
      failures.push(`${format}: ${(error as Error).message}`);
    }
  }
  if (findRelease(bytes) !== null) return bytes;
  const unread = payloads.find(({ unpack }) => unpack === null);
  if (unread !== undefined) throw new Misuse(`farjal doesn't read kernels compressed with ${unread.format}`);
  if (failures.length > 0)
    throw new Misuse(`the compressed kernel can't be unpacked (${failures.join("; ")})`);
  throw new Misuse("no kernel is in this file: it is neither a kernel image nor a list of symbols");
}
