// The tasks of a running Linux, by name and pid, as its traces name them. In kernel mode register gp holds the task's
// struct thread_info, whose first word points at its task_struct. Where that has comm and pid depends on the
// configuration; it is found in the kernel's image by the structure of init_task, which INIT_TASK fills in statically:
// it is its own real_parent, parent and group_leader, and its comm is "swapper" (init/init_task.c).

import { KSEG0, KSEG1 } from "../../assembly/shared/memory-map.ts";
import { indexOfBytes, latin1, latin1Bytes } from "../bytes/text.ts";
import { Words } from "../bytes/words.ts";
import type { TraceTask } from "../ftrace/text/function-text.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { OBSERVED_TASKS } from "../limits.ts";
import type { Processor } from "../processor/processor.ts";

const COMM = latin1Bytes("swapper\0");
const COMM_SIZE = 16;
const GP = 28;
/** A task_struct has a few KiB. */
const LARGEST = 0x4000;
const DIRECT = 0x1fffffff;
/** real_parent, parent, two list heads, group_leader. */
const GROUP_LEADER = 6;

interface TaskLayout {
  readonly comm: number;
  /** The offset of real_parent, before which are pid, tgid and, with CONFIG_STACKPROTECTOR, the stack's canary. */
  readonly parent: number;
  /** The address of init_task in the file. */
  readonly init: number;
}

/** Finds where task_struct has its fields; null when the image doesn't show it. */
export function taskLayout({ image, endian }: Kernel): TaskLayout | null {
  if (image === null || endian === null) return null;
  const words = new Words(image.bytes, endian);
  for (
    let at = indexOfBytes(image.bytes, COMM);
    at >= 0;
    at = indexOfBytes(image.bytes, COMM, at + 1)
  ) {
    if (at % 4 !== 0) continue;
    for (let back = at - 4; back >= Math.max(0, at - LARGEST); back -= 4) {
      const task = words.u32(back);
      const start = task - image.address;
      if (start < 0 || start > back || at - start > LARGEST || start % 4 !== 0) continue;
      if (words.u32(back + 4) !== task || words.u32(back + 4 * GROUP_LEADER) !== task) continue;
      return { comm: at - start, parent: back - start, init: task };
    }
  }
  return null;
}

export class Tasks {
  readonly #processor: Processor;
  readonly #layout: TaskLayout | null;
  readonly #all: TraceTask[] = [];
  /** The numbers in #all, by pid and name. */
  readonly #numbers = new Map<string, number>();
  /** By task_struct: comm's words and the pid as they were, and the number. */
  readonly #known = new Map<number, { readonly key: readonly number[]; readonly number: number }>();
  #slide = 0;

  constructor(processor: Processor, kernel: Kernel) {
    this.#processor = processor;
    this.#layout = taskLayout(kernel);
  }

  /** How far the kernel has moved itself. */
  set slide(slide: number) {
    this.#slide = slide;
  }

  /** What identifies the running task's stack of calls. */
  get thread(): number {
    return this.#processor.gpr(GP);
  }

  /** The running task's number, for task(). */
  get current(): number {
    const layout = this.#layout;
    const task = this.#word(this.thread);
    if (layout === null || task === undefined) return this.#number("<...>", 0);
    const at = this.#offsetOf(task + layout.comm);
    if (at === undefined) return this.#number("<...>", 0);
    const words = [0, 4, 8, 12].map((offset) => this.#processor.ramWord(at + offset));
    const pid = this.#word(task + this.#pidAt(layout)) ?? 0;
    const known = this.#known.get(task);
    if (known?.key[4] === pid && words.every((word, index) => known.key[index] === word)) {
      return known.number;
    }
    const number = this.#number(pid === 0 ? "<idle>" : this.#text(at), pid | 0);
    if (this.#known.size >= OBSERVED_TASKS) this.#known.clear();
    this.#known.set(task, { key: [...words, pid], number });
    return number;
  }

  task(number: number): TraceTask {
    return this.#all[number] ?? { name: "<...>", pid: 0 };
  }

  #number(name: string, pid: number): number {
    const key = `${pid} ${name}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    if (this.#all.length >= OBSERVED_TASKS) return 0;
    this.#numbers.set(key, this.#all.length);
    return this.#all.push({ name, pid }) - 1;
  }

  /** The boot sets init_task's canary, which is where tgid would be without one, and 0. */
  #pidAt({ init, parent }: TaskLayout): number {
    const hasCanary = this.#word(init + this.#slide + parent - 4) !== 0;
    return parent - (hasCanary ? 12 : 8);
  }

  #text(physical: number): string {
    const bytes = this.#processor.readBytes(physical, COMM_SIZE);
    const end = bytes.indexOf(0);
    return latin1(end < 0 ? bytes : bytes.subarray(0, end));
  }

  #word(address: number): number | undefined {
    const at = this.#offsetOf(address);
    return at === undefined ? undefined : this.#processor.ramWord(at);
  }

  /** The physical address of a word in kseg0, if there is such a word. */
  #offsetOf(address: number): number | undefined {
    const isDirect = address >= KSEG0 && address < KSEG1 && address % 4 === 0;
    const physical = address & DIRECT;
    return isDirect && physical + COMM_SIZE <= this.#processor.directSize ? physical : undefined;
  }
}
