// The host services of the lab kernel: printing, panic, the time. src/lab-kernel/hypercalls.S names them, in the order
// of its .lab_hypercalls section. A name without a service here is a defect and is reported as an error.

import { latin1Bytes } from "../../bytes/text.ts";
import { R } from "../../isa/registers.ts";
import type { PrintkArguments, PrintkMemory } from "../printk/arguments.ts";
import { format } from "../printk/format.ts";
import { LONGEST_RECORD } from "../printk/log.ts";
import { FormattedText } from "../printk/text.ts";
import { GuestEnd } from "./call.ts";
import type { HostCall } from "./host-call.ts";
import type { HostFunction } from "./host-functions.ts";

/** What the services need from the machine. */
export interface ServiceHost {
  /** Stores the text of one printk, with its level in front. @returns the characters stored. */
  log(text: string): number;
  /** Nanoseconds of the run's clock. */
  now(): bigint;
  readonly littleEndian: boolean;
  /** `name+0xoffset/0xsize [module]`, or the bare name. */
  symbolText(address: number, withOffset: boolean): string;
}

const WORD = 4;
const INT_MAX = 0x7fff_ffff;
/** Characters of a format and of its text that are covered by the cost of the call. */
const FREE_WORK = 1024;
/** Further characters per step charged: handling them costs the host no more than one guest step. */
const WORK_OF_A_STEP = 8;

/** The services, by their names in hypercalls.S. */
export function hostServices(host: ServiceHost): Readonly<Record<string, HostFunction>> {
  const record = (call: HostCall, index: number): string => {
    const text = new FormattedText(LONGEST_RECORD, LONGEST_RECORD);
    return formatted(text, call, call.arg(index), variadic(call, index + 1, host)).text;
  };
  const line = (text: string): void => void host.log(`${text}\n`);
  const warned = new Set<number>();
  return {
    _printk: (call) => host.log(record(call, 0)),
    panic: (call) => {
      throw new GuestEnd("panic", `Kernel panic - not syncing: ${record(call, 0)}`);
    },
    __warn_printk: (call) => void host.log(record(call, 0)),
    warn_slowpath_fmt: (call) => {
      const at = `${call.string(0)}:${call.arg(1)}`;
      const from = host.symbolText(call.returnAddress, true);
      line(`WARNING: CPU: 0 PID: 1 at ${at} ${from}`);
      if (call.arg(3) !== 0) host.log(record(call, 3));
    },
    __stack_chk_fail: (call) => {
      const from = host.symbolText(call.returnAddress, true);
      throw new GuestEnd(
        "panic",
        `Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: ${from}`,
      );
    },
    fortify_panic: (call) => {
      throw new GuestEnd("panic", `detected buffer overflow in ${call.string(0)}`);
    },
    refcount_warn_saturate: (call) => {
      call.memory.setU32(call.arg(0), REFCOUNT_SATURATED);
      const text = REFCOUNT_WARNINGS[call.arg(1)] ?? "unknown saturation event!?.";
      if (warned.has(call.arg(1))) return;
      warned.add(call.arg(1));
      line(`refcount_t: ${text}`);
    },
    vsnprintf: (call) => {
      const size = call.arg(1);
      // WARN_ON_ONCE(size > INT_MAX)
      if (size > INT_MAX) return 0;
      const text = new FormattedText(Math.max(size - 1, 0));
      formatted(text, call, call.arg(2), list(call, call.arg(3), host));
      if (size > 0) call.memory.write(call.arg(0), latin1Bytes(`${text.text}\0`));
      return Math.min(text.length, INT_MAX);
    },
    ktime_get: (call) => {
      const now = host.now();
      const low = Number(BigInt.asUintN(32, now));
      const high = Number(now >> 32n);
      call.setRegister(R.v1, host.littleEndian ? high : low);
      return host.littleEndian ? low : high;
    },
  };
}

/** What refcount_warn_saturate() leaves in the counter, far from both ends. */
const REFCOUNT_SATURATED = 0xc0000000;
/** Its messages by enum refcount_saturation_type (lib/refcount.c); each is printed once. */
const REFCOUNT_WARNINGS = [
  "saturated; leaking memory.",
  "saturated; leaking memory.",
  "addition on 0; use-after-free.",
  "underflow; use-after-free.",
  "decrement hit 0; leaking memory.",
];

/** The variable arguments of a call, from argument `first` on. */
function variadic(call: HostCall, first: number, host: ServiceHost): PrintkArguments {
  return argumentsFrom(call, first, (index) => call.arg(index), host);
}

/** The arguments of a va_list: words in memory. */
function list(call: HostCall, address: number, host: ServiceHost): PrintkArguments {
  const first = address / WORD;
  return argumentsFrom(call, first, (index) => call.memory.u32(index * WORD), host);
}

function argumentsFrom(
  call: HostCall,
  first: number,
  read: (index: number) => number,
  host: ServiceHost,
): PrintkArguments {
  let next = first;
  return {
    word: () => read(next++),
    doubleWord: () => {
      next += next % 2;
      const [a, b] = [BigInt(read(next)), BigInt(read(next + 1))];
      next += 2;
      return host.littleEndian ? (b << 32n) | a : (a << 32n) | b;
    },
    memory: memoryOf(call, host),
  };
}

function memoryOf(call: HostCall, host: ServiceHost): PrintkMemory {
  const { memory } = call;
  return {
    littleEndian: host.littleEndian,
    bytes: (address, size) =>
      memory.mapped(address, size) ? memory.read(address, size) : undefined,
    string: (address, limit) =>
      memory.mapped(address, 1) ? memory.string(address, limit) : undefined,
    symbol: (address, withOffset) => host.symbolText(address, withOffset),
    list: (address) => list(call, address, host),
  };
}

/**
 * Formats a text and charges the host's cost to the budget. The format, its widths and its strings come from the
 * guest, and hostile ones may be a thousand times as long as usual ones.
 */
function formatted(
  out: FormattedText,
  call: HostCall,
  address: number,
  args: PrintkArguments,
): FormattedText {
  const text = call.memory.string(address);
  format(out, text, args);
  call.charge(Math.floor(Math.max(0, text.length + out.work - FREE_WORK) / WORK_OF_A_STEP));
  return out;
}
