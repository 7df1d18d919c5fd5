// What a device is to a board: registers that answer reads and writes, and a port to the rest of the machine,
// which gives it the time, an interrupt line, memory for DMA and a way to stop the run. The board's own devices
// and those that a user attaches are the same to it.

/** What a device keeps in a snapshot: a value that JSON can hold. Bytes go in as base64 text. */
export type Saved =
  | null
  | boolean
  | number
  | string
  | readonly Saved[]
  | { readonly [name: string]: Saved };

/** A device's registers, as the bus reaches them. */
export interface Device {
  /**
   * The value at an offset from the device's first address.
   * @param size 1, 2 or 4 bytes; the value's higher bits are ignored.
   */
  read(offset: number, size: number): number;
  /** @param value unsigned, of `size` bytes. */
  write(offset: number, size: number, value: number): void;
  /** Called once, when the device is attached: its way to the rest of the board. */
  connect?(port: DevicePort): void;
  /** All of the device's state, for a snapshot. A device without it has none that matters. */
  save?(): Saved;
  /** Takes back what save() gave; alarms are not kept by the board, so they are set again here. */
  restore?(saved: Saved): void;
  /** A hardware reset. */
  reset?(): void;
}

/** What the board gives to a device. */
export interface DevicePort {
  /** The clock, in instructions since the board started; time that passes while the processor waits counts too. */
  readonly now: number;
  /** Instructions in a second. */
  readonly clockRate: number;
  /** Sets the device's interrupt line, which it was attached with, to active or not. */
  raise(active: boolean): void;
  /** Calls back when the clock reaches `time`, or at once after this instruction if it has. @returns how to cancel. */
  at(time: number, callback: () => void): () => void;
  /** RAM, for DMA, in guest byte order; what is not in RAM reads as all ones, and writes there are lost. */
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
