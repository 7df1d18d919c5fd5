// Structures and prototypes from the debugging information, against what the compiler has put into the same object:
// types.c's tables of offsets, sizes and bits, and the declarations in its source.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { openDebugInfo } from "../../src/dwarf/debug-info.ts";
import {
  bareType,
  DebugTypes,
  type Member,
  type StructType,
  sizeOfType,
  typeText,
} from "../../src/dwarf/types.ts";
import { contents } from "../../src/elf/contents.ts";
import type { ElfObject } from "../../src/elf/object.ts";
import { readElf } from "../../src/elf/reader.ts";
import { repositoryFile } from "../support/repository.ts";

const OBJECTS = [
  "gcc4-little",
  "gcc4-big",
  "gcc5-big64",
  "gcc4-little64",
  "clang4-big",
  "clang5-little",
];

function open(name: string): { readonly elf: ElfObject; readonly types: DebugTypes } {
  const elf = readElf(readFileSync(repositoryFile(`test/dwarf/built/${name}.o`)));
  const info = openDebugInfo(elf);
  assert.ok(info !== null);
  return { elf, types: new DebugTypes(info) };
}

function variable({ sections, symbols, ...elf }: ElfObject, name: string) {
  const symbol = symbols.find((one) => one.name === name);
  const section = symbol && sections[symbol.section];
  assert.ok(symbol !== undefined && section !== undefined);
  const words = contents({ sections, symbols, ...elf }, section);
  return { words, at: symbol.value, size: symbol.size };
}

/** The members by name, those of anonymous ones too. */
function allMembers(
  { members }: StructType,
  base = 0,
): Map<string, Member & { readonly at: number }> {
  return new Map(
    members.flatMap((member): [string, Member & { readonly at: number }][] => {
      const at = base + member.offset;
      const type = bareType(member.type);
      if (member.name === null && (type.kind === "struct" || type.kind === "union")) {
        return [...allMembers(type, at)];
      }
      return [[member.name ?? "", { ...member, at }]];
    }),
  );
}

suite("types in debugging information", () => {
  for (const name of OBJECTS) {
    test(`${name}: structures have the compiler's offsets and sizes`, () => {
      const { elf, types } = open(name);
      const node = types.struct("node");
      const value = types.union("value");
      const bits = types.struct("bits");
      assert.ok(node !== null && value !== null && bits !== null);
      const members = allMembers(node);
      const named = ["next", "link", "tag", "count", "value", "inner", "visit", "flags", "tail"];
      const { words, at, size } = variable(elf, "layout");
      const compiled = Array.from({ length: size / 4 }, (_, index) => words.u32(at + 4 * index));
      assert.deepEqual(
        [...named.map((one) => members.get(one)?.at), node.size, value.size, bits.size],
        compiled,
      );
    });

    test(`${name}: a bit-field's bits are those that the compiler sets`, () => {
      const { elf, types } = open(name);
      const middle = types.struct("bits")?.members.find((one) => one.name === "middle")?.bits;
      assert.ok(middle !== undefined && middle !== null);
      const { words, at } = variable(elf, "bits_set");
      const set = Array.from({ length: 32 }, (_, bit) => {
        const byte = words.u8(at + (bit >> 3));
        return ((elf.endian === "big" ? (byte << (bit & 7)) >> 7 : byte >> (bit & 7)) & 1) === 1;
      });
      assert.equal(middle.size, set.filter(Boolean).length);
      assert.equal(middle.offset, set.indexOf(true));
    });

    test(`${name}: types and prototypes read as in the source`, () => {
      const { types } = open(name);
      const node = types.struct("node");
      assert.ok(node !== null);
      const texts = new Map([...allMembers(node)].map(([one, { type }]) => [one, typeText(type)]));
      assert.equal(texts.get("next"), "struct node *");
      assert.equal(texts.get("link"), "struct node **");
      assert.equal(texts.get("count"), "counter_t");
      assert.equal(texts.get("colour"), "enum colour");
      assert.equal(texts.get("visit"), "int (*)(struct node *, const void *, ...)");
      assert.equal(texts.get("flags"), "volatile struct bits");
      assert.equal(texts.get("tail"), "char []");
      assert.deepEqual(types.enum("colour")?.values, [
        { name: "RED", value: -1 },
        { name: "GREEN", value: 0 },
        { name: "BLUE", value: 1000 },
      ]);
      assert.equal(typeText(types.typedef("counter_t")?.target ?? { kind: "void" }), "u64");
      const first = types.function("types_first");
      assert.ok(first !== null);
      assert.equal(typeText(first.result), "enum colour");
      assert.deepEqual(
        first.parameters.map((one) => `${one.name}: ${typeText(one.type)}`),
        ["nodes: const struct node *const *", "count: counter_t", "deep: _Bool"],
      );
      assert.deepEqual(
        first.parameters.slice(1).map((one) => sizeOfType(one.type)),
        [8, 1],
      );
      const nothing = types.function("types_nothing");
      assert.ok(nothing !== null);
      assert.equal(typeText(nothing), "void (void)");
      assert.equal(nothing.variadic, false);
      const bytes = types.union("value")?.members.find((one) => one.name === "bytes")?.type;
      assert.ok(bytes !== undefined);
      assert.equal(typeText(bytes), "u8 [3][5]");
      assert.equal(sizeOfType(bytes), 15);
    });
  }

  test("a name that isn't there has no type", () => {
    const { types } = open("gcc4-little");
    assert.equal(types.struct("missing"), null);
    assert.equal(types.function("missing"), null);
    assert.equal(types.enum("node"), null);
  });
});
