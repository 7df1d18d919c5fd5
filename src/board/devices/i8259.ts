// The pair of Intel 8259A interrupt controllers of a PC, as in PIIX4: the second one's output is line 2 of the first.
// Each knows which lines are requested (IRR), which are being served (ISR) and which are masked (IMR); the edge/level
// register (ELCR) selects a line's trigger mode. Rotating priorities are missing, since no Linux driver uses them.

import type { Device, Saved } from "../device.ts";

const CASCADE = 2;
const LINES = 8;
/** The bits of ICW1 and the OCWs, by the data sheet's names. */
const ICW1 = 0x10;
const ICW1_SINGLE = 0x02;
const ICW1_IC4 = 0x01;
const ICW4_AEOI = 0x02;
const OCW3 = 0x08;
const OCW3_POLL = 0x04;
const OCW3_READ = 0x02;
const OCW3_ISR = 0x01;
const OCW3_SPECIAL_MASK = 0x40;
const OCW3_SET_SPECIAL_MASK = 0x20;

/** The word that is expected next at the data port. */
type Expected = "mask" | "vector" | "cascade" | "mode";

/** One of the two controllers. */
class Controller {
  irr = 0;
  isr = 0;
  imr = 0;
  elcr = 0;
  /** The lines' present levels, set by the devices. */
  #held = 0;
  #vector = 0;
  #expected: Expected = "mask";
  #single = false;
  #hasMode = false;
  #autoEnd = false;
  #readsIsr = false;
  #polls = false;
  #specialMask = false;
  readonly #maySetElcr: number;

  constructor(maySetElcr: number) {
    this.#maySetElcr = maySetElcr;
  }

