// What a kernel says of itself: its release, in linux_banner, and the vermagic that a module must bear
// (include/linux/vermagic.h).

import { latin1 } from "../bytes/words.ts";

const BANNER = "Linux version ";
const LONGEST_RELEASE = 64; // __NEW_UTS_LEN
const LONGEST_VERMAGIC = 256;

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The kernel's release, "6.1.0-50-4kc-malta"; null when there is no banner, which every kernel has. */
export function findRelease(bytes: Uint8Array): string | null {
  const buffer = bufferOf(bytes);
  for (let at = buffer.indexOf(BANNER); at >= 0; at = buffer.indexOf(BANNER, at + 1)) {
    const from = at + BANNER.length;
    const [release] =
      /^\d[^ \0]*(?= )/.exec(latin1(bytes.subarray(from, from + LONGEST_RELEASE + 1))) ?? [];
    if (release !== undefined) return release;
  }
  return null;
}

/**
 * The kernel's vermagic, its trailing space included: the release, the options that a module must share, and on
 * MIPS the processor and "32BIT ". null when the kernel takes no modules.
 */
export function findVermagic(bytes: Uint8Array, release: string): string | null {
  const buffer = bufferOf(bytes);
  const start = `${release} `;
  for (let at = buffer.indexOf(start); at >= 0; at = buffer.indexOf(start, at + 1)) {
    const [vermagic] =
      /^[\w.+~ -]*(?:32|64)BIT (?=\0)/.exec(latin1(bytes.subarray(at, at + LONGEST_VERMAGIC))) ??
      [];
    if (vermagic !== undefined && (at === 0 || bytes[at - 1] === 0)) return vermagic;
  }
  return null;
}
