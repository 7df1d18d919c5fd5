// An AMD PCnet-PCI II (Am79C970A), the network card that QEMU's Malta has for the real board's Am79C973: its registers,
// and the rings of descriptors in memory through which it takes and gives frames. One frame is sent at a time, as long
// as it takes at 100 Mbit/s, so that a ring without an end costs no more than a guest's endless loop. Only the 32-bit
// descriptors exist that drivers for 32-bit machines use (software style 2 and 3). (AMD's data sheet 19436, chapters
// "Buffer Management" and "Register Descriptions".)

import { hexDigits } from "../../bytes/text.ts";
import { crc32 } from "../../compression/crc.ts";
import { Misuse } from "../../errors.ts";
import type { Device, DevicePort, Saved } from "../device.ts";

/** The registers' offsets with words (WIO) and with double words (DWIO). */
const PROM_SIZE = 16;
const WORD_PLACES = { data: 0x10, address: 0x12, reset: 0x14, bus: 0x16 };
const DOUBLE_PLACES = { data: 0x10, address: 0x14, reset: 0x18, bus: 0x1c };

const CSR_COUNT = 128;
const BCR_COUNT = 32;
const CONTROL = 0;
const INIT_LOW = 1;
const INIT_HIGH = 2;
const MASKS = 3;
const ADDRESS_FILTER = 8;
const ADDRESS = 12;
const MODE = 15;
const CHIP = 88;
const CHIP_HIGH = 89;

const INIT = 0x0001;
const START = 0x0002;
const STOP = 0x0004;
const DEMAND = 0x0008;
const SENDER_ON = 0x0010;
const RECEIVER_ON = 0x0020;
const ENABLE = 0x0040;
const INTERRUPTS = 0x0080;
const INIT_DONE = 0x0100;
const SENT = 0x0200;
const RECEIVED = 0x0400;
const MISSED = 0x1000;
/** Bits that are cleared by writing ones, and those that make ERR. */
const EVENTS = 0x7f00;
const ERRORS = 0x7800;
const ERROR = 0x8000;
/** Events that CSR3 masks at the same bits. */
const MASKABLE = 0x5f00;

const MODE_PROMISCUOUS = 0x8000;
const MODE_NO_SENDER = 0x0002;
const MODE_NO_RECEIVER = 0x0001;
const MODE_LOOP = 0x0004;
const MODE_NO_BROADCAST = 0x4000;
/** The first LED's register: link status. */
const LINK_LED = 4;
const LED_LIT = 0x8000;
const STYLE = 20;

const BLOCK_SIZE = 28;
const DESCRIPTOR_SIZE = 16;
const OWN = 0x8000;
const FIRST = 0x0200;
const LAST = 0x0100;
/** Bits of the error in a descriptor that a frame ran over its buffers. */
const BUFFER_ERROR = 0x4400;
const MOST_ENTRIES = 512;
/** The longest frame with its checksum that the card takes or gives. */
const MOST_FRAME = 4096;
const SHORTEST_FRAME = 60;
const CHECKSUM_SIZE = 4;
const BITS_A_SECOND = 100e6;
/** Preamble and the gap between frames, in bytes. */
const FRAME_EXTRA = 20;

/** Values after a reset, by register. */
const CSR_RESET: readonly (readonly [number, number])[] = [
  [CONTROL, STOP],
  [4, 0x0115],
  [80, 0x1410],
  [CHIP, 0x1003],
  [CHIP_HIGH, 0x0262],
  [100, 0x0200],
  [103, 0x0105],
];
const BCR_RESET: readonly (readonly [number, number])[] = [
  [0, 0x0005],
  [1, 0x0005],
  [2, 0x0002],
  [LINK_LED, 0x00c0],
  [5, 0x0084],
  [6, 0x0088],
  [7, 0x0090],
  [18, 0x9001],
  [19, 0x0002],
  [STYLE, 0x0200],
];

/** A ring of descriptors. */
interface Ring {
  base: number;
  count: number;
  /** The descriptor that is next. */
  at: number;
}

export class Pcnet implements Device {
  /** Called with each frame that the guest sends, without its checksum. */
  onFrame: (frame: Uint8Array) => void = () => undefined;
  readonly #prom = new Uint8Array(PROM_SIZE);
  readonly #csr = new Uint16Array(CSR_COUNT);
  readonly #bcr = new Uint16Array(BCR_COUNT);
  #port: DevicePort | undefined;
  #selected = 0;
  #isDouble = false;
  #receive: Ring = { base: 0, count: 1, at: 0 };
  #send: Ring = { base: 0, count: 1, at: 0 };
  /** When the frame that is being sent is out; 0 while none is. */
  #sending = 0;
  #cancel: () => void = () => undefined;