  set(line: number, active: boolean): void {
    const bit = 1 << line;
    const isLevel = (this.elcr & bit) !== 0;
    if (active && (isLevel || (this.#held & bit) === 0)) this.irr |= bit;
    if (!active) this.irr &= ~bit;
    this.#held = active ? this.#held | bit : this.#held & ~bit;
  }

  /** The line to serve next, or -1; the lower number has priority. */
  get pending(): number {
    const wanted = this.irr & ~this.imr;
    if (wanted === 0) return -1;
    const line = lowest(wanted);
    const inService = this.#specialMask ? this.isr & ~this.imr : this.isr;
    return inService !== 0 && lowest(inService) <= line ? -1 : line;
  }

  /** The processor accepts the pending interrupt. @returns its line; 7, as the chip does, when none is pending. */
  acknowledge(): number {
    const line = this.pending;
    if (line < 0) return LINES - 1;
    const bit = 1 << line;
    if (!this.#autoEnd) this.isr |= bit;
    if ((this.elcr & bit) === 0) this.irr &= ~bit;
    return line;
  }

  vectorOf(line: number): number {
    return this.#vector | line;
  }

  writeCommand(value: number): void {
    if ((value & ICW1) !== 0) {
      this.irr = this.elcr & this.#held;
      this.isr = 0;
      this.imr = 0;
      this.#readsIsr = false;
      this.#polls = false;
      this.#specialMask = false;
      this.#autoEnd = false;
      this.#single = (value & ICW1_SINGLE) !== 0;
      this.#hasMode = (value & ICW1_IC4) !== 0;
      this.#expected = "vector";
    } else if ((value & OCW3) !== 0) {
      if ((value & OCW3_POLL) !== 0) this.#polls = true;
      if ((value & OCW3_READ) !== 0) this.#readsIsr = (value & OCW3_ISR) !== 0;
      if ((value & OCW3_SPECIAL_MASK) !== 0)
        this.#specialMask = (value & OCW3_SET_SPECIAL_MASK) !== 0;
    } else {
      this.#endOfInterrupt(value);
    }
  }

  /** OCW2: 1 and 5 end the interrupt in service, 3 and 7 the one that is named. */
  #endOfInterrupt(value: number): void {
    const command = value >>> 5;
    if (command === 1 || command === 5) this.isr &= this.isr - 1;
    else if (command === 3 || command === 7) this.isr &= ~(1 << (value & 7));
  }

  writeData(value: number): void {
    switch (this.#expected) {
      case "mask":
        this.imr = value;
        return;
      case "vector":
        this.#vector = value & 0xf8;
        this.#expected = this.#single ? this.#modeOrMask() : "cascade";
        return;
      case "cascade":
        this.#expected = this.#modeOrMask();
        return;
      case "mode":
        this.#autoEnd = (value & ICW4_AEOI) !== 0;
        this.#expected = "mask";
    }
  }

  #modeOrMask(): Expected {
    return this.#hasMode ? "mode" : "mask";
  }

  /** After a poll command, the next read of either port acknowledges an interrupt. */
  read(isCommand: boolean): number {
    if (this.#polls) {
      this.#polls = false;
      return this.pending >= 0 ? 0x80 | this.acknowledge() : 0;
    }
    if (!isCommand) return this.imr;
    return this.#readsIsr ? this.isr : this.irr;
  }

  writeElcr(value: number): void {
    this.elcr = value & this.#maySetElcr;
  }

  save(): Saved {
    return {
      irr: this.irr,
      isr: this.isr,
      imr: this.imr,
      elcr: this.elcr,
      held: this.#held,
      vector: this.#vector,
      expected: this.#expected,
      flags: [
        this.#single,
        this.#hasMode,
        this.#autoEnd,
        this.#readsIsr,
        this.#polls,
        this.#specialMask,
      ],
    };
  }

  restore(saved: Saved): void {
    const state = saved as {
      irr: number;
      isr: number;
      imr: number;
      elcr: number;
      held: number;
      vector: number;
      expected: Expected;
      flags: boolean[];
    };
    this.irr = state.irr;
    this.isr = state.isr;
    this.imr = state.imr;
    this.elcr = state.elcr;
    this.#held = state.held;
    this.#vector = state.vector;
    this.#expected = state.expected;
    const [single, hasMode, autoEnd, readsIsr, polls, specialMask] = state.flags.map(Boolean);
    this.#single = single ?? false;
    this.#hasMode = hasMode ?? false;
    this.#autoEnd = autoEnd ?? false;
    this.#readsIsr = readsIsr ?? false;
    this.#polls = polls ?? false;
    this.#specialMask = specialMask ?? false;
  }
}

/** The lines that ELCR can make level-triggered: all but the timer's, keyboard's, cascade's, clock's and FPU's. */
const FIRST_MAY_BE_LEVEL = 0xf8;
const SECOND_MAY_BE_LEVEL = 0xde;

/** Both controllers. Their registers are three devices, at three places among the ports. */
export class InterruptControllers {
  #first = new Controller(FIRST_MAY_BE_LEVEL);
  #second = new Controller(SECOND_MAY_BE_LEVEL);
  readonly #output: (active: boolean) => void;

  /** @param output called with the state of the pair's interrupt output, whether it changed or not. */
  constructor(output: (active: boolean) => void) {
    this.#output = output;
  }

  /** Sets or clears one of the 16 lines. */
  raise(line: number, active: boolean): void {
    if (line < LINES) this.#first.set(line, active);
    else this.#second.set(line - LINES, active);
    this.#update();
  }

  /** The processor's acknowledge: returns the vector of the interrupt that is served now. */
  acknowledge(): number {
    const line = this.#first.acknowledge();
    const isSecond = line === CASCADE && this.#second.pending >= 0;
    const vector = isSecond
      ? this.#second.vectorOf(this.#second.acknowledge())
      : this.#first.vectorOf(line);
    this.#update();
    return vector;
  }

  /** The device for ports 0x20 and 0x21, or 0xa0 and 0xa1. */
  registers(which: "first" | "second"): Device {
    const controller = (): Controller => (which === "first" ? this.#first : this.#second);
    return {
      read: (offset) => {
        const value = controller().read(offset === 0);
        this.#update();
        return value;
      },
      write: (offset, _size, value) => {
        if (offset === 0) controller().writeCommand(value);
        else controller().writeData(value);
        this.#update();
      },
      save: () => controller().save(),
      restore: (saved) => {
        controller().restore(saved);
        this.#update();
      },
      reset: () => {
        if (which === "first") this.#first = new Controller(FIRST_MAY_BE_LEVEL);
        else this.#second = new Controller(SECOND_MAY_BE_LEVEL);
        this.#update();
      },
    };
  }

  /** The device for ports 0x4d0 and 0x4d1. */
  edgeLevel(): Device {
    const at = (offset: number): Controller => (offset === 0 ? this.#first : this.#second);
    return {
      read: (offset) => at(offset).elcr,
      write: (offset, _size, value) => at(offset).writeElcr(value),
    };
  }

  #update(): void {
    this.#first.set(CASCADE, this.#second.pending >= 0);
    this.#output(this.#first.pending >= 0);
  }
}

function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
