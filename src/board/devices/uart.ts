// A 16550A serial port. Its transmitter is always empty: a written byte is sent at once. Received bytes wait on the
// host's side of a FIFO of 16, which is refilled as the guest reads, so no byte is lost at any input rate. The
// interrupts are received data (the first byte reaches both the trigger level and the time-out) and transmitter empty,
// which reading IIR clears. Loopback mode connects the modem lines and the data back to the port.

import { UART_WAITING } from "../../limits.ts";
import type { Device, DevicePort, Saved } from "../device.ts";

/** Register offsets; DLL and DLM replace the first two while LCR.DLAB is set. */
const DATA = 0;
const IER = 1;
const IIR = 2;
const LCR = 3;
const MCR = 4;
const LSR = 5;
const MSR = 6;

const IER_RECEIVED = 0x01;
const IER_TRANSMITTER = 0x02;
const IER_BITS = 0x0f;
const IIR_NONE = 0x01;
const IIR_TRANSMITTER = 0x02;
const IIR_RECEIVED = 0x04;
const IIR_FIFO = 0xc0;
const FCR_ENABLE = 0x01;
const FCR_CLEAR_RECEIVED = 0x02;
const FCR_CLEAR_TRANSMITTED = 0x04;
const FCR_BITS = 0xc9;
const LCR_DLAB = 0x80;
const LSR_DATA = 0x01;
const LSR_EMPTY = 0x60;
const MCR_LOOP = 0x10;
const MCR_BITS = 0x1f;
/** Carrier, data set ready and clear to send are set: the other end is always connected. */
const MSR_CONNECTED = 0xb0;
const FIFO_SIZE = 16;
/** 9600 baud at 1.8432 MHz. */
const DIVISOR = 12;

export class Uart implements Device {
  /** Called with each byte that the guest sends. */
  onByte: (byte: number) => void = () => undefined;
  readonly #stride: number;
  #port: DevicePort | undefined;
  #waiting: number[] = [];
  #fifo: number[] = [];
  #divisor = DIVISOR;
  #ier = 0;
  #lcr = 0;
  #mcr = 0x08;
  #scratch = 0;
  #fcr = 0;
  /** Whether the transmitter-empty interrupt is pending. */
  #emptied = false;

  /** @param stride the distance between registers in bytes. */
  constructor(stride = 1) {
    this.#stride = stride;
  }

  connect(port: DevicePort): void {
    this.#port = port;
  }

  /** Receives bytes from the other end. @returns the number accepted: all, unless the guest doesn't read. */
  receive(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, UART_WAITING - this.#waiting.length);
    for (const byte of bytes.subarray(0, taken)) this.#waiting.push(byte);
    this.#refill();
    return taken;
  }

  read(offset: number): number {
    switch (Math.floor(offset / this.#stride)) {
      case DATA:
        return this.#hasDivisor ? this.#divisor & 0xff : this.#take();
      case IER:
        return this.#hasDivisor ? this.#divisor >>> 8 : this.#ier;
      case IIR:
        return this.#identify();
      case LCR:
        return this.#lcr;
      case MCR:
        return this.#mcr;
      case LSR:
        return LSR_EMPTY | (this.#fifo.length > 0 ? LSR_DATA : 0);
      case MSR:
        return this.#modemStatus();
      default:
        return this.#scratch;
    }
  }

  write(offset: number, _size: number, wide: number): void {
    const value = wide & 0xff;
    switch (Math.floor(offset / this.#stride)) {
      case DATA:
        if (this.#hasDivisor) this.#divisor = (this.#divisor & 0xff00) | value;
        else this.#send(value);
        break;
      case IER:
        if (this.#hasDivisor) this.#divisor = (this.#divisor & 0xff) | (value << 8);
        else this.#enable(value & IER_BITS);
        break;
      case IIR: // a write to this address goes to FCR
        this.#control(value);
        break;
      case LCR:
        this.#lcr = value;
        break;
      case MCR:
        this.#mcr = value & MCR_BITS;
        break;
      case 7:
        this.#scratch = value;
    }
  }

  save(): Saved {
    return {
      waiting: [...this.#waiting],
      fifo: [...this.#fifo],
      registers: [this.#divisor, this.#ier, this.#lcr, this.#mcr, this.#scratch, this.#fcr],
      emptied: this.#emptied,
    };
  }

  restore(saved: Saved): void {
    const { waiting, fifo, registers, emptied } = saved as {
      waiting: number[];
      fifo: number[];
      registers: number[];
      emptied: boolean;
    };
    this.#waiting = [...waiting];
    this.#fifo = [...fifo];
    [this.#divisor, this.#ier, this.#lcr, this.#mcr, this.#scratch, this.#fcr] = registers as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    this.#emptied = emptied;
    this.#update();
  }

  reset(): void {
    this.restore({
      waiting: this.#waiting,
      fifo: [],
      registers: [DIVISOR, 0, 0, 0x08, 0, 0],
      emptied: false,
    });
  }

  get #hasDivisor(): boolean {
    return (this.#lcr & LCR_DLAB) !== 0;
  }

  #take(): number {
    const byte = this.#fifo.shift() ?? 0;
    this.#refill();
    return byte;
  }

  #send(byte: number): void {
    if ((this.#mcr & MCR_LOOP) !== 0) {
      if (this.#fifo.length < FIFO_SIZE) this.#fifo.push(byte);
    } else {
      this.onByte(byte);
    }
    this.#emptied = true;
    this.#update();
  }

  /** Handles a write of IER. Enabling the transmitter interrupt raises it, since the transmitter is empty. */
  #enable(ier: number): void {
    if (((ier ^ this.#ier) & IER_TRANSMITTER) !== 0) this.#emptied = (ier & IER_TRANSMITTER) !== 0;
    this.#ier = ier;
    this.#update();
  }

  /** A write of FCR. Switching the FIFOs on or off clears both, and clearing the transmitter's empties it anew. */
  #control(value: number): void {
    const switched = ((value ^ this.#fcr) & FCR_ENABLE) !== 0;
    if (switched || (value & FCR_CLEAR_RECEIVED) !== 0) this.#fifo = [];
    if (switched || (value & FCR_CLEAR_TRANSMITTED) !== 0) this.#emptied = true;
    this.#fcr = value & FCR_BITS;
    this.#refill();
  }

  get #cause(): number {
    if ((this.#ier & IER_RECEIVED) !== 0 && this.#fifo.length > 0) return IIR_RECEIVED;
    return (this.#ier & IER_TRANSMITTER) !== 0 && this.#emptied ? IIR_TRANSMITTER : IIR_NONE;
  }

  #identify(): number {
    const cause = this.#cause;
    if (cause === IIR_TRANSMITTER) {
      this.#emptied = false;
      this.#update();
    }
    return cause | ((this.#fcr & FCR_ENABLE) !== 0 ? IIR_FIFO : 0);
  }

  /** In loopback mode, OUT2, OUT1, RTS and DTR are read as DCD, RI, CTS and DSR. */
  #modemStatus(): number {
    if ((this.#mcr & MCR_LOOP) === 0) return MSR_CONNECTED;
    return ((this.#mcr & 0x0c) << 4) | ((this.#mcr & 0x02) << 3) | ((this.#mcr & 0x01) << 5);
  }

  #refill(): void {
    const room = FIFO_SIZE - this.#fifo.length;
    for (const byte of this.#waiting.splice(0, Math.max(0, room))) this.#fifo.push(byte);
    this.#update();
  }

  #update(): void {
    this.#port?.raise(this.#cause !== IIR_NONE);
  }
}
