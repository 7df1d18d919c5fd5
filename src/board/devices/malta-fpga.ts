// Malta's board logic: the reset register, the display of eight characters, the LED bar, and the revision word in the
// boot ROM. Switches and jumpers read as unset. The I2C bus of the memory modules is idle.

import type { Endian } from "../../bytes/endian.ts";
import { latin1 } from "../../bytes/text.ts";
import type { Device, DevicePort, Saved } from "../device.ts";

const STATUS = 0x208;
const STATUS_PRESENT = 0x10;
const STATUS_BIG_ENDIAN = 0x02;
const LAMPS = 0x408;
const DIGITS = 0x418;
const DIGIT_COUNT = 8;
const RESET = 0x500;
const RESET_NOW = 0x42;
const BREAK_RESET = 0x508;
const BREAK_RESET_VALUE = 0x0a;
/** Registers that nothing here changes: general inputs, and the idle I2C bus. */
const IDLE: ReadonlyMap<number, number> = new Map([
  [0xa08, 3],
  [0xb00, 2],
  [0xb10, 3],
  [0xb18, 1],
]);

/** The word at 0x1fc00010: a CoreLV board with a GT-64120. */
export const REVISION_OFFSET = 0x10;
export const REVISION = 0x420;

export class MaltaFpga implements Device {
  readonly #endian: Endian;
  #port: DevicePort | undefined;
  #lamps = 0;
  #digits = Array.from({ length: DIGIT_COUNT }, () => 0x20);

  constructor(endian: Endian) {
    this.#endian = endian;
  }

  connect(port: DevicePort): void {
    this.#port = port;
  }

  /** The text on the display. */
  get display(): string {
    return latin1(Uint8Array.from(this.#digits));
  }

  read(offset: number): number {
    switch (offset) {
      case STATUS:
        return STATUS_PRESENT | (this.#endian === "big" ? STATUS_BIG_ENDIAN : 0);
      case LAMPS:
        return this.#lamps;
      case BREAK_RESET:
        return BREAK_RESET_VALUE;
      default:
        return IDLE.get(offset) ?? 0;
    }
  }

  write(offset: number, _size: number, value: number): void {
    const digit = (offset - DIGITS) / 8;
    if (offset === RESET && (value & 0xff) === RESET_NOW) this.#port?.stop("reset");
    else if (offset === LAMPS) this.#lamps = value & 0xff;
    else if (Number.isInteger(digit) && digit >= 0 && digit < DIGIT_COUNT) {
      this.#digits[digit] = value & 0x7f;
    }
  }

  reset(): void {
    this.#lamps = 0;
    this.#digits.fill(0x20);
  }

  save(): Saved {
    return { lamps: this.#lamps, digits: [...this.#digits] };
  }

  restore(saved: Saved): void {
    const { lamps, digits } = saved as { lamps: number; digits: number[] };
    this.#lamps = lamps;
    this.#digits = digits.slice(0, DIGIT_COUNT);
  }
}
