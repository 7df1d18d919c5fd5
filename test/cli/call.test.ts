// Tests the grammar of calls: what each text is, in every command that takes one, and that a text which is no argument
// is an error and never passed as something else.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { callTitle, readCall } from "../../src/cli/call/call-text.ts";
import { readNumber } from "../../src/cli/call/number.ts";
import { readValue, splitList } from "../../src/cli/call/value-text.ts";
import { Misuse } from "../../src/errors.ts";
import {
  assertMisuse,
  builtModule,
  farjal,
  farjalJson,
  ORDERS,
  temporaryDirectory,
} from "./farjal.ts";

const misuse = (says: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Misuse, String(error));
  assert.match(error.message, says);
  return true;
};

suite("numbers", () => {
  test("are C's, with their suffixes", () => {
    const words: [string, number][] = [
      ["7", 7],
      ["-7", -7],
      ["0", 0],
      ["0x1F", 31],
      ["-0x64", -100],
      ["7u", 7],
      ["7UL", 7],
      ["4294967295", 4294967295],
      ["-2147483648", -2147483648],
    ];
    for (const [text, value] of words)
      assert.deepEqual(readNumber(text), { bits: 32, value }, text);
    for (const text of ["7ll", "7ull", "7LLU"]) {
      assert.deepEqual(readNumber(text), { bits: 64, value: 7n }, text);
    }
    for (const text of ["ten", "x", "g", '"7"', "@7", "{a:7}"])
      assert.equal(readNumber(text), null);
  });

  test("that look like one and are none are refused, with what was meant", () => {
    const wrong: [string, RegExp][] = [
      ["1e3", /'1e3' is not a whole number: write 1000/],
      ["3.5", /'3\.5' is not a whole number/],
      ["-3x", /'-3x' is not a whole number/],
      ["4k", /not a whole number/],
      ["010", /a leading 0 means octal in C; write 10 or 0x8/],
      ["0x", /not a whole number/],
      ["0xfg", /not a whole number/],
      ["1_000", /not a whole number/],
      ["+5", /write 5/],
      [".5", /not a whole number/],
      ["0b101", /write 5/],
      ["-", /'-' is not a whole number/],
      ["4294967296", /doesn't fit into 32 bits; 4294967296ll passes 64/],
      ["-2147483649", /doesn't fit into 32 bits/],
      ["18446744073709551616ll", /doesn't fit into 64 bits/],
    ];
    for (const [text, says] of wrong) assert.throws(() => readNumber(text), misuse(says), text);
  });
});

suite("calls", () => {
  test("are the same in parentheses and as words", () => {
    const one = readCall('f(1, "two, three", out:64, inout:u32[1, 2])', []);
    const other = readCall("f", ["1", '"two, three"', "out:64", "inout:u32[1, 2]"]);
    assert.deepEqual(one, other);
    assert.equal(callTitle(one), 'f(1, "two, three", out:64, inout:u32[1, 2])');
    assert.deepEqual(
      one.args.map(({ kind }) => kind),
      ["word", "value", "output", "value"],
    );
    assert.deepEqual(
      [readCall("f", []).hasArguments, readCall("f()", []).hasArguments],
      [false, true],
    );
  });

  test("that are none, or have an argument that is none, are refused", () => {
    const wrong: [string, string[], RegExp][] = [
      ["f(1", [], /--call takes 'NAME\(ARG, …\)'/],
      ["f(1)", ["2"], /given twice/],
      ["f(1,)", [], /an argument is missing/],
      ["f(,)", [], /an argument is missing/],
      ["f", [""], /an argument is missing/],
      [
        "f",
        ["ten"],
        /'ten' is no number and no --let; a string is in double quotes, as in '"ten"'/,
      ],
      ["f", ["out:"], /'out:' needs the number of bytes/],
      ["f", ["out:4k"], /needs the number of bytes/],
      ["f", ["out:0"], /needs the number of bytes/],
      ["f", ["OUT:x"], /needs the number of bytes/],
      ["f", ["inout:"], /needs a value/],
      ["f", ["inout:5"], /take inout:u32\[5\]/],
      ["f", ["@"], /'@' needs a file's name/],
      ["f", ['"open'], /the double quote that ends the string is missing/],
      ["f", ['"a"b'], /nothing more was expected, at 'b'/],
      ["f", ["&"], /a symbol's name was expected/],
      ["f", ["inout:&x"], /size of a symbol's memory/],
      ["f", ["{mtu}"], /NAME:VALUE or NAME:TYPE=VALUE/],
      ["f", ["{}"], /at least one value/],
      ["f", ["u32[1, x y]"], /a comma or \] was expected/],
      ["f", ["u32[1e3]"], /not a whole number/],
    ];
    for (const [call, words, says] of wrong) {
      assert.throws(() => readCall(call, words), misuse(says), `${call} ${words}`);
    }
    assert.throws(() => readCall("f", ["gg"], ["g=u32[1]"]), misuse(/did you mean 'g'|no --let/));
    assert.throws(() => readCall("f", [], ["g=1", "g=2"]), misuse(/given twice/));
    assert.throws(() => readCall("f", [], ["g"]), misuse(/--let takes NAME=VALUE/));
  });

  test("have values with members, elements and escapes", () => {
    assert.deepEqual(readValue('{mtu:u32=5, name:char[16]="a\\n\\x41", next:0}'), {
      kind: "struct",
      type: null,
      members: [
        { name: "mtu", type: "u32", value: { kind: "number", value: 5n } },
        { name: "name", type: "char[16]", value: { kind: "string", value: "a\nA" } },
        { name: "next", type: null, value: { kind: "number", value: 0n } },
      ],
    });
    assert.deepEqual(splitList('1, "a, b", {x:1, y:[1, 2]}'), ["1", '"a, b"', "{x:1, y:[1, 2]}"]);
    const deep = `${"{a:".repeat(100)}1${"}".repeat(100)}`;
    assert.throws(() => readValue(deep), misuse(/nest more than/));
  });
});

for (const order of ORDERS) {
  const modern = builtModule("modern", order);

  test(`what was made of each argument is shown, ${order}-endian`, (context) => {
    const file = join(temporaryDirectory(context), "greeting");
    writeFileSync(file, "hello");
    const { json } = farjalJson(["run", modern, "--call", 'work_checksum("hello", 5)']);
    assert.deepEqual(json.arguments[1], { text: "5", made: "0x00000005" });
    assert.match(json.arguments[0].made, /^string at 0x8/);
    assert.equal(json.call, 'work_checksum("hello", 5)');
    const { stdout } = farjal(["run", modern, "--call", "work_checksum", `@${file}`, "5"]);
    assert.match(stdout, /^ {2}@.*greeting +→ 5 bytes at 0x8[0-9a-f]{7}$/m);
    const minus = farjal(["run", modern, "--call", "work_signed", "-100", "7"]).stdout;
    assert.match(
      minus,
      /^work_signed\(-100, 7\) = 0xffffc94e \(4294953294, -14002\)\n {2}-100 +→ 0xffffff9c$/m,
    );
  });

  test(`a value in memory is laid out by its types, and shown afterwards, ${order}-endian`, () => {
    // Adler's checksum of five bytes.
    const sum = (argument: string, ...more: string[]) =>
      farjalJson(["run", modern, "--call", `work_checksum(${argument}, 5)`, ...more]).json.v0;
    const hello = 0x062c0215;
    assert.equal(sum("u8[0x68, 101, 108, 108, 111]"), hello);
    assert.equal(sum("g", "--let", "g=u8[0x68, 101, 108, 108, 111]"), hello);
    assert.equal(sum('{a:char[5]="hello", b:u32=7}'), hello);
    const { stdout } = farjal([
      "run",
      modern,
      "--call",
      "work_fill(inout:g, 5, 7)",
      "--let",
      'g={a:u8[5]=[1, 2], tail:u16=0x1234, big:u64=5ll, to:ptr="text"}',
    ]);
    assert.match(
      stdout,
      /^ {2}a +\[61 \(0x3d\), 233 \(0xe9\), 156 \(0x9c\), 237 \(0xed\), 12 \(0xc\)\]$/m,
    );
    assert.match(stdout, /^ {2}tail +4660 \(0x1234\)$/m);
    assert.match(stdout, /^ {2}big +5 \(0x5\)$/m);
    assert.match(stdout, /^inout:g, 24 bytes at 0x8/m);
  });

  test(`a result is shown by its type, ${order}-endian`, () => {
    const result = (type: string, ...call: string[]) =>
      farjalJson(["run", modern, "--call", ...call, "--returns", type]).json.result;
    assert.equal(result("s32", "work_signed", "-100", "7"), -14002);
    assert.equal(result("u32", "work_signed", "-100", "7"), 4294953294);
    assert.equal(result("u64", "work_wide", "-1ll"), "0x63c8864680b583ea");
    assert.equal(result("void", "work_signed", "1", "2"), null);
    const library = farjalJson([
      "run",
      modern,
      "--call",
      'strchr("a text", 32)',
      "--returns",
      "string",
    ]);
    if (library.code === 0) assert.equal(library.json.result, " text");
  });
}

test("every command that takes a call takes the same", () => {
  const modern = builtModule("modern", "little");
  for (const command of ["run", "trace", "bench", "cost", "jumps"]) {
    const more = command === "jumps" ? ["--erratum", "mt7620"] : [];
    for (const [call, says] of [
      ["work_run(ten)", /'ten' is no number/],
      ["work_run(1e3)", /'1e3' is not a whole number/],
      ["work_run(out:)", /'out:' needs/],
      ["work_run(5,)", /an argument is missing/],
    ] as const) {
      assertMisuse(farjal([command, modern, ...more, "--call", call]), says);
    }
  }
  assertMisuse(farjal(["run", modern, "--call", "work_run", "-3x"]), /-3x/);
  assertMisuse(farjal(["run", modern, "5"]), /name the function with --call/);
  const { v0 } = farjalJson(["run", modern, "--call", "work_signed", "2", "3"]).json;
  const list = farjalJson(["run", modern]).json.functions as { name: string; address: string }[];
  const address = list.find(({ name }) => name === "work_signed")?.address ?? "";
  assert.equal(farjalJson(["run", modern, "--call", address, "2", "3"]).json.v0, v0);
  assertMisuse(farjal(["run", modern, "--call", "work_sgined(1)"]), /did you mean 'work_signed'\?/);
  assertMisuse(farjal(["run", modern, "--call", "work_run(&nothing)"]), /'nothing'/);
  assertMisuse(
    farjal(["run", modern, "--call", "work_run({a:5})"]),
    /type of member 'a' isn't known/,
  );
  const words = [
    "run",
    modern,
    "--call",
    "work_run(a)",
    "--let",
    "a={x:ptr=b}",
    "--let",
    "b={y:ptr=a}",
  ];
  assertMisuse(farjal(words), /contains itself: a, b, a/);
});
