// Unpacks gzip (RFC 1952) with the host's zlib. zlib's gunzip would take the bytes after a member for another member,
// so the member's header is read here, and zlib unpacks only the deflate stream, whose end it finds.

import { host } from "#host";
import { Misuse } from "../errors.ts";
import { crc32 } from "./crc.ts";
import type { Output } from "./output.ts";

/** Flags in the header. */
const FHCRC = 2;
const FEXTRA = 4;
const FNAME = 8;
const FCOMMENT = 16;

function headerSize(bytes: Uint8Array): number {
  const flags = bytes[3] ?? 0;
  let at = 10;
  if ((flags & FEXTRA) !== 0) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0);
  for (const flag of [FNAME, FCOMMENT]) {
    if ((flags & flag) === 0) continue;
    const nul = bytes.indexOf(0, at);
    at = nul < 0 ? bytes.length : nul + 1;
  }
  return at + ((flags & FHCRC) !== 0 ? 2 : 0);
}

/** Reserved flags, which must be 0. */
const RESERVED = 0xe0;

/** Unpacks a whole file, one member after the other. Bytes after the last member are ignored, as by gzip. */
export async function unpackGzipMembers(bytes: Uint8Array, output: Output): Promise<void> {
  let at = 0;
  do at += await unpackGzip(bytes.subarray(at), output);
  while (isMember(bytes.subarray(at)));
}

function isMember(bytes: Uint8Array): boolean {
  const begins = bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
  return begins && ((bytes[3] ?? RESERVED) & RESERVED) === 0;
}

/**
 * Unpacks one gzip member.
 * @returns the size of the member in bytes.
 * @throws Misuse when it is cut off or too large; zlib's error when it is damaged.
 */
export async function unpackGzip(bytes: Uint8Array, output: Output): Promise<number> {
  const before = output.length;
  const start = headerSize(bytes);
  const deflated = await host.inflateRaw(bytes.subarray(start), (piece) => output.write(piece));
  // The trailer: a CRC, then the unpacked size.
  const size = start + deflated + 4;
  if (size + 4 > bytes.length) throw new Misuse("the compressed data is cut off");
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + size - 4, 8);
  const contents = output.bytes().subarray(before);
  if (
    trailer.getUint32(4, true) !== contents.length ||
    trailer.getUint32(0, true) !== crc32(contents)
  )
    throw new Misuse("the compressed data is damaged");
  return size + 4;
}
