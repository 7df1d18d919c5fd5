// What the boot of a guest takes and gives, whether it boots on farjal's board or in QEMU.

import type { Endian } from "../bytes/endian.ts";

/** A guest to boot, and how its run is watched. */
export interface GuestBoot {
  /** The kernel's file, not compressed as a whole. */
  readonly kernel: Uint8Array;
  readonly endian: Endian;
  readonly bits: 32 | 64;
  readonly initrd: Uint8Array;
  readonly append: string;
  /** MiB. */
  readonly memory: number;
  /** Seconds of real time. */
  readonly timeLimit: number;
  /** Called from time to time with the records so far. */
  readonly look: (records: Uint8Array) => void;
}

export interface GuestEnd {
  /** Why the guest was ended or failed; null when it ended by itself. */
  readonly ended: string | null;
  readonly records: Uint8Array;
  readonly console: string;
}
