// The packets of GDB's remote serial protocol: `$body#checksum`, acknowledged with + or -, with framing bytes escaped
// in the body. This file does not interpret packets. The bytes from the client may be anything: noise between packets
// is reported as noise, and a body that is too long or has a wrong checksum is refused.

/** Bytes of a body, in either direction; gdb is given this limit. */
export const PACKET_SIZE = 0x4000;

const START = 0x24; // $
const END = 0x23; // #
const ESCAPE = 0x7d; // }
const RUN_LENGTH = 0x2a; // *
const ACK = 0x2b; // +
const NAK = 0x2d; // -
const INTERRUPT = 0x03;
const FLIP = 0x20;

/** What the bytes contain, in order. */
export type Received =
  | { readonly kind: "packet"; readonly body: Uint8Array }
  /** A packet whose checksum is wrong, or that is too long. */
  | { readonly kind: "damaged" }
  | { readonly kind: "ack" | "nak" | "interrupt" }
  /** A byte between packets that the protocol has no meaning for. */
  | { readonly kind: "noise" };

/** Extracts packets from a stream that arrives in pieces of any length. */
export class PacketReader {
  /** The body so far, still escaped; null between packets. */
  #body: number[] | null = null;
  /** The digits after # that have arrived; null before the #. */
  #digits: string | null = null;

  *read(bytes: Uint8Array): Generator<Received> {
    for (const byte of bytes) {
      const received = this.#take(byte);
      if (received !== undefined) yield received;
    }
  }

  #take(byte: number): Received | undefined {
    if (this.#body === null) return this.#between(byte);
    if (this.#digits !== null) return this.#checksum(byte, this.#body);
    if (byte === END) {
      this.#digits = "";
    } else if (byte === START) {
      // A new packet begins before the previous one ended.
      this.#body = [];
    } else if (this.#body.length >= PACKET_SIZE) {
      this.#body = null;
      return { kind: "damaged" };
    } else {
      this.#body.push(byte);
    }
    return undefined;
  }

  #between(byte: number): Received | undefined {
    switch (byte) {
      case START:
        this.#body = [];
        return undefined;
      case ACK:
        return { kind: "ack" };
      case NAK:
        return { kind: "nak" };
      case INTERRUPT:
        return { kind: "interrupt" };
      default:
        return { kind: "noise" };
    }
  }

  #checksum(byte: number, body: readonly number[]): Received | undefined {
    const digits = this.#digits + String.fromCharCode(byte);
    this.#digits = digits;
    if (digits.length < 2) return undefined;
    this.#body = null;
    this.#digits = null;
    const right = /^[0-9a-f]{2}$/i.test(digits) && Number.parseInt(digits, 16) === sum(body);
    return right ? { kind: "packet", body: unescaped(body) } : { kind: "damaged" };
  }
}

/** A body, framed for the wire. Text is encoded as Latin-1. */
export function framed(body: Uint8Array | string): Uint8Array {
  const plain = typeof body === "string" ? Buffer.from(body, "latin1") : body;
  const escaped: number[] = [];
  for (const byte of plain) {
    const special = byte === START || byte === END || byte === ESCAPE || byte === RUN_LENGTH;
    if (special) escaped.push(ESCAPE, byte ^ FLIP);
    else escaped.push(byte);
  }
  const checksum = sum(escaped).toString(16).padStart(2, "0");
  return Buffer.concat([Buffer.from("$"), Uint8Array.from(escaped), Buffer.from(`#${checksum}`)]);
}

function unescaped(body: readonly number[]): Uint8Array {
  const plain: number[] = [];
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at] ?? 0;
    if (byte === ESCAPE && at + 1 < body.length) {
      at += 1;
      plain.push((body[at] ?? 0) ^ FLIP);
    } else {
      plain.push(byte);
    }
  }
  return Uint8Array.from(plain);
}

function sum(bytes: readonly number[]): number {
  return bytes.reduce((total, byte) => (total + byte) & 0xff, 0);
}
