// Tests the reader and writer of structures: offsets and sizes are those that gcc gives for o32, values are checked, and
// both byte orders read what they wrote.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Misuse } from "../../src/errors.ts";
import { Machine } from "../../src/lab/machine.ts";
import type { Layout } from "../../src/lab/structs/layout.ts";

/**
 * From `mips-linux-gnu-gcc -mabi=32`: offsetof() and sizeof() of the structures with these members.
 * struct { char a; u64 b; u16 c; char d[3]; }, struct { u8 a; struct { u16 x; u32 y; } in[2]; bool b; }.
 */
const MIXED: Layout = { a: "char", b: "u64", c: "u16", d: "char[3]" };
const NESTED: Layout = { a: "u8", in: [{ x: "u16", y: "u32" }, 2], b: "bool" };

for (const endian of ["little", "big"] as const) {
  suite(`structures, ${endian}-endian`, () => {
    test("are placed as o32 places them", async () => {
      const machine = await Machine.create({ endian });
      const mixed = machine.struct(MIXED);
      assert.equal(mixed.size, 24);
      assert.deepEqual(
        ["a", "b", "c", "d"].map((name) => mixed.offsetOf(name)),
        [0, 8, 16, 18],
      );
      const nested = machine.struct(NESTED);
      assert.equal(nested.size, 24);
      assert.deepEqual([nested.offsetOf("in"), nested.offsetOf("b")], [4, 20]);
    });

    test("are read as they were written, 64 bits and text included", async () => {
      const machine = await Machine.create({ endian });
      const mixed = machine.struct(MIXED);
      const at = mixed.alloc({ a: -1, b: 0x1_0000_0002n, c: 0xbeef, d: "ab" });
      assert.deepEqual(mixed.read(at), { a: -1, b: 0x1_0000_0002n, c: 0xbeef, d: "ab" });
      assert.equal(machine.memory.u16(at + 16), 0xbeef);
      assert.equal(machine.memory.u64(at + 8), 0x1_0000_0002n);
      const high = machine.memory.u32(at + (endian === "little" ? 12 : 8));
      assert.equal(high, 1);
      mixed.write(at, { c: 7 });
      assert.deepEqual(mixed.read(at), { a: -1, b: 0x1_0000_0002n, c: 7, d: "ab" });
      const nested = machine.struct(NESTED);
      const other = nested.alloc({ in: [{ x: 1, y: 2 }, { y: 4 }], b: 1 });
      assert.deepEqual(nested.read(other), {
        a: 0,
        in: [
          { x: 1, y: 2 },
          { x: 0, y: 4 },
        ],
        b: 1,
      });
      machine.memory.free(at);
    });

    test("point to texts, bytes and addresses", async () => {
      const machine = await Machine.create({ endian });
      const list = machine.struct({ name: "ptr", data: "ptr", next: "ptr" });
      const first = list.alloc();
      const second = list.alloc({ name: "eth0", data: Uint8Array.of(1, 2), next: first });
      const { name, data, next } = list.read(second);
      assert.equal(machine.memory.string(name as number), "eth0");
      assert.deepEqual([...machine.memory.read(data as number, 2)], [1, 2]);
      assert.equal(next, first);
    });
  });
}

test("what doesn't fit, doesn't exist or has no type is a Misuse", async () => {
  const machine = await Machine.create();
  const one = machine.struct({ mtu: "u16", name: "char[4]", list: "u8[2]", wide: "u64" });
  const wrong: [Record<string, unknown>, RegExp][] = [
    [{ mtu: 65536 }, /65536 doesn't fit into 16 bits/],
    [{ mtu: 1.5 }, /1\.5 is no whole number of 16 bits/],
    [{ mtu: "5" }, /"5" is no whole number/],
    [{ mut: 5 }, /no member 'mut'; did you mean 'mtu'\?/],
    [{ name: "eth10" }, /has 5 bytes, and the array has 4/],
    [{ list: [1, 2, 3] }, /3 elements are given for an array of 2/],
    [{ list: 5 }, /an array is written from a list, not from 5/],
    [{ wide: 2n ** 64n }, /doesn't fit into 64 bits/],
  ];
  for (const [values, says] of wrong) {
    assert.throws(
      () => one.alloc(values as never),
      (error) => error instanceof Misuse && says.test(error.message),
      String(says),
    );
  }
  for (const [layout, says] of [
    [{ a: "int" }, /'int' is no type: take u8, /],
    [{ a: "u32[0]" }, /can't have 0 elements/],
    [{ a: "u8[9999999999]" }, /can't have 9999999999 elements/],
    [{}, /at least one member/],
    [{ a: null }, /a layout has members/],
  ] as const) {
    assert.throws(
      () => machine.struct(layout as never),
      (error) => error instanceof Misuse && says.test(error.message),
      String(says),
    );
  }
});
