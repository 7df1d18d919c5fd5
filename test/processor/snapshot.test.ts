// Tests snapshots: the same future at any point where a processor is stopped, in the same core, another one and
// another process; the format and its version; and damage of every kind, reported and harmless.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { gunzipSync } from "node:zlib";
import * as cpuState from "../../assembly/shared/cpu-state.ts";
import * as memoryMap from "../../assembly/shared/memory-map.ts";
import { STOP_BREAKPOINT } from "../../assembly/shared/stops.ts";
import * as traceRing from "../../assembly/shared/trace-ring.ts";
import { Misuse } from "../../src/errors.ts";
import { labProcessor } from "../../src/lab/lab-processor.ts";
import { CPU_MODEL_NAMES, type Processor } from "../../src/processor/processor.ts";
import {
  readSnapshot,
  restoreProcessor,
  SNAPSHOT_VERSION,
  saveProcessor,
} from "../../src/processor/snapshot.ts";
import { temporaryDirectory } from "../cli/farjal.ts";
import { asm, CODE, DATA, ENDIANS, Guest, li, NOP, R } from "../cpu/guest.ts";
import { Random } from "../support/random.ts";
import { repositoryFile } from "../support/repository.ts";
import { bodyOf, sealed, withBody } from "../support/snapshot-file.ts";
import { coreOf, PROGRAM as FUTURE, stateDigest } from "./future.ts";

const layout = { ...memoryMap, ...cpuState, ...traceRing };

const BOARD = 0x80200000;
/** By then the board's program has made its log: exceptions, TLB, timer, modes. */
const BOARD_STEPS = 20_000;

function board(endian: "little" | "big"): Processor {
  const { core } = new Guest(endian, true, 4 << 20);
  const program = readFileSync(repositoryFile(`test/cpu/board/board.${endian}.bin.gz`));
  core.writeBytes(BOARD & 0x1fffffff, gunzipSync(program));
  core.pc = BOARD;
  return core;
}

const copied = (core: Processor): Processor => coreOf(readSnapshot(saveProcessor(core)));

