// What the lab kernel asks the host to do: print, panic, tell the time. src/lab-kernel/hypercalls.S names
// them, in the order of its .lab_hypercalls; a name without a service here is a defect, not a guess.

import { R } from "../../isa/registers.ts";
import { GuestEnd } from "./call.ts";
import type { HostCall, HostFunction } from "./host-functions.ts";
import { formatPrintk, type PrintkArguments } from "./printk.ts";

/** What the services need of the machine. */
export interface ServiceHost {
  log(line: string): void;
  /** Nanoseconds of the run's clock. */
  now(): bigint;
  readonly littleEndian: boolean;
  /** `name+0xoffset/0xsize [module]`, or the bare name. */
  symbolText(address: number, withOffset: boolean): string;
}

const WORD = 4;

/** The services by the names that hypercalls.S gives them. */
export function hostServices(host: ServiceHost): Readonly<Record<string, HostFunction>> {
  const format = (call: HostCall, index: number): string =>
    formatPrintk(call.string(index), variadic(call, index + 1, host));
  const warned = new Set<number>();
  return {
    _printk: (call) => {
      const text = format(call, 0);
      host.log(text);
      return text.length;
    },
    panic: (call) => {
      throw new GuestEnd("panic", `Kernel panic - not syncing: ${format(call, 0)}`);
    },
    __warn_printk: (call) => host.log(format(call, 0)),
    warn_slowpath_fmt: (call) => {
      const at = `${call.string(0)}:${call.arg(1)}`;
      const from = host.symbolText(call.returnAddress, true);
      host.log(`WARNING: CPU: 0 PID: 1 at ${at} ${from}`);
      if (call.arg(3) !== 0) host.log(format(call, 3));
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
      host.log(`refcount_t: ${text}`);
    },
    vsnprintf: (call) => {
      const text = formatPrintk(call.string(2), list(call, call.arg(3), host));
      const size = call.arg(1);
      if (size > 0) {
        const bytes = Buffer.from(`${text.slice(0, size - 1)}\0`, "latin1");
        call.memory.write(call.arg(0), bytes);
      }
      return text.length;
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
/** Its lines by enum refcount_saturation_type (lib/refcount.c); each is told once. */
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
    string: (address, limit) => {
      if (address === 0) return "(null)";
      return call.memory.mapped(address, 1) ? call.memory.string(address, limit) : "(efault)";
    },
    symbol: (address, withOffset) => host.symbolText(address, withOffset),
  };
}
