// Finds what a kernel image says about the kernel itself: its release, in linux_banner, and the vermagic that a module
// must have (include/linux/vermagic.h).

import { indexOfBytes, latin1, latin1Bytes } from "../bytes/text.ts";
import { BANNER_PLACES, KERNEL_VERMAGIC } from "../limits.ts";

const BANNER = "Linux version ";
const LONGEST_RELEASE = 64; // __NEW_UTS_LEN

/** The kernel's release, "6.1.0-50-4kc-malta"; null when the image has no banner. Every kernel has one. */
export function findRelease(bytes: Uint8Array): string | null {
  for (const at of places(bytes, BANNER)) {
    const from = at + BANNER.length;
    const [release] =
      /^\d[^ \0]*(?= )/.exec(latin1(bytes.subarray(from, from + LONGEST_RELEASE + 1))) ?? [];
    if (release !== undefined) return release;
  }
  return null;
}

/**
 * The kernel's vermagic with its trailing space: the release, the options that a module must share, and on
 * MIPS the processor and "32BIT ". null when the kernel takes no modules.
 */
export function findVermagic(bytes: Uint8Array, release: string): string | null {
  for (const at of places(bytes, `\0${release} `)) {
    const [vermagic] =
      /^[\w.+~ -]*(?:32|64)BIT (?=\0)/.exec(
        latin1(bytes.subarray(at + 1, at + 1 + KERNEL_VERMAGIC)),
      ) ?? [];
    if (vermagic !== undefined) return vermagic;
  }
  return null;
}

/** The offsets at which a text occurs. */
function* places(bytes: Uint8Array, text: string): Generator<number> {
  const needle = latin1Bytes(text);
  let at = indexOfBytes(bytes, needle);
  for (let place = 0; at >= 0 && place < BANNER_PLACES; place++) {
    yield at;
    at = indexOfBytes(bytes, needle, at + 1);
  }
}