for (const endian of ENDIANS) {
  suite(`a snapshot, ${endian}-endian`, () => {
    test("taken anywhere, repeatedly, has the future of a run without snapshots", () => {
      const whole = board(endian);
      whole.run(BOARD_STEPS);
      const random = new Random(11);
      let core = board(endian);
      let slots = 0;
      for (let saved = 0; saved < 40; saved += 1) {
        core.run(random.below(BOARD_STEPS / 40));
        if (core.inDelaySlot) slots += 1;
        core = copied(core);
      }
      assert.ok(slots > 0, "some stops are in delay slots");
      core.run(BOARD_STEPS - core.count);
      assert.equal(stateDigest(core), stateDigest(whole));
    });

    test("of every instruction of a loop with delay slots, lab style", () => {
      const start = (): Processor => {
        const guest = new Guest(endian);
        const { core } = guest;
        core.mapPages(0xc0000000, 0x4000, 0x2000, true);
        core.mapPages(0xc0002000, 0x6000, 0x1000, false);
        core.words[layout.RING_CAPACITY / 4] = 8;
        core.words[layout.RING_SLOTS / 4] = 8;
        guest.put(
          CODE,
          ...li(R.a0, 0xc0000ff0),
          asm("addiu", R.a1, R.zero, 6),
          asm("ll", R.v0, 0, R.a0),
          asm("addiu", R.v0, R.v0, 5),
          asm("sc", R.v0, 0, R.a0),
          asm("farjal.trace_site", 0),
          asm("addiu", R.a1, R.a1, -1),
          asm("bne", R.a1, R.zero, -6),
          asm("addiu", R.a0, R.a0, 4),
          asm("beq", R.zero, R.zero, -1),
          NOP,
        );
        core.pc = CODE;
        return core;
      };
      const whole = start();
      whole.run(60);
      for (let at = 0; at <= 60; at += 1) {
        const core = start();
        core.run(at);
        const copy = copied(core);
        assert.equal(copy.inDelaySlot, core.inDelaySlot);
        copy.run(60 - at);
        assert.equal(stateDigest(copy), stateDigest(whole), `after ${at}`);
        const ring = (one: Processor) => one.bytes.slice(layout.RING, layout.RING + 8 * 16);
        assert.deepEqual(ring(copy), ring(whole));
        for (const va of [0xc0000000, 0xc0001000, 0xc0002000]) {
          assert.equal(copy.physicalOf(va, false), whole.physicalOf(va, false));
          assert.equal(copy.physicalOf(va, true), whole.physicalOf(va, true));
        }
      }
    });

    test("is restored in the same core, with its breakpoints, any number of times", () => {
      const core = board(endian);
      core.run(3000);
      const bytes = saveProcessor(core);
      core.setWatches([{ address: core.pc, size: 4, kind: "execute" }]);
      const { pc } = core;
      for (let round = 0; round < 3; round += 1) {
        restoreProcessor(core, readSnapshot(bytes));
        assert.equal(core.run(1), STOP_BREAKPOINT);
        assert.equal(core.pc, pc);
        core.run(500);
      }
      core.setWatches([]);
      restoreProcessor(core, readSnapshot(bytes));
      assert.deepEqual(saveProcessor(core), bytes);
    });

    test("survives the process, between a branch and its delay slot", (context) => {
      const core = board(endian);
      core.run(2000);
      while (!core.inDelaySlot) core.run(1);
      const path = join(temporaryDirectory(context), "state");
      writeFileSync(path, saveProcessor(core));
      const { stdout, status, stderr } = spawnSync(process.execPath, [FUTURE, path, "5000"], {
        encoding: "utf8",
      });
      assert.equal(status, 0, stderr);
      core.run(5000);
      assert.equal(stdout, `${core.pc} ${stateDigest(core)}`);
    });

    test("is refused by another byte order, size of memory or processor", () => {
      const snapshot = readSnapshot(saveProcessor(board(endian)));
      const other = endian === "big" ? "little" : "big";
      for (const core of [
        labProcessor(other, 4 << 20),
        labProcessor(endian, 8 << 20),
        labProcessor(endian, 4 << 20, "4KEc"),
        labProcessor(endian, 4 << 20, "24Kc", { tlbEntries: 32 }),
      ]) {
        const before = stateDigest(core);
        assert.throws(() => restoreProcessor(core, snapshot), Misuse);
        assert.equal(stateDigest(core), before);
      }
    });

    test("names its processor, and makes that one again", () => {
      for (const model of CPU_MODEL_NAMES) {
        for (const tlbEntries of [16, 64]) {
          const core = labProcessor(endian, 1 << 20, model, { tlbEntries });
          const copy = copied(core);
          assert.deepEqual([copy.model, copy.tlbEntries], [model, tlbEntries]);
          assert.equal(stateDigest(copy), stateDigest(core));
        }
      }
    });
  });
}

