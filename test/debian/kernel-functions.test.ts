// Runs functions of Debian's kernel that need no booted kernel, from its own vmlinuz, and compares each with a
// published check value, with the C library's definition, or with what JavaScript computes.

import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { type Argument, type Kernel, Machine, readKernel } from "../../src/index.ts";
import { debian, debianSkip } from "../support/debian.ts";
import { Random } from "../support/random.ts";

const DIGITS = Buffer.from("123456789");
const U32 = 2 ** 32;

suite("functions of a vmlinuz", { skip: debianSkip }, () => {
  let kernel: Kernel;
  let machine: Machine;

  before(async () => {
    kernel = await readKernel(debian?.vmlinuz ?? "");
    machine = await Machine.create({ kernel });
  });

  /** Calls the kernel's own code. @returns v0. */
  function call(name: string, ...args: Argument[]): number {
    assert.equal(machine.importOf(name)?.from, "kernel", name);
    const { v0 } = machine.call(name, args);
    return v0;
  }

  function words(...list: number[]): number {
    const at = machine.memory.alloc(4 * list.length);
    for (const [index, word] of list.entries()) machine.memory.setU32(at + 4 * index, word);
    return at;
  }

  test("checksums have their catalogues' check values", () => {
    assert.equal(~call("crc32_le", U32 - 1, DIGITS, 9) >>> 0, 0xcbf43926, "CRC-32");
    assert.equal(~call("__crc32c_le", U32 - 1, DIGITS, 9) >>> 0, 0xe3069283, "CRC-32C");
    assert.equal(call("crc32_be", U32 - 1, DIGITS, 9), 0x0376e6e7, "CRC-32/MPEG-2");
    const half = call("crc32_le", U32 - 1, DIGITS.subarray(0, 4), 4);
    assert.equal(~call("crc32_le", half, DIGITS.subarray(4), 5) >>> 0, 0xcbf43926);
  });

  for (const tracer of ["function", "function_graph"] as const) {
    test(`${tracer} traces the kernel's own functions`, () => {
      const trace = machine.trace({ tracer, filter: ["int_pow", "mktime64"] });
      assert.equal(call("int_pow", 3, 0, 4), 81);
      assert.equal(call("mktime64", 2026, 11, 30, 1, 2, 3), Date.UTC(2026, 10, 30, 1, 2, 3) / 1000);
      trace.stop();
      const entries = [...trace.events()].filter(({ type }) => type !== "funcgraph_exit");
      assert.deepEqual(
        entries.map(({ name, module }) => [name, module]),
        [
          ["int_pow", null],
          ["mktime64", null],
        ],
      );
    });
  }

  test("strings are compared and measured as in C", () => {
    assert.equal(call("strlen", ""), 0);
    assert.equal(call("strlen", "seven c"), 7);
    assert.equal(call("strcmp", "abc", "abc"), 0);
    assert.ok((call("strcmp", "abc", "abd") | 0) < 0);
    assert.ok((call("strcmp", "abd", "abc") | 0) > 0);
    assert.equal(call("strncmp", "abc", "abd", 2), 0);
    assert.ok((call("memcmp", "abc", "abd", 3) | 0) < 0);
    assert.equal(call("simple_strtoul", "0x1f", 0, 0), 31);
  });

  test("memory is copied, moved and filled at every alignment and length", () => {
    const random = new Random(4);
    const from = machine.memory.alloc(256);
    const to = machine.memory.alloc(256);
    const bytes = Uint8Array.from({ length: 256 }, () => random.below(256));
    machine.memory.write(from, bytes);
    for (let round = 0; round < 64; round++) {
      const [source, target, size] = [random.below(9), random.below(9), random.below(200)] as const;
      machine.memory.write(to, new Uint8Array(256));
      assert.equal(call("memcpy", to + target, from + source, size), to + target);
      const expected = new Uint8Array(256);
      expected.set(bytes.subarray(source, source + size), target);
      assert.deepEqual(machine.memory.read(to, 256), expected);
      call("memmove", to + 3, to, size);
      expected.copyWithin(3, 0, size);
      assert.deepEqual(machine.memory.read(to, 256), expected);
      call("memset", to + target, 0x1a5, size);
      assert.deepEqual(machine.memory.read(to, 256), expected.fill(0xa5, target, target + size));
    }
  });

  test("int_sqrt is the root rounded down", () => {
    for (const value of [0, 1, 2, 3, 4, 99, 100, 0x7fffffff, 0xfffe0000, 0xfffe0001, U32 - 1]) {
      assert.equal(call("int_sqrt", value), Math.floor(Math.sqrt(value)), String(value));
    }
  });

  test("hex_dump_to_buffer writes a line, and the length that it would take", () => {
    const line = machine.memory.alloc(128);
    const full = "31 32 33 34 35 36 37 38 39".padEnd(49);
    assert.equal(call("hex_dump_to_buffer", DIGITS, 9, 16, 1, line, 128, 1), 49 + 9);
    assert.equal(machine.memory.string(line), `${full}123456789`);
    assert.equal(call("hex_dump_to_buffer", DIGITS, 8, 16, 4, line, 128, 0), 17);
    assert.equal(machine.memory.string(line), "34333231 38373635");
    assert.equal(call("hex_dump_to_buffer", DIGITS, 9, 16, 1, line, 6, 0), 26);
    assert.equal(machine.memory.string(line), "31 32");
  });

  test("sort and bsearch go through a comparison in guest code", () => {
    // lw v0,0(a0); lw v1,0(a1); jr ra; subu v0,v0,v1
    const compare = words(0x8c820000, 0x8ca30000, 0x03e00008, 0x00431023);
    const random = new Random(7);
    const list = Array.from({ length: 200 }, () => 2 * random.below(1 << 20));
    const table = words(...list);
    call("sort", table, list.length, 4, compare, 0);
    const sorted = list.toSorted((a, b) => a - b);
    const found = list.map((_, index) => machine.memory.u32(table + 4 * index));
    assert.deepEqual(found, sorted);
    for (const value of [sorted[0], sorted[99], sorted[199]].map((one) => one ?? 0)) {
      const at = call("bsearch", words(value), table, list.length, 4, compare);
      assert.equal(machine.memory.u32(at), value);
    }
    assert.equal(call("bsearch", words((sorted[9] ?? 0) + 1), table, 200, 4, compare), 0);
  });

  test("_mcount returns to its caller's caller, the stack unchanged", () => {
    const mcount = machine.addressOf("_mcount") ?? 0;
    const high = (mcount + 0x8000) >>> 16;
    const site = words(
      0x03a04025, // move t0,sp
      0x3c030000 | high,
      0x24630000 | (mcount & 0xffff),
      0x03e00825, // move at,ra
      0x00006025, // move t4,zero
      0x0060f809, // jalr v1
      0x27bdfff8, // addiu sp,sp,-8
      0x03e00008, // jr ra
      0x011d1023, // subu v0,t0,sp
    );
    const { v0 } = machine.call(site);
    assert.equal(v0, 0);
  });

  test("yield to functions that the host provides", async () => {
    const own = await Machine.create({ kernel });
    own.provide("crc32_le", (guest) => guest.arg(2) + 1);
    assert.equal(own.importOf("crc32_le")?.from, "host");
    assert.equal(own.call("crc32_le", [0, DIGITS, 9]).v0, 10);
    assert.equal(~own.call("__crc32c_le", [U32 - 1, DIGITS, 9]).v0 >>> 0, 0xe3069283);
  });
});
