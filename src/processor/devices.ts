// A board's devices at physical addresses past RAM: the processor's accesses there call the host, and an address
// without a device is a bus error. The board decides which devices there are.

import { CPU_DEVICE_FAULT } from "../../assembly/shared/cpu-state.ts";

/** The devices at physical addresses past RAM, used when MODE_BOARD is set. Sizes are 1, 2 or 4 bytes. */
export interface DeviceSpace {
  /** @returns the value in the low bits; undefined: no device there, a bus error. */
  read(physical: number, size: number): number | undefined;
  /** @returns whether there is a device at the address. */
  write(physical: number, size: number, value: number): boolean;
}

export const NO_DEVICES: DeviceSpace = { read: () => undefined, write: () => false };

/** The core's imports for devices. */
export interface DeviceImports {
  deviceRead(physical: number, size: number): number;
  deviceWrite(physical: number, size: number, value: number): void;
}

/**
 * The imports for a device space that may change.
 * @param words the shared memory, with the word in which a bus error is reported.
 */
export function deviceImports(space: () => DeviceSpace, words: Uint32Array): DeviceImports {
  return {
    deviceRead: (physical, size) => {
      const value = space().read(physical >>> 0, size);
      if (value === undefined) words[CPU_DEVICE_FAULT / 4] = 1;
      return value ?? 0;
    },
    deviceWrite: (physical, size, value) => {
      const found = space().write(physical >>> 0, size, value >>> 0);
      if (!found) words[CPU_DEVICE_FAULT / 4] = 1;
    },
  };
}