suite("a snapshot's bytes", () => {
  const whole = Buffer.from(saveProcessor(board("little"), { note: Buffer.from("note") }));

  /** The snapshot with its body or head changed. */
  function forged(change: (body: Buffer, head: Buffer) => Buffer | undefined): Buffer {
    const head = Buffer.from(whole.subarray(0, 32));
    const before = bodyOf(whole);
    const body = change(before, head) ?? before;
    const size = head.readUInt32LE(28);
    const bytes = withBody(whole, body, head);
    bytes.writeUInt32LE(size, 28);
    return sealed(bytes.subarray(0, 32), bytes.subarray(64));
  }

  test("carry a note", () => {
    assert.equal(Buffer.from(readSnapshot(whole).note).toString(), "note");
    readSnapshot(forged(() => undefined));
  });

  test("truncated or changed anywhere are refused", () => {
    for (let size = 0; size < whole.length; size += size < 100 ? 1 : 997) {
      assert.throws(() => readSnapshot(whole.subarray(0, size)), Misuse, String(size));
    }
    const random = new Random(3);
    for (let round = 0; round < 200; round += 1) {
      const bytes = Buffer.from(whole);
      const at = round < 64 ? round : random.below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      assert.throws(() => readSnapshot(bytes), Misuse, `byte ${at}`);
    }
    assert.throws(() => readSnapshot(Buffer.concat([whole, Buffer.alloc(1)])), Misuse);
    assert.throws(() => readSnapshot(new Uint8Array()), /no snapshot/);
  });

  test("of another version are reported as such", () => {
    const bytes = Buffer.from(whole);
    bytes.writeUInt32LE(SNAPSHOT_VERSION + 1, 8);
    assert.throws(() => readSnapshot(bytes), /is of version 9; this farjal reads 6 to 8/);
  });

  test("of version 7 have 50 frames of function_graph's shadow stack, if that has been used", () => {
    const frames = layout.GRAPH_FRAMES - layout.CPU;
    for (const [limit, depth, expected] of [
      [0, 0, 0],
      [50, 0, 50],
      [0, 1, 50],
    ] as const) {
      const bytes = forged((body, head) => {
        head.writeUInt32LE(7, 8);
        body.writeUInt32LE(limit, layout.GRAPH_LIMIT - layout.CPU);
        body.writeUInt32LE(depth, layout.GRAPH_DEPTH - layout.CPU);
        body.writeUInt32LE(0x1234, frames + 49 * layout.GRAPH_FRAME_SIZE);
        const older = body.subarray(0, frames + 50 * layout.GRAPH_FRAME_SIZE);
        const shorter = Buffer.concat([older, body.subarray(layout.CPU_END - layout.CPU)]);
        head.writeUInt32LE(shorter.length, 28);
        return shorter;
      });
      const { words } = coreOf(readSnapshot(bytes));
      assert.equal(words[layout.GRAPH_STACK / 4], expected);
      assert.equal(words[layout.GRAPH_FRAMES / 4 + 49 * 4], 0x1234);
      assert.equal(words[layout.GRAPH_FRAMES / 4 + 50 * 4], 0);
    }
  });

  test("have the state, compressed or not, and an attachment", () => {
    const core = board("big");
    core.run(3000);
    const attachment = Buffer.from("attached");
    for (const compressed of [true, false]) {
      const read = readSnapshot(saveProcessor(core, { attachment, compressed }));
      assert.equal(Buffer.from(read.attachment).toString(), "attached");
      assert.equal(stateDigest(coreOf(read)), stateDigest(core));
    }
    assert.equal(readSnapshot(whole).attachment.length, 0);
  });

  test("say nothing of the slices into which an engine cut the run", () => {
    const core = board("little");
    core.run(3000);
    const bytes = saveProcessor(core);
    core.words[layout.CPU_LIMIT / 4] = 2_000_000;
    core.words[layout.CPU_STOP / 4] = STOP_BREAKPOINT;
    assert.deepEqual(saveProcessor(core), bytes);
  });

  test("with a false compression or size of the attachment are refused", () => {
    const stored = Buffer.from(saveProcessor(board("little"), { compressed: false }));
    for (const bytes of [whole, stored]) {
      for (const [at, value] of [
        [64, 2],
        [64, bytes === whole ? 0 : 1],
        [68, 1],
        [68, bytes.length],
        [68, 0xffffffff],
      ] as const) {
        const rest = Buffer.from(bytes.subarray(64));
        rest.writeUInt32LE(value, at - 64);
        const forged = sealed(Buffer.from(bytes.subarray(0, 32)), rest);
        assert.throws(() => readSnapshot(forged), Misuse, `${at} ${value}`);
      }
    }
  });

  test("with false data and a correct checksum are refused", () => {
    const cpu = (at: number) => at - layout.CPU;
    const afterCpu = layout.CPU_END - layout.CPU;
    const lies: [string, (body: Buffer, head: Buffer) => Buffer | undefined][] = [
      ["memory size", (_, head) => void head.writeUInt32LE(3 << 20, 16)],
      ["no memory", (_, head) => void head.writeUInt32LE(0, 16)],
      ["huge memory", (_, head) => void head.writeUInt32LE(0xffff0000, 16)],
      ["no processor", (_, head) => void head.writeUInt32LE(3, 20)],
      ["TLB", (_, head) => void head.writeUInt32LE(17, 24)],
      ["huge body", (_, head) => void head.writeUInt32LE(0xffffffff, 28)],
      ["small body", (_, head) => void head.writeUInt32LE(100, 28)],
      ["zero register", (body) => void body.writeUInt32LE(1, cpu(layout.CPU_GPR))],
      ["ring", (body) => void body.writeUInt32LE(3, cpu(layout.RING_SLOTS))],
      ["huge ring", (body) => void body.writeUInt32LE(0x80000000, cpu(layout.RING_SLOTS))],
      ["ring's capacity", (body) => void body.writeUInt32LE(8, cpu(layout.RING_CAPACITY))],
      ["clock", (body) => void body.writeUInt32LE(0xffffffff, cpu(layout.CPU_COUNT + 4))],
      ["pages", (body) => void body.writeUInt32LE(0xffffffff, afterCpu)],
      ["more pages than bytes", (body) => void body.writeUInt32LE(0xfffff, afterCpu)],
      ["longer", (body, head) => {
        head.writeUInt32LE(body.length + 1, 28);
        return Buffer.concat([body, Buffer.alloc(1)]);
      }],
    ]; // biome-ignore format: a list
    for (const [what, lie] of lies) assert.throws(() => readSnapshot(forged(lie)), Misuse, what);
  });

  test("can't map pages outside the guest's memory", () => {
    const { core } = new Guest("little");
    core.mapPages(0xc0000000, DATA & 0xfffff, 0x1000, true);
    const bytes = Buffer.from(saveProcessor(core));
    const at = layout.CPU_END - layout.CPU + 4;
    const lie = (offset: number, value: number): Buffer => {
      const body = bodyOf(bytes);
      assert.equal(body.readUInt32LE(at - 4), 1);
      body.writeUInt32LE(value, at + offset);
      return withBody(bytes, body);
    };
    readSnapshot(lie(4, 0x1001));
    for (const physical of [1 << 20, 0xfffff000, 0x10, 0xffffffff]) {
      assert.throws(() => readSnapshot(lie(4, physical)), /damaged \(a mapped page\)/);
    }
    for (const address of [0x80000000, 0xbffff000]) {
      assert.throws(() => readSnapshot(lie(0, address)), /damaged \(a mapped page\)/);
    }
  });

  test("can't have more open functions than the shadow stack holds", () => {
    for (const at of [layout.GRAPH_DEPTH, layout.GRAPH_LIMIT, layout.GRAPH_STACK]) {
      const lie = (value: number): Buffer =>
        forged((body) => {
          body.writeUInt32LE(value, at - layout.CPU);
          return undefined;
        });
      readSnapshot(lie(layout.GRAPH_FRAMES_MOST));
      for (const value of [layout.GRAPH_FRAMES_MOST + 1, 0xffffffff]) {
        assert.throws(() => readSnapshot(lie(value)), /damaged \(its shadow stack\)/);
      }
    }
  });

  test("can't make the core divide by zero: Wired stays below the TLB's size", () => {
    const WIRED = 6 * 8 * 4;
    const bytes = forged((body) => {
      body.writeUInt32LE(16, layout.CPU_CP0 - layout.CPU + WIRED);
      return undefined;
    });
    const core = coreOf(readSnapshot(bytes));
    assert.ok(core.cp0(6) < 16);
    assert.ok(core.cp0(1) < 16);
  });

  test("can't be another processor's than they name", () => {
    for (const [register, changed] of [
      [15 * 8, 0x00018000],
      [16 * 8 + 1, 0xfe190c82],
      [16 * 8, 0x80000082],
    ] as const) {
      const bytes = forged((body) => {
        body.writeUInt32LE(changed, layout.CPU_CP0 - layout.CPU + 4 * register);
        return undefined;
      });
      assert.throws(() => coreOf(readSnapshot(bytes)), /damaged \(its processor\)/);
    }
  });

  test("of an unused machine are small", () => {
    const core = labProcessor("big", 64 << 20);
    const started = performance.now();
    const bytes = saveProcessor(core);
    assert.ok(bytes.length < 2000, `${bytes.length} bytes`);
    assert.ok(performance.now() - started < 2000);
  });

  // The snapshot has the CPU's words in the layout of memory. When this fails, the layout has changed: increase
  // SNAPSHOT_VERSION, and put the new digest here.
  test("mean what their version means", () => {
    const places = Object.entries(layout)
      .filter(([name]) => /^(CPU|RING)_/.test(name))
      .filter(([name]) => !["CPU_SIZE", "RING_SIZE", "RING_HEADER_SIZE"].includes(name))
      .map(([name, at]) => `${name} ${name.endsWith("_SIZE") ? at : at - layout.CPU}`)
      .sort()
      .join("\n");
    const digest = createHash("sha256").update(places).digest("hex").slice(0, 16);
    assert.deepEqual([SNAPSHOT_VERSION, digest], [8, "2e435e665d513c13"]);
  });
});
