// Snapshots as a target: a processor's and a machine's, with any word changed and the checksum corrected, so that the
// checks after the checksum run. A snapshot that is accepted is then run.

import { CPU } from "../../assembly/shared/memory-map.ts";
import { CPU_END } from "../../assembly/shared/trace-ring.ts";
import { Machine } from "../../src/lab/machine.ts";
import { EXTREMES } from "../hostile/mutate.ts";
import type { Random } from "../support/random.ts";
import { repositoryFile } from "../support/repository.ts";
import { bodyOf, withBody } from "../support/snapshot-file.ts";
import { damage } from "./bytes.ts";
import { endOf } from "./loading.ts";
import type { Target } from "./target.ts";

const MEMORY = 4 << 20;
const HEAD_SIZE = 32;
const BUDGET = 20_000;

const machine = await Machine.create({ endian: "little", memory: MEMORY });
await machine.insmod(repositoryFile("test/modules/built/modern-little.ko"), { base: 0xc0000000 });

/** A machine in the middle of a call, and one without a call. */
function seeds(): Uint8Array[] {
  const call = machine.start("work_run", [50], { budget: BUDGET });
  call.advance(2000);
  const saved = machine.save();
  call.close();
  return [saved, machine.save()];
}

function varySnapshot(input: Uint8Array, random: Random): Uint8Array {
  const head = Buffer.from(input.subarray(0, HEAD_SIZE));
  let body = bodyOf(input);
  const cpu = CPU_END - CPU;
  const word = (): number => (random.oneIn(3) ? random.word() : random.pick(EXTREMES));
  for (let times = random.between(1, 4); times > 0; times--) {
    const way = random.below(6);
    if (way === 0) head.writeUInt32LE(word(), 8 + 4 * random.below(5));
    else if (way === 1) {
      // The note, at the end, is JSON.
      const start = body.indexOf('{"making"');
      const text = body.subarray(Math.max(0, start)).toString("latin1");
      const numbers = [...text.matchAll(/-?\d+|null|\[\]|"[^"]*"/g)];
      if (start < 0 || numbers.length === 0) continue;
      const { 0: old, index } = random.pick(numbers);
      const other = random.pick([String(word()), "null", "-1", "[]", "1e999", "{}", '"x"', "0.5"]);
      const note = Buffer.from(
        text.slice(0, index) + other + text.slice(index + old.length),
        "latin1",
      );
      body = Buffer.concat([body.subarray(0, start), note]);
      body.writeUInt32LE(note.length, start - 4);
    } else if (way === 2) {
      body = Buffer.from(damage(body, body, random));
    } else {
      // The registers, then the parts after them: the pages and the ring.
      const from = random.oneIn(2) ? 0 : cpu;
      const size = from === 0 ? cpu : Math.min(4096, body.length - cpu);
      const at = from + 4 * random.below(Math.max(1, size >>> 2));
      if (at >= 0 && at + 4 <= body.length) body.writeUInt32LE(word(), at);
    }
  }
  return withBody(input, body, head);
}

const snapshot: Target = {
  name: "snapshot",
  seeds,
  vary: (input, other, random) => {
    if (random.oneIn(8)) return damage(input, other, random);
    try {
      return varySnapshot(input, random);
    } catch {
      return damage(input, other, random); // an input that was damaged before has no body
    }
  },
  run: (bytes) => {
    try {
      const call = machine.restore(bytes, { budget: BUDGET });
      if (call === null) return "restored";
      const { reason } = call.advance();
      call.close();
      return reason;
    } catch (error) {
      return endOf(error);
    }
  },
};

export const SNAPSHOT_TARGETS: readonly Target[] = [snapshot];
