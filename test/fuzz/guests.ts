// Guest code's calls of host functions as targets: formats, strings and numbers that the guest makes up, in calls of
// printk and its relatives, under a small budget. The fuzzer's limits on time and memory are what is tested: the budget
// must bound the host's work. An input is the registers a0 to a3, then what the pointers among them lead to.

import { Machine } from "../../src/index.ts";
import { EXTREMES } from "../hostile/mutate.ts";
import type { Random } from "../support/random.ts";
import { damage } from "./bytes.ts";
import { endOf } from "./loading.ts";
import type { Target } from "./target.ts";

const FUNCTIONS = [
  "_printk",
  "vsnprintf",
  "__warn_printk",
  "warn_slowpath_fmt",
  "panic",
  "fortify_panic",
  "refcount_warn_saturate",
  "ktime_get",
];
const FORMATS = [
  "%s %d %08x %-20s|%.3s %c %%\n",
  "%pM %pI4 %pI6c %pUb %*ph %pe %pV %pS %px %pK %pOF\n",
  "\x016level %lld %llu %hhd %zu %*.*s\n",
  "%1000000000d %.2147483647s %*d %0-+ #12x %n %w\n",
];
const REGISTERS = 4;
const HEAD = 1 + 4 * REGISTERS;
const LARGEST = 1 << 16;
const BUDGET = 200_000;

/** The place of the text in guest memory; a register with this value becomes a pointer into it. */
const TEXT = 0xfeed0000;
let machines: Promise<Machine>[] | undefined;

async function call(input: Uint8Array): Promise<string> {
  machines ??= [Machine.create({ endian: "little" }), Machine.create({ endian: "big" })];
  const [choice = 0] = input;
  const machine = await (machines[choice & 1] as Promise<Machine>);
  const memory = Buffer.alloc(LARGEST);
  memory.set(input.subarray(HEAD, HEAD + LARGEST - 1));
  const at = machine.memory.alloc(LARGEST, 4096);
  try {
    machine.memory.write(at, memory);
    const registers = Buffer.alloc(4 * REGISTERS);
    registers.set(input.subarray(1, HEAD));
    const words = Array.from({ length: REGISTERS }, (_, index) => {
      const word = registers.readUInt32LE(4 * index);
      return word >>> 16 === TEXT >>> 16 ? at + (word & 0xffff) : word;
    });
    const name = FUNCTIONS[(choice >>> 1) % FUNCTIONS.length] ?? "";
    const { exception } = machine.call(name, words, { budget: BUDGET, throws: false });
    return exception?.kind ?? "returned";
  } catch (error) {
    return endOf(error);
  } finally {
    machine.memory.free(at);
  }
}

function seed(choice: number, format: string): Uint8Array {
  const head = Buffer.alloc(HEAD);
  head[0] = choice;
  // Most functions take a format and its arguments; vsnprintf() takes a buffer, a size, a format and a va_list.
  const pointers = [TEXT, TEXT + 256, TEXT + 512, TEXT + 512];
  const words =
    FUNCTIONS[(choice >>> 1) % FUNCTIONS.length] === "vsnprintf"
      ? [TEXT + 1024, 512, TEXT, TEXT + 512]
      : pointers;
  words.forEach((word, index) => {
    head.writeUInt32LE(word >>> 0, 1 + 4 * index);
  });
  const text = Buffer.alloc(1024);
  text.write(`${format}\0`, "latin1");
  text.write("a string\0", 256, "latin1");
  for (let index = 512; index < 1024; index += 4) text.writeUInt32LE(TEXT + 256, index);
  return Buffer.concat([head, text]);
}

/** Changes a register, or the format by its conversions, or any byte. */
function varyCall(input: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const bytes = Buffer.from(input);
  if (bytes.length < HEAD || random.oneIn(4)) return damage(input, other, random);
  if (random.oneIn(3)) bytes[0] = random.below(256);
  if (random.oneIn(2)) {
    const word = random.oneIn(2) ? TEXT + random.below(1 << 16) : random.pick(EXTREMES);
    bytes.writeUInt32LE(word >>> 0, 1 + 4 * random.below(REGISTERS));
  }
  const conversion = `%${random.pick(["", "-", "0", "#", "+", "*", ".*", String(random.pick(EXTREMES))])}${random.pick(["", ".", ".9", "ll", "h", "z"])}${random.pick([..."sdxucpoiXn%"])}${random.pick(["", "M", "I4", "I6c", "V", "Ub", "h", "e", "S", "OF", "b"])}`;
  const times = random.oneIn(6) ? random.between(1, 4000) : random.between(1, 4);
  const at = HEAD + random.below(64);
  return Buffer.concat([
    bytes.subarray(0, at),
    Buffer.from(conversion.repeat(times), "latin1"),
    bytes.subarray(at + conversion.length),
  ]);
}

export const GUEST_TARGETS: readonly Target[] = [
  {
    name: "host-functions",
    seeds: () =>
      FUNCTIONS.flatMap((_, index) =>
        FORMATS.map((format) => seed(2 * index + (index & 1), format)),
      ),
    vary: varyCall,
    run: call,
  },
];
