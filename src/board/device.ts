// A device's interface to a board: registers that answer reads and writes, and a port to the rest of the machine, which
// gives the device the time, an interrupt line, memory for DMA and a way to stop the run. The board treats its own
// devices and a user's in the same way.

/** A device's state in a snapshot: a value that JSON can hold, bytes as base64 text. */
export type Saved =
  | null
  | boolean
  | number
  | string
  | readonly Saved[]
  | { readonly [name: string]: Saved };

/** A device's registers, as the bus accesses them. */
export interface Device {
  /**
   * Reads a register.
   * @param offset from the device's first address.
   * @param size 1, 2 or 4 bytes; the result's higher bits are ignored.
   */
  read(offset: number, size: number): number;
  /** @param value unsigned, of `size` bytes. */
  write(offset: number, size: number, value: number): void;
  /** Called once, when the device is attached, with its port to the rest of the board. */
  connect?(port: DevicePort): void;
  /** Returns the device's whole state for a snapshot. A device without this method has no state to save. */
  save?(): Saved;
  /** Restores the value that save() returned. The board doesn't save alarms, so the device sets them again here. */
  restore?(saved: Saved): void;
  /** Throws a Misuse when restore() can't take the value. Called before a board is changed. */
  check?(saved: Saved): void;
  /** A hardware reset. */
  reset?(): void;
}

/** What the board gives to a device. */
export interface DevicePort {
  /** The clock, in instructions since the board started, including the time that passed while the processor waited. */
  readonly now: number;
  /** Instructions per second. */
  readonly clockRate: number;
  /** Sets the interrupt line that the device was attached with to active or inactive. */
  raise(active: boolean): void;
  /**
   * Calls `callback` when the clock reaches `time`, or after this instruction if it has. @returns a function that
   * cancels.
   */
  at(time: number, callback: () => void): () => void;
  /** RAM for DMA, in guest byte order. Addresses outside RAM read as all ones, and writes to them are ignored. */
  readonly memory: DeviceMemory;
  /** Ends the run after the present instruction. */
  stop(reason: DeviceStop): void;
}

/** Why a device ends a run. */
export type DeviceStop = "power-off" | "reset" | "device";

export interface DeviceMemory {
  read(physical: number, size: number): Uint8Array;
  write(physical: number, bytes: Uint8Array): void;
}
