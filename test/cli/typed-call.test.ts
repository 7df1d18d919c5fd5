// Tests calls of functions whose types the module's debugging information has: structures by the names of their members,
// results by their type, arguments checked against the prototype; and what `run` says without a call.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { openDebugInfo } from "../../src/dwarf/debug-info.ts";
import { DebugTypes } from "../../src/dwarf/types.ts";
import { Machine } from "../../src/lab/machine.ts";
import { readModule } from "../../src/module/file/file.ts";
import { assertMisuse, builtModule, farjal, farjalJson, ORDERS } from "./farjal.ts";

for (const order of ORDERS) {
  const card = builtModule("card", order);
  const run = (call: string, ...lets: string[]) =>
    farjalJson(["run", card, "--call", call, ...lets.flatMap((text) => ["--let", text])]);

  test(`a structure is given by its members' names, and shown afterwards, ${order}-endian`, () => {
    const words = ["run", card, "--call", "card_grow(inout:g, 3)"];
    const value = 'g={mtu:5, next:0, name:"x", up:1, stats:{errors:7}}';
    const { code, stdout } = farjal([...words, "--let", value]);
    assert.equal(code, 0);
    assert.match(stdout, /^card_grow\(inout:g, 3\) = 0x00000008 \(8\)$/m);
    assert.match(stdout, /^ {2}mtu +8 \(0x8\)$/m);
    assert.match(stdout, /^ {2}name +"x"$/m);
    assert.match(
      stdout,
      /^ {2}stats +\{ rx_bytes: 5000000000 \(0x12a05f200\), errors: 7 \(0x7\) \}$/m,
    );
    assert.match(stdout, /^ {2}up +1 \(0x1\)\n {2}speed +5 \(0x5\)$/m);
  });

  test(`structures point to others, to text and to files, ${order}-endian`, () => {
    assert.equal(run("card_count(g)", 'g={buf:"a", next:h}', "h={mtu:1}").json.v0, 97 + 1);
    assert.equal(run('card_count({buf:"a", next:{next:0}})').json.v0, 97 + 1);
    assert.equal(run(`card_count({buf:@${card}})`).json.v0, 0x7f);
    assert.equal(run("card_count(struct card{mtu:1})").json.v0, 1);
  });

  test(`results have their types, and 64-bit arguments their width, ${order}-endian`, () => {
    assert.equal(run("card_name(g)", 'g={name:"eth0"}').json.result, "eth0");
    assert.equal(
      run("card_bytes(g, 7)", "g={stats:{rx_bytes:5000000000}}").json.result,
      "0x000000012a05f207",
    );
    assert.equal(run("card_is_up({up:1})").json.result, true);
    assert.equal(run("card_is_up({speed:7})").json.result, false);
    assert.equal(run("card_reset({mtu:1})").json.result, null);
    const error = farjal(["run", card, "--call", "card_error(0, 1)"]).stdout;
    assert.match(error, /= 0xffffffea \(4294967274, -22\)$/m);
  });

  test(`arguments are checked against the prototype, ${order}-endian`, () => {
    for (const [call, says] of [
      [
        "card_grow(g)",
        /has 1 argument, and 2 are needed: u32 card_grow\(struct card \*card, u32 by\)/,
      ],
      ["card_grow(g, 1, 2)", /has 3 arguments, and 2 are needed/],
      ["card_grow(g, 5ll)", /5ll has 64 bits, and the parameter hasn't/],
      ['card_grow(g, "5")', /is memory, and a number is wanted/],
      ["card_error(g, 300)", /300 doesn't fit into 8 bits/],
      [
        "card_grow({mut:5}, 1)",
        /the type of member 'mut' isn't known|no member 'mut'; did you mean 'mtu'/,
      ],
      ["card_grow({mtu:5000000000}, 1)", /5000000000 doesn't fit into 32 bits/],
      ['card_grow({name:"0123456789abcdefg"}, 1)', /has 17 bytes, and the array has 16/],
      ["card_grow({speed:8}, 1)", /8 doesn't fit into 3 bits/],
      ["card_grow(struct crad{mtu:5}, 1)", /no struct crad/],
    ] as const) {
      assertMisuse(farjal(["run", card, "--call", call, "--let", "g={mtu:1}"]), says);
    }
  });

  test(`run without a call lists what can be called, ${order}-endian`, () => {
    const { code, stdout } = farjal(["run", card]);
    assert.equal(code, 0);
    assert.match(stdout, /^7 functions of card can be called/);
    assert.match(stdout, /^ {2}const char \*card_name\(const struct card \*card\) +\d+ bytes$/m);
    const plain = farjalJson(["run", builtModule("modern", order)]).json.functions;
    const found = plain.find(({ name }: { name: string }) => name === "work_run");
    assert.equal(found.prototype, null);
    assert.ok(found.size > 0);
  });

  test(`--init alone runs the init function, and traces it, ${order}-endian`, () => {
    const init = builtModule("init", order);
    const ran = farjalJson(["run", init, "--init"]);
    assert.deepEqual([ran.code, ran.json.log], [0, ["init: level 3, mask 0xff, label unset"]]);
    const { code, json } = farjalJson(["trace", init, "--init"]);
    assert.equal(code, 0);
    assert.deepEqual(json.events.map(({ func }: { func: string }) => func).slice(0, 1), [
      "init_start",
    ]);
    const failed = farjalJson(["trace", init, "--init", "--param", "level=-1"]);
    assert.deepEqual([failed.code, failed.json.errno], [1, "EINVAL"]);
    assert.equal(farjal(["run", card, "--init"]).code, 1);
  });

  test(`structures of the debugging information are read and written in Node, ${order}-endian`, async () => {
    const file = readModule(readFileSync(card));
    const info = openDebugInfo(file.elf);
    assert.ok(info !== null);
    const type = new DebugTypes(info).struct("card");
    assert.ok(type !== null);
    const machine = await Machine.create({ endian: order });
    machine.insmodFile(file);
    const struct = machine.struct(type);
    const at = struct.alloc({ mtu: 5, name: "eth0", up: 1, stats: { rx_bytes: 1n << 40n } });
    machine.call("card_grow", [at, 3]);
    assert.deepEqual(struct.read(at), {
      mtu: 8,
      buf: 0,
      next: 0,
      name: "eth0",
      stats: { rx_bytes: (1n << 40n) + 5000000000n, errors: 0 },
      up: 1,
      speed: 5,
    });
    struct.write(at, { speed: 2 });
    assert.deepEqual([struct.read(at)["speed"], struct.read(at)["up"]], [2, 1]);
    assert.equal(struct.size, 56);
  });
}
