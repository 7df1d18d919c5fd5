// The i8042 keyboard controller, as a PC's super I/O chip has it: a data port at 0x60, a command and status port at
// 0x64, and two PS/2 ports with an interrupt line each. One byte at a time waits in the output buffer, the controller's
// own answers first. No keys come, so translation to the first scan code set changes only what the keyboard answers when
// it is asked for its identity or its set. (QEMU's pckbd.c is the reference.)

import type { Device, DevicePort, Saved } from "../device.ts";
import { type Ps2Device, Ps2Keyboard, Ps2Mouse } from "./ps2.ts";

const FULL = 0x01;
const PASSED = 0x04;
const UNLOCKED = 0x18; // and that no command is being executed
const FROM_MOUSE = 0x20;

const KEYBOARD_INTERRUPT = 0x01;
const MOUSE_INTERRUPT = 0x02;
const KEYBOARD_OFF = 0x10;
const MOUSE_OFF = 0x20;
const TRANSLATE = 0x40;
const MODE_AT_RESET = KEYBOARD_INTERRUPT | MOUSE_INTERRUPT;

/** The output port: the processor's reset line, inactive, A20, and bits that read as ones. */
const OUTPUT_AT_RESET = 0xcf;
const OUTPUT_NO_RESET = 0x01;
const OUTPUT_A20 = 0x02;
const OUTPUT_FULL = 0x10;
const OUTPUT_FROM_MOUSE = 0x20;
const INPUT_PORT = 0x80;

const READ_MODE = 0x20;
const WRITE_MODE = 0x60;
const WRITE_OUTPUT = 0xd1;
const WRITE_KEYBOARD_BUFFER = 0xd2;
const WRITE_MOUSE_BUFFER = 0xd3;
const WRITE_MOUSE = 0xd4;
/** Commands whose data byte comes next. */
const LONG: ReadonlySet<number> = new Set([
  ...[WRITE_MODE, WRITE_OUTPUT, WRITE_KEYBOARD_BUFFER, WRITE_MOUSE_BUFFER, WRITE_MOUSE],
]);
/** Commands from here on pulse the output port's bits that are 0 in them. */
const PULSE = 0xf0;
const NO_COMMAND = 0;
/** Where the output buffer's byte comes from. */
const CONTROLLER = 0;
const KEYBOARD = 1;
const MOUSE = 2;

export interface I8042Options {
  /** Set the interrupt lines. */
  readonly keyboardLine: (active: boolean) => void;
  readonly mouseLine: (active: boolean) => void;
}

/** The data port. `command` is the other one. */
export class I8042 implements Device {
  readonly #options: I8042Options;
  readonly #keyboard: Ps2Device = new Ps2Keyboard(() => (this.#mode & TRANSLATE) !== 0);
  readonly #mouse: Ps2Device = new Ps2Mouse();
  #port: DevicePort | undefined;
  #status = UNLOCKED;
  #mode = MODE_AT_RESET;
  #output = OUTPUT_AT_RESET;
  #open = NO_COMMAND;
  #data = 0;
  #source = CONTROLLER;
  /** The controller's answer that waits, and whether it is given as the mouse's: empty or of two numbers. */
  #own: readonly number[] = [];
  #fromKeyboard: readonly number[] = [];
  #fromMouse: readonly number[] = [];

  /** The command and status port. */
  readonly command: Device = {
    read: () => this.#status,
    write: (_offset, _size, value) => this.#command(value & 0xff),
  };

  constructor(options: I8042Options) {
    this.#options = options;
  }

  connect(port: DevicePort): void {
    this.#port = port;
  }

