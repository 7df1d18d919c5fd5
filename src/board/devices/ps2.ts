// A PS/2 keyboard and mouse behind the i8042: they identify themselves and answer every command, so that drivers find
// them. Nobody types on them: a guest's input comes through its console. (IBM's PS/2 Hardware Interface Technical
// Reference, Keyboard and Auxiliary Device; the answers that it leaves open are those of QEMU's ps2.c.)

import type { Saved } from "../device.ts";

const ACK = 0xfa;
const RESEND = 0xfe;
const ECHO = 0xee;
const PASSED = 0xaa;
const NONE = -1;

/** A device at one of the i8042's ports. */
export interface Ps2Device {
  /** @returns the bytes of the answer. */
  command(byte: number): readonly number[];
  reset(): void;
  save(): Saved;
  restore(saved: Saved): void;
}

const KEYBOARD_ID = [0xab, 0x83];
/** The same from a controller that translates scan codes to the first set. */
const TRANSLATED_ID = [0xab, 0x41];
const SCAN_CODE_SET = 0xf0;
const FIRST_SCAN_CODE_SET = 2;
/** The numbers of the sets, and what a controller makes of them that translates: it takes them for keys of the second. */
const SETS = [1, 2, 3];
const TRANSLATED_SETS = [0x43, 0x41, 0x3f];
/** Keyboard commands with one more byte: LEDs, scan code set, typing rate, make/break keys. */
const KEYBOARD_LONG: ReadonlySet<number> = new Set([0xed, SCAN_CODE_SET, 0xf3, 0xfc]);
/** Keyboard commands that are acknowledged alone: nop, enable, defaults off and on, typematic keys. */
const KEYBOARD_SHORT: ReadonlySet<number> = new Set([0x00, 0xf4, 0xf5, 0xf6, 0xfa]);

export class Ps2Keyboard implements Ps2Device {
  readonly #isTranslated: () => boolean;
  /** The command whose second byte comes next. */
  #open = NONE;
  #set = FIRST_SCAN_CODE_SET;

  /** @param isTranslated whether the controller translates scan codes now. */
  constructor(isTranslated: () => boolean) {
    this.#isTranslated = isTranslated;
  }

  command(byte: number): readonly number[] {
    const open = this.#open;
    this.#open = NONE;
    if (open === SCAN_CODE_SET) return this.#scanCodeSet(byte);
    if (open !== NONE) return [ACK];
    if (KEYBOARD_LONG.has(byte)) {
      this.#open = byte;
      return [ACK];
    }
    if (byte === ECHO) return [ECHO];
    if (byte === 0xf2) return [ACK, ...(this.#isTranslated() ? TRANSLATED_ID : KEYBOARD_ID)];
    if (byte === 0xf5 || byte === 0xf6 || byte === 0xff) this.reset();
    if (byte === 0xff) return [ACK, PASSED];
    return [KEYBOARD_SHORT.has(byte) ? ACK : RESEND];
  }

  reset(): void {
    this.restore([NONE, FIRST_SCAN_CODE_SET]);
  }

  save(): Saved {
    return [this.#open, this.#set];
  }

  restore(saved: Saved): void {
    [this.#open, this.#set] = saved as [number, number];
  }

  #scanCodeSet(set: number): readonly number[] {
    if (set === 0) {
      const numbers = this.#isTranslated() ? TRANSLATED_SETS : SETS;
      return [ACK, numbers[this.#set - 1] ?? this.#set];
    }
    if (!SETS.includes(set)) return [RESEND];
    this.#set = set;
    return [ACK];
  }
}

const RESOLUTION = 0xe8;
const SAMPLE_RATE = 0xf3;
const SCALE_2_1 = 0x10;
const REPORTING = 0x20;
const REMOTE = 0x40;
/** The first byte of a packet; its other bytes are the movement. */
const PACKET = 0x08;
/** Sample rates that a driver sets one after the other to switch on the wheel, and then two more buttons. */
const WHEEL = [200, 100, 80];
const BUTTONS = [200, 200, 80];

export class Ps2Mouse implements Ps2Device {
  #open = NONE;
  #status = 0;
  #resolution = 0;
  #rate = 0;
  /** 0: three buttons, 3: a wheel too, 4: five buttons. */
  #type = 0;
  #echoes = false;
  /** The last sample rates that were set. */
  #rates: readonly number[] = [0, 0, 0];

  command(byte: number): readonly number[] {
    const open = this.#open;
    this.#open = NONE;
    if (open === RESOLUTION) this.#resolution = byte;
    if (open === SAMPLE_RATE) this.#sample(byte);
    if (open !== NONE) return [ACK];
    if (this.#echoes && byte !== 0xec && byte !== 0xff) return [byte];
    return this.#answer(byte);
  }

  /** Without power: the first reset command sets resolution and sample rate. */
  reset(): void {
    this.restore([NONE, 0, 0, 0, 0, 0, 0, 0, 0]);
  }

  save(): Saved {
    const rates = this.#rates;
    const settings = [this.#status, this.#resolution, this.#rate, this.#type];
    return [this.#open, ...settings, Number(this.#echoes), ...rates];
  }

  restore(saved: Saved): void {
    const [open, status, resolution, rate, type, echoes, ...rates] = saved as number[];
    this.#open = open ?? NONE;
    this.#status = status ?? 0;
    this.#resolution = resolution ?? 0;
    this.#rate = rate ?? 0;
    this.#type = type ?? 0;
    this.#echoes = echoes === 1;
    this.#rates = rates.slice(0, 3);
  }

  #answer(byte: number): readonly number[] {
    switch (byte) {
      case 0xe6:
        return this.#change(this.#status & ~SCALE_2_1);
      case 0xe7:
        return this.#change(this.#status | SCALE_2_1);
      case 0xea:
        return this.#change(this.#status & ~REMOTE);
      case 0xf0:
        return this.#change(this.#status | REMOTE);
      case 0xf4:
        return this.#change(this.#status | REPORTING);
      case 0xf5:
        return this.#change(this.#status & ~REPORTING);
      case 0xec:
        if (!this.#echoes) return [];
        this.#echoes = false;
        return [ACK];
      case 0xee:
        this.#echoes = true;
        return [ACK];
      case RESOLUTION:
      case SAMPLE_RATE:
        this.#open = byte;
        return [ACK];
      case 0xe9:
        return [ACK, this.#status, this.#resolution, this.#rate];
      case 0xeb:
        return [ACK, PACKET, 0, 0, ...(this.#type === 0 ? [] : [0])];
      case 0xf2:
        return [ACK, this.#type];
      case 0xf6:
        return this.#setDefaults();
      case 0xff:
        this.reset();
        this.#setDefaults();
        return [ACK, PASSED, this.#type];
      default:
        return [];
    }
  }

  #setDefaults(): readonly number[] {
    [this.#rate, this.#resolution] = [100, 2];
    return this.#change(0);
  }

  #change(status: number): readonly number[] {
    this.#status = status;
    return [ACK];
  }

  #sample(rate: number): void {
    this.#rate = rate;
    this.#rates = [...this.#rates.slice(-2), rate];
    const isSet = (rates: readonly number[]): boolean => rates.join() === this.#rates.join();
    if (isSet(WHEEL)) this.#type = 3;
    if (isSet(BUTTONS)) this.#type = 4;
  }
}