  /** @param address the card's six bytes of address. */
  constructor(address: Uint8Array) {
    this.#prom.set(address);
    this.#prom.fill(0x57, 14);
    const sum = this.#prom.reduce((total, byte) => total + byte, 0);
    this.#prom[12] = sum & 0xff;
    this.#prom[13] = sum >>> 8;
    this.#clear();
  }

  connect(port: DevicePort): void {
    this.#port = port;
  }

  /**
   * Gives the card a frame, without its checksum. @returns whether the guest gets it: the card is on, the frame is for
   * it, and there is a descriptor.
   */
  receive(frame: Uint8Array): boolean {
    const isOn = (this.#control & RECEIVER_ON) !== 0;
    if (!isOn || frame.length > MOST_FRAME - CHECKSUM_SIZE || !this.#wants(frame)) return false;
    const taken = this.#deliver(withChecksum(frame));
    this.#control |= taken ? RECEIVED : MISSED;
    this.#update();
    return taken;
  }

  read(offset: number, size: number): number {
    if (offset < PROM_SIZE) return this.#readProm(offset, size);
    const { data, address, reset, bus } = this.#isDouble ? DOUBLE_PLACES : WORD_PLACES;
    if (offset === data) return this.#readCsr(this.#selected);
    if (offset === address) return this.#selected;
    if (offset === reset) this.#resetByRead();
    return offset === bus ? this.#readBcr(this.#selected) : 0;
  }

  write(offset: number, size: number, value: number): void {
    // A double word to the data register selects double words until the next hardware reset.
    if (offset === DOUBLE_PLACES.data && size === 4) this.#isDouble = true;
    const { data, address, bus } = this.#isDouble ? DOUBLE_PLACES : WORD_PLACES;
    const word = value & 0xffff;
    if (offset === data) this.#writeCsr(this.#selected, word);
    else if (offset === address) this.#selected = word & 0x7f;
    else if (offset === bus) this.#writeBcr(this.#selected, word);
  }

  reset(): void {
    this.#isDouble = false;
    this.#clear();
    this.#port?.raise(false);
  }

  save(): Saved {
    return {
      address: hexDigits(this.#prom.subarray(0, 6)),
      csr: [...this.#csr],
      bcr: [...this.#bcr],
      selected: this.#selected,
      isDouble: this.#isDouble,
      receive: { ...this.#receive },
      send: { ...this.#send },
      sending: this.#sending,
    };
  }

  check(value: Saved): void {
    const { address } = value as unknown as SavedCard;
    const here = hexDigits(this.#prom.subarray(0, 6));
    if (address !== here) {
      throw new Misuse(
        `the snapshot is of a network card with the address ${address}, not ${here}`,
      );
    }
  }

  restore(value: Saved): void {
    const saved = value as unknown as SavedCard;
    this.#clear();
    this.#csr.set(saved.csr.slice(0, CSR_COUNT));
    this.#bcr.set(saved.bcr.slice(0, BCR_COUNT));
    this.#selected = saved.selected & 0x7f;
    this.#isDouble = saved.isDouble;
    this.#receive = ringOf(saved.receive);
    this.#send = ringOf(saved.send);
    if (saved.sending > 0) this.#schedule(saved.sending);
    this.#update();
  }

  // Registers

  get #control(): number {
    return this.#csr[CONTROL] ?? 0;
  }

  set #control(value: number) {
    this.#csr[CONTROL] = value;
  }

  #readProm(offset: number, size: number): number {
    let value = 0;
    for (let byte = size - 1; byte >= 0; byte -= 1) {
      value = value * 256 + (this.#prom[offset + byte] ?? 0);
    }
    return value;
  }

  #readCsr(register: number): number {
    const value = this.#csr[register] ?? 0;
    return register === CONTROL && (value & ERRORS) !== 0 ? value | ERROR : value;
  }

  #writeCsr(register: number, value: number): void {
    if (register === CONTROL) this.#writeControl(value);
    else if (register === CHIP || register === CHIP_HIGH) return;
    else if (register === 4)
      this.#csr[register] = value & ~0x026a; // its events, which don't happen here
    else if (register < CSR_COUNT) this.#csr[register] = value;
    if (register === MASKS) this.#update();
  }

  #writeControl(value: number): void {
    this.#control &= ~(value & EVENTS);
    if ((value & STOP) !== 0) {
      this.#cancelSending();
      this.#control = STOP;
    } else {
      this.#control = (this.#control & ~ENABLE) | (value & ENABLE);
      const wasStarted = (this.#control & START) !== 0;
      if ((value & INIT) !== 0 && (this.#control & INIT) === 0) this.#initialize();
      if ((value & START) !== 0 && !wasStarted) this.#start();
      if ((value & DEMAND) !== 0) this.#next();
    }
    this.#update();
  }

  #readBcr(register: number): number {
    const value = this.#bcr[register] ?? 0;
    return register === LINK_LED ? value | LED_LIT : value; // there is always a link
  }

  #writeBcr(register: number, value: number): void {
    if (register < BCR_COUNT) this.#bcr[register] = value;
  }

  /** Reading the reset register stops the card; rings and addresses come with the next initialization. */
  #resetByRead(): void {
    this.#clear();
    this.#update();
  }

  #clear(): void {
    this.#cancelSending();
    this.#csr.fill(0);
    this.#bcr.fill(0);
    for (const [register, value] of CSR_RESET) this.#csr[register] = value;
    for (const [register, value] of BCR_RESET) this.#bcr[register] = value;
    for (let word = 0; word < 3; word += 1) {
      this.#csr[ADDRESS + word] = this.#readProm(2 * word, 2);
    }
    this.#selected = 0;
  }

  /** Takes the mode, the addresses and the rings from the block in memory. */
  #initialize(): void {
    const address = (this.#csr[INIT_LOW] ?? 0) + (this.#csr[INIT_HIGH] ?? 0) * 65536;
    const block = this.#memory(address, BLOCK_SIZE);
    this.#csr[MODE] = block.getUint16(0, true);
    const lengths = block.getUint16(2, true);
    for (let word = 0; word < 3; word += 1) {
      this.#csr[ADDRESS + word] = block.getUint16(4 + 2 * word, true);
    }
    for (let word = 0; word < 4; word += 1) {
      this.#csr[ADDRESS_FILTER + word] = block.getUint16(12 + 2 * word, true);
    }
    const count = (bits: number): number => Math.min(1 << (bits & 15), MOST_ENTRIES);
    this.#receive = { base: ringBase(block, 20), count: count(lengths >>> 4), at: 0 };
    this.#send = { base: ringBase(block, 24), count: count(lengths >>> 12), at: 0 };
    this.#control = (this.#control & ~STOP) | INIT | INIT_DONE;
  }

  #start(): void {
    const mode = this.#csr[MODE] ?? 0;
    this.#control &= ~STOP;
    this.#control |= START;
    if ((mode & MODE_NO_SENDER) === 0) this.#control |= SENDER_ON;
    if ((mode & MODE_NO_RECEIVER) === 0) this.#control |= RECEIVER_ON;
    this.#next();
  }

  // Sending

  /** Begins to send the next frame, if there is one and none is being sent. */
  #next(): void {
    if (this.#sending > 0 || (this.#control & SENDER_ON) === 0) return;
    const { status, length } = this.#descriptor(this.#send, this.#send.at);
    if ((status & OWN) === 0) return;
    const { now = 0, clockRate = 1 } = this.#port ?? {};
    const seconds = ((length + FRAME_EXTRA) * 8) / BITS_A_SECOND;
    this.#schedule(now + Math.ceil(seconds * clockRate));
  }

  #schedule(time: number): void {
    this.#cancel();
    this.#sending = time;
    this.#cancel = this.#port?.at(time, () => this.#sendFrame()) ?? this.#cancel;
  }

