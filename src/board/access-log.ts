// Records the accesses to a device in their order, for a test that asserts what a driver did to a register model. An
// entry is what crossed the bus: the offset, the size and the value as the device saw them.

import { hex } from "../hex.ts";
import { LOGGED_ACCESSES } from "../limits.ts";

/** One access to a device. */
export interface Access {
  readonly kind: "read" | "write";
  /** Offset from the device's first address. */
  readonly offset: number;
  /** Size in bytes: 1, 2 or 4. */
  readonly size: number;
  /** The value that was written, or that the device returned. */
  readonly value: number;
  /** Address of the instruction that made the access. */
  readonly pc: number;
  /** The board's clock at that time, in instructions. */
  readonly time: number;
}

export class AccessLog {
  readonly #most: number;
  #accesses: Access[] = [];
  #lost = 0;

  /** @param most accesses to keep; later ones are only counted. */
  constructor(most: number = LOGGED_ACCESSES) {
    this.#most = most;
  }

  get accesses(): readonly Access[] {
    return this.#accesses;
  }

  /** Accesses that were not recorded, because the log was full. */
  get lost(): number {
    return this.#lost;
  }

  add(access: Access): void {
    if (this.#accesses.length < this.#most) this.#accesses.push(access);
    else this.#lost += 1;
  }

  clear(): void {
    this.#accesses = [];
    this.#lost = 0;
  }

  /** One line per access, such as `write32 0x04 0x00000001`, for tests to compare. */
  lines(): string[] {
    return this.#accesses.map(
      ({ kind, offset, size, value }) =>
        `${kind}${size * 8} 0x${offset.toString(16).padStart(2, "0")} ${valueText(value, size)}`,
    );
  }
}

function valueText(value: number, size: number): string {
  return size === 4 ? hex(value) : `0x${value.toString(16).padStart(size * 2, "0")}`;
}