  read(): number {
    const data = this.#data;
    if ((this.#status & FULL) !== 0) {
      this.#status &= ~(FULL | FROM_MOUSE);
      this.#raise(); // the lines are edge-triggered: they drop between two bytes
      this.#fill();
    }
    return data;
  }

  write(_offset: number, _size: number, value: number): void {
    const byte = value & 0xff;
    const open = this.#open;
    this.#open = NO_COMMAND;
    switch (open) {
      case NO_COMMAND:
        this.#mode &= ~KEYBOARD_OFF;
        this.#fromKeyboard = this.#answer(this.#keyboard, byte, KEYBOARD) ?? this.#fromKeyboard;
        break;
      case WRITE_MODE:
        this.#mode = byte;
        break;
      case WRITE_OUTPUT:
        this.#writeOutput(byte);
        break;
      case WRITE_MOUSE:
        this.#mode &= ~MOUSE_OFF;
        this.#fromMouse = this.#answer(this.#mouse, byte, MOUSE) ?? this.#fromMouse;
        break;
      default:
        this.#give(byte, open === WRITE_MOUSE_BUFFER ? 1 : 0);
    }
    this.#fill();
  }

  reset(): void {
    this.#keyboard.reset();
    this.#mouse.reset();
    this.#status = UNLOCKED;
    this.#mode = MODE_AT_RESET;
    this.#output = OUTPUT_AT_RESET;
    this.#open = NO_COMMAND;
    this.#data = 0;
    this.#source = CONTROLLER;
    [this.#own, this.#fromKeyboard, this.#fromMouse] = [[], [], []];
    this.#raise();
  }

  save(): Saved {
    return {
      registers: [
        ...[this.#status, this.#mode, this.#output, this.#open, this.#data],
        this.#source,
      ],
      own: this.#own,
      keyboard: this.#keyboard.save(),
      fromKeyboard: this.#fromKeyboard,
      mouse: this.#mouse.save(),
      fromMouse: this.#fromMouse,
    };
  }

  restore(saved: Saved): void {
    const state = saved as Record<"registers" | "own" | "fromKeyboard" | "fromMouse", number[]>;
    const [status, mode, output, open, data, source] = state.registers.map((value) => value & 0xff);
    this.#status = status ?? UNLOCKED;
    this.#mode = mode ?? MODE_AT_RESET;
    this.#output = output ?? OUTPUT_AT_RESET;
    this.#open = open ?? NO_COMMAND;
    this.#data = data ?? 0;
    this.#source = source ?? CONTROLLER;
    this.#own = state.own.slice(0, 2);
    this.#fromKeyboard = state.fromKeyboard;
    this.#fromMouse = state.fromMouse;
    const { keyboard, mouse } = saved as { keyboard: Saved; mouse: Saved };
    this.#keyboard.restore(keyboard);
    this.#mouse.restore(mouse);
  }

  #command(byte: number): void {
    if (LONG.has(byte)) this.#open = byte;
    if (byte >= PULSE) {
      if ((byte & OUTPUT_NO_RESET) === 0) this.#port?.stop("reset");
      return;
    }
    switch (byte) {
      case READ_MODE:
        this.#give(this.#mode);
        break;
      case 0xa7:
        this.#mode |= MOUSE_OFF;
        break;
      case 0xa8:
        this.#mode &= ~MOUSE_OFF;
        break;
      case 0xaa: // self-test
        this.#status |= PASSED;
        this.#give(0x55);
        break;
      case 0xa9: // tests of the ports
      case 0xab:
        this.#give(0);
        break;
      case 0xad:
        this.#mode |= KEYBOARD_OFF;
        break;
      case 0xae:
        this.#mode &= ~KEYBOARD_OFF;
        break;
      case 0xc0:
        this.#give(INPUT_PORT);
        break;
      case 0xd0:
        this.#give(this.#outputPort);
        break;
      case 0xdd:
        this.#output &= ~OUTPUT_A20;
        break;
      case 0xdf:
        this.#output |= OUTPUT_A20;
    }
    this.#fill();
  }

  /** Gives a byte of the controller's own, in place of one that nobody has read; the status stays what it was for that. */
  #give(byte: number, ofMouse = 0): void {
    if ((this.#status & FULL) !== 0 && this.#source === CONTROLLER) this.#data = byte;
    else this.#own = [byte, ofMouse];
  }

  /** A device's answer, which replaces what it has sent and nobody has read; undefined when it gives none. */
  #answer(device: Ps2Device, byte: number, source: number): readonly number[] | undefined {
    const answer = device.command(byte);
    if (answer.length === 0) return undefined;
    if ((this.#status & FULL) === 0 || this.#source !== source) return answer;
    this.#data = answer[0] ?? 0;
    return answer.slice(1);
  }

  get #outputPort(): number {
    const isFull = (this.#status & FULL) !== 0;
    const isMouse = (this.#status & FROM_MOUSE) !== 0;
    return this.#output | (isFull ? OUTPUT_FULL : 0) | (isMouse ? OUTPUT_FROM_MOUSE : 0);
  }

  #writeOutput(byte: number): void {
    this.#output = byte & ~(OUTPUT_FULL | OUTPUT_FROM_MOUSE);
    if ((byte & OUTPUT_NO_RESET) === 0) this.#port?.stop("reset");
  }

  /** Puts the next byte that waits into the output buffer, if that is empty, and sets the interrupt lines. */
  #fill(): void {
    if ((this.#status & FULL) === 0) this.#take();
    this.#raise();
  }

  #take(): void {
    const [own, ofMouse] = this.#own;
    const [key] = (this.#mode & KEYBOARD_OFF) === 0 ? this.#fromKeyboard : [];
    const [movement] = (this.#mode & MOUSE_OFF) === 0 ? this.#fromMouse : [];
    if (own !== undefined) this.#own = [];
    else if (key !== undefined) this.#fromKeyboard = this.#fromKeyboard.slice(1);
    else if (movement !== undefined) this.#fromMouse = this.#fromMouse.slice(1);
    const next = own ?? key ?? movement;
    if (next === undefined) return;
    const isMouse = own === undefined ? key === undefined : ofMouse === 1;
    this.#data = next & 0xff;
    if (own !== undefined) this.#source = CONTROLLER;
    else this.#source = isMouse ? MOUSE : KEYBOARD;
    this.#status |= FULL | (isMouse ? FROM_MOUSE : 0);
  }

  #raise(): void {
    const isFull = (this.#status & FULL) !== 0;
    const isMouse = (this.#status & FROM_MOUSE) !== 0;
    const mayInterrupt = this.#mode & (isMouse ? MOUSE_INTERRUPT : KEYBOARD_INTERRUPT);
    const isOff = !isMouse && (this.#mode & KEYBOARD_OFF) !== 0;
    const active = isFull && mayInterrupt !== 0 && !isOff;
    this.#options.keyboardLine(active && !isMouse);
    this.#options.mouseLine(active && isMouse);
  }
}