  #cancelSending(): void {
    this.#cancel();
    this.#sending = 0;
  }

  /** Sends the frame of the next descriptors, up to the last one of the frame, and gives them back. */
  #sendFrame(): void {
    this.#sending = 0;
    const ring = this.#send;
    const frame = new Uint8Array(MOST_FRAME);
    let size = 0;
    for (let seen = 0; seen < ring.count; seen += 1) {
      const { place, address, length, status } = this.#descriptor(ring, ring.at);
      if ((status & OWN) === 0) break;
      const part = Math.min(length, MOST_FRAME - size);
      frame.set(this.#port?.memory.read(address, part) ?? [], size);
      size += part;
      ring.at = (ring.at + 1) % ring.count;
      this.#setStatus(place, status & ~OWN);
      if ((status & LAST) === 0) continue;
      this.#control |= SENT;
      this.#out(frame.slice(0, size));
      break;
    }
    this.#update();
    this.#next();
  }

  #out(frame: Uint8Array): void {
    if (((this.#csr[MODE] ?? 0) & MODE_LOOP) !== 0) this.receive(frame);
    else this.onFrame(frame);
  }

  // Receiving

  /** Whether the frame is for this card. */
  #wants(frame: Uint8Array): boolean {
    const mode = this.#csr[MODE] ?? 0;
    if ((mode & MODE_PROMISCUOUS) !== 0) return true;
    const destination = frame.subarray(0, 6);
    if (destination.every((byte) => byte === 0xff)) return (mode & MODE_NO_BROADCAST) === 0;
    if (((destination[0] ?? 0) & 1) === 0) {
      return destination.every(
        (byte, index) =>
          byte === (((this.#csr[ADDRESS + (index >>> 1)] ?? 0) >>> (8 * (index & 1))) & 0xff),
      );
    }
    const hash = ~crc32(destination) >>> 26;
    const bits = this.#csr[ADDRESS_FILTER + (hash >>> 4)] ?? 0;
    return ((bits >>> (hash & 15)) & 1) !== 0;
  }

  /** Puts a frame into the next descriptors' buffers. @returns false when there is none. */
  #deliver(frame: Uint8Array): boolean {
    const ring = this.#receive;
    let at = 0;
    for (let seen = 0; seen < ring.count && at < frame.length; seen += 1) {
      const { place, address, length, status } = this.#descriptor(ring, ring.at);
      if ((status & OWN) === 0) {
        if (at === 0) return false;
        break;
      }
      const part = frame.subarray(at, at + length);
      this.#port?.memory.write(address, part);
      const isLast = at + part.length >= frame.length;
      const isEnd = isLast || this.#isLastOwned(ring);
      const flags =
        (at === 0 ? FIRST : 0) | (isLast ? LAST : 0) | (isEnd && !isLast ? BUFFER_ERROR : 0);
      at += part.length;
      if (isLast) this.#writeWord(place + 8, frame.length);
      ring.at = (ring.at + 1) % ring.count;
      this.#setStatus(place, (status & 0x00ff) | flags);
      if (isEnd || part.length === 0) break;
    }
    return true;
  }

  /** Whether the descriptor after the present one is the driver's. */
  #isLastOwned(ring: Ring): boolean {
    return (this.#descriptor(ring, (ring.at + 1) % ring.count).status & OWN) === 0;
  }

  // Memory

  #descriptor(ring: Ring, index: number) {
    const place = (ring.base + index * DESCRIPTOR_SIZE) >>> 0;
    const words = this.#memory(place, DESCRIPTOR_SIZE);
    return {
      place,
      address: words.getUint32(0, true),
      /** It is stored as the two's complement, of 12 bits. */
      length: -words.getInt16(4, true) & 0x0fff,
      status: words.getUint16(6, true),
    };
  }

  #setStatus(place: number, status: number): void {
    this.#port?.memory.write(place + 6, Uint8Array.of(status & 0xff, status >>> 8));
  }

  #writeWord(place: number, value: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    this.#port?.memory.write(place, bytes);
  }

  #memory(address: number, size: number): DataView {
    const bytes = this.#port?.memory.read(address, size) ?? new Uint8Array(size);
    return new DataView(bytes.buffer, bytes.byteOffset, size);
  }

  #update(): void {
    const masked = this.#control & EVENTS & ~((this.#csr[MASKS] ?? 0) & MASKABLE);
    this.#control = masked === 0 ? this.#control & ~INTERRUPTS : this.#control | INTERRUPTS;
    this.#port?.raise(masked !== 0 && (this.#control & ENABLE) !== 0);
  }
}

interface SavedCard {
  readonly address: string;
  readonly csr: readonly number[];
  readonly bcr: readonly number[];
  readonly selected: number;
  readonly isDouble: boolean;
  readonly receive: Ring;
  readonly send: Ring;
  readonly sending: number;
}

/** A ring whose numbers are within bounds. */
function ringOf({ base, count, at }: Ring): Ring {
  const entries = Math.min(Math.max(count >>> 0, 1), MOST_ENTRIES);
  return { base: base >>> 0, count: entries, at: (at >>> 0) % entries };
}

function ringBase(block: DataView, offset: number): number {
  return (block.getUint32(offset, true) & ~15) >>> 0;
}

/** The frame, long enough for Ethernet, with its checksum. */
function withChecksum(frame: Uint8Array): Uint8Array {
  const size = Math.max(frame.length, SHORTEST_FRAME);
  const whole = new Uint8Array(size + CHECKSUM_SIZE);
  whole.set(frame);
  new DataView(whole.buffer).setUint32(size, crc32(whole.subarray(0, size)), true);
  return whole;
}
