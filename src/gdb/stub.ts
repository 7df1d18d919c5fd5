// Answers gdb's packets from a Debugger: registers, memory, breakpoints, watchpoints, and the commands to continue. It
// is a function from packet to answer; server.ts runs the guest and holds the connection. An unknown packet gets the
// empty answer, a failed one an error number. Every number in a packet is checked.

import { PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import { Misuse } from "../errors.ts";
import type { Debugger, Watchpoint } from "../processor/debugger.ts";
import type { Halt } from "../processor/stop.ts";
import { PACKET_SIZE } from "./packets.ts";
import { REGISTERS, readRegister, targetDescription, writeRegister } from "./registers.ts";

/**
 * The result of a packet. run, reverse: run this number of steps, or go back one step or to the last halt; the answer is
 * sent when the guest halts.
 */
export type Answer =
  | { readonly kind: "reply"; readonly body: string | Uint8Array }
  | { readonly kind: "run"; readonly steps: number }
  | { readonly kind: "reverse"; readonly step: boolean }
  | { readonly kind: "noAcks" }
  | { readonly kind: "detach" | "kill" };

const OK = reply("OK");
const UNKNOWN = reply("");
const FAULT = reply("E0e"); // EFAULT
const INVALID = reply("E16"); // EINVAL

/** Bytes of memory in one answer: two digits each. */
const MOST_BYTES = PACKET_SIZE / 2;
const UNAVAILABLE = "x".repeat(8);

const WATCH_KINDS: ReadonlyMap<string, Watchpoint["kind"]> = new Map([
  ["2", "write"],
  ["3", "read"],
  ["4", "access"],
]);
const WATCH_WORDS: Readonly<Record<Watchpoint["kind"], string>> = {
  write: "watch",
  read: "rwatch",
  access: "awatch",
};

const SIGINT = 2;
const SIGTRAP = 5;
/** gdb's signals for exceptions, by the manual's names; any other end is SIGABRT. */
const SIGNALS: Readonly<Record<string, number>> = {
  RI: 4, // SIGILL
  CpU: 4,
  Bp: SIGTRAP,
  Tr: SIGTRAP,
  Ov: 8, // SIGFPE
  AdEL: 10, // SIGBUS
  AdES: 10,
  IBE: 10,
  DBE: 10,
  TLBL: 11, // SIGSEGV
  TLBS: 11,
  Mod: 11,
  Sys: 12, // SIGSYS
  budget: 24, // SIGXCPU
};
const SIGABRT = 6;

export class Stub {
  readonly #tool: Debugger;
  readonly #description = Buffer.from(targetDescription());
  /** The signal of the guest's last stop. */
  #stopped: string;
  #swbreak = false;

  constructor(tool: Debugger) {
    this.#tool = tool;
    this.#stopped = signalled(SIGTRAP);
  }

  /** The answer to one packet. */
  answer(packet: Uint8Array): Answer {
    const text = Buffer.from(packet).toString("latin1");
    try {
      return this.#answer(text);
    } catch (error) {
      if (error instanceof Misuse) return INVALID;
      throw error;
    }
  }

  /** The packet that reports a stopped guest. @param interrupted the stop was requested by gdb. */
  stopped(halt: Halt, interrupted: boolean): string {
    this.#stopped = this.#stopReply(halt, interrupted);
    return this.#stopped;
  }

  #stopReply(halt: Halt, interrupted: boolean): string {
    switch (halt.reason) {
      case "returned":
        return "W00";
      case "ended":
        return signalled(SIGNALS[halt.stop.name] ?? SIGABRT);
      case "watchpoint":
        return signalled(SIGTRAP, `${this.#watchWord(halt.address)}:${halt.address.toString(16)};`);
      case "breakpoint":
        return signalled(SIGTRAP, this.#swbreak ? "swbreak:;" : "");
      case "begin":
        return signalled(SIGTRAP, "replaylog:begin;");
      case "steps":
        return signalled(interrupted ? SIGINT : SIGTRAP);
    }
  }

  /** The kind of the watchpoint at the address, in gdb's terms. */
  #watchWord(address: number): string {
    const found = this.#tool.watchpoints.find(
      (one) => address >= one.address && address < one.address + one.size,
    );
    return WATCH_WORDS[found?.kind ?? "access"];
  }

  #answer(text: string): Answer {
    const rest = text.slice(1);
    switch (text[0]) {
      case "?":
        return reply(this.#stopped);
      case "g":
        return reply(this.#registers());
      case "G":
        return this.#setRegisters(rest);
      case "p":
        return this.#register(rest);
      case "P":
        return this.#setRegister(rest);
      case "m":
        return this.#read(rest);
      case "M":
        return this.#write(rest, (data) => fromHex(data));
      case "X":
        return this.#write(rest, (data) => Buffer.from(data, "latin1"));
      case "c":
      case "s":
        return this.#resume(text[0], rest);
      case "C":
      case "S":
        return this.#resume(text[0].toLowerCase(), rest.split(";")[1] ?? "");
      case "Z":
      case "z":
        return this.#watch(text[0] === "Z", rest);
      case "H": // selects a thread; there is only one
      case "T":
        return OK;
      case "D":
        return { kind: "detach" };
      case "k":
        return { kind: "kill" };
      case "b":
        return this.#reverse(rest);
      case "v":
        return this.#multiLetter(text);
      case "q":
      case "Q":
        return this.#query(text);
      default:
        return UNKNOWN;
    }
  }

  #multiLetter(text: string): Answer {
    if (text === "vCont?") return reply("vCont;c;C;s;S");
    if (text.startsWith("vKill")) return { kind: "kill" };
    const action = /^vCont;([cCsS])/.exec(text)?.[1];
    return action === undefined ? UNKNOWN : this.#resume(action.toLowerCase(), "");
  }

  #query(text: string): Answer {
    const [name = ""] = text.split(/[:,;]/);
    switch (name) {
      case "qSupported":
        this.#swbreak = text.includes("swbreak+");
        return reply(
          `PacketSize=${PACKET_SIZE.toString(16)};QStartNoAckMode+;qXfer:features:read+;` +
            `swbreak+;vContSupported+${this.#tool.recording ? ";ReverseStep+;ReverseContinue+" : ""}`,
        );
      case "QStartNoAckMode":
        return { kind: "noAcks" };
      case "qXfer":
        return this.#transfer(text);
      case "qAttached":
        return reply("1");
      case "qC":
        return reply("QC1");
      case "qfThreadInfo":
        return reply("m1");
      case "qsThreadInfo":
        return reply("l");
      case "qSymbol":
        return OK;
      default:
        return UNKNOWN;
    }
  }

  #transfer(text: string): Answer {
    const [, offset, size] =
      /^qXfer:features:read:target\.xml:([0-9a-f]{1,8}),([0-9a-f]{1,8})$/.exec(text) ?? [];
    if (offset === undefined || size === undefined) return reply("E00");
    const from = Number.parseInt(offset, 16);
    const to = from + Math.min(Number.parseInt(size, 16), MOST_BYTES);
    const more = to < this.#description.length ? "m" : "l";
    return reply(Buffer.concat([Buffer.from(more), this.#description.subarray(from, to)]));
  }

  // Registers

  #registers(): string {
    return Array.from({ length: REGISTERS }, (_, number) => this.#registerDigits(number)).join("");
  }

  #registerDigits(number: number): string {
    const value = readRegister(this.#tool.processor, number);
    return value === undefined ? UNAVAILABLE : toHex(this.#ordered(value));
  }

  /** Writes a register; another value changes the course of the run, so its history begins anew. */
  #put(number: number, value: number): void {
    const { processor } = this.#tool;
    if (readRegister(processor, number) === value) return;
    writeRegister(processor, number, value);
    this.#tool.changed();
  }

  #setRegisters(digits: string): Answer {
    const words = digits.match(/.{8}/g) ?? [];
    if (words.length * 8 !== digits.length || words.length > REGISTERS) return INVALID;
    for (const [number, word] of words.entries()) {
      if (word !== UNAVAILABLE) this.#put(number, this.#value(word));
    }
    return OK;
  }

  #register(text: string): Answer {
    const number = address(text);
    return number < REGISTERS ? reply(this.#registerDigits(number)) : INVALID;
  }

  #setRegister(text: string): Answer {
    const [number = "", digits = ""] = text.split("=");
    if (address(number) >= REGISTERS) return INVALID;
    this.#put(address(number), this.#value(digits));
    return OK;
  }

  // Memory

  #read(text: string): Answer {
    const [at, size] = range(text);
    const bytes = this.#reachable(at, Math.min(size, MOST_BYTES));
    if (bytes === 0 && size > 0) return FAULT;
    return reply(toHex(this.#tool.memory.read(at, bytes)));
  }

  #write(text: string, decode: (data: string) => Uint8Array): Answer {
    const colon = text.indexOf(":");
    const [at, size] = range(text.slice(0, Math.max(colon, 0)));
    const bytes = decode(text.slice(colon + 1));
    if (bytes.length !== size) return INVALID;
    if (this.#reachable(at, size) < size) return FAULT;
    if (bytes.length === 0) return OK; // gdb's question whether X is supported
    this.#tool.memory.write(at, bytes);
    this.#tool.changed();
    return OK;
  }

  /** The number of bytes that can be read before the first unmapped page. */
  #reachable(at: number, size: number): number {
    const end = Math.min(at + size, 2 ** 32);
    let reached = at;
    while (reached < end && this.#tool.memory.mapped(reached, 1)) {
      reached = Math.min(end, reached - (reached % PAGE_SIZE) + PAGE_SIZE);
    }
    return reached - at;
  }

  // Running

  #reverse(action: string): Answer {
    if ((action !== "s" && action !== "c") || !this.#tool.recording) return UNKNOWN;
    return { kind: "reverse", step: action === "s" };
  }

  #resume(action: string, where: string): Answer {
    if (where !== "") this.#put(37, address(where));
    return { kind: "run", steps: action === "s" ? 1 : Number.POSITIVE_INFINITY };
  }

  /** Sets or removes; Z and z may be repeated, without further effect. */
  #watch(set: boolean, text: string): Answer {
    const [type = "", ...place] = text.split(";")[0]?.split(",") ?? [];
    const [at, size] = range(place.join(","));
    if (type === "0" || type === "1") {
      const known = this.#tool.breakpoints.includes(at);
      if (set && !known) this.#tool.addBreakpoint(at);
      if (!set) this.#tool.removeBreakpoint(at);
      return OK;
    }
    const kind = WATCH_KINDS.get(type);
    if (kind === undefined) return UNKNOWN;
    const watchpoint: Watchpoint = { address: at, size, kind };
    this.#tool.removeWatchpoint(watchpoint);
    if (set) this.#tool.addWatchpoint(watchpoint);
    return OK;
  }

  /** The value of a word from its bytes in the guest's order. */
  #value(digits: string): number {
    const bytes = fromHex(digits);
    if (bytes.length !== 4) throw new Misuse(`${digits} is not a register's value`);
    return Buffer.from(this.#inOrder(bytes)).readUInt32BE();
  }

  #ordered(value: number): Uint8Array {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return this.#inOrder(bytes);
  }

  /** Turns a big-endian word into the guest's order, and back. */
  #inOrder(bytes: Uint8Array): Uint8Array {
    return this.#tool.processor.endian === "big" ? bytes : bytes.toReversed();
  }
}

function reply(body: string | Uint8Array): Answer {
  return { kind: "reply", body };
}

/** `T`, the signal, further facts, and the only thread. */
function signalled(signal: number, more = ""): string {
  return `T${signal.toString(16).padStart(2, "0")}${more}thread:1;`;
}

/** An address in hexadecimal; gdb may have sign-extended a 32-bit address to 64 bits. */
function address(text: string): number {
  const digits = /^(?:f{8}|0{0,8})?([0-9a-f]{1,8})$/i.exec(text)?.[1];
  if (digits === undefined) throw new Misuse(`'${text}' is not an address`);
  return Number.parseInt(digits, 16);
}

/** `address,size`, both in hexadecimal. */
function range(text: string): [number, number] {
  const [at = "", size = ""] = text.split(",");
  return [address(at), address(size)];
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function fromHex(digits: string): Uint8Array {
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) {
    throw new Misuse("these are not bytes in hexadecimal");
  }
  return Buffer.from(digits, "hex");
}
