// Tests every form of call site that gcc emits, as words, and the words that switch it. Sources: gcc 12's output and
// the live kernel's memory (10000005 00000000 off, 3c038011 246356a0 on).

import assert from "node:assert/strict";
import { test } from "node:test";
import { recogniseSite, sitePatch } from "../../src/ftrace/sites/site.ts";

const LUI = 0x3c038011;
const ADDIU = 0x246356a0;
const AT = 0x03e00825;
const T4 = 0x27ac0014;
const LEAF = 0x00006025;
const JALR = 0x0060f809;
const PUSH = 0x27bdfff8;
const POP = 0x27bd0008;
const JAL = 0x0c0455a8;
const TRACE = 0x70000010;
const BASE = 0xc0001000;

/** The words before a site, and those from the site on. */
interface Form {
  readonly name: string;
  readonly before: readonly number[];
  readonly words: readonly number[];
  readonly kind: "long" | "short";
  readonly off: readonly [number, number];
  readonly record: readonly [number, number];
  readonly distance: number;
}

const FORMS: readonly Form[] = [
  {
    name: "module, ra address, frame",
    before: [],
    words: [LUI, ADDIU, AT, T4, JALR, PUSH],
    kind: "long",
    off: [0x10000005, 0],
    record: [0x10000005, TRACE],
    distance: 24,
  },
  {
    name: "module, ra address, leaf",
    before: [],
    words: [LUI, ADDIU, AT, LEAF, JALR, PUSH],
    kind: "long",
    off: [0x10000005, 0],
    record: [0x10000005, TRACE],
    distance: 24,
  },
  {
    name: "module, no ra address",
    before: [],
    words: [LUI, ADDIU, AT, JALR, PUSH],
    kind: "long",
    off: [0x10000004, 0],
    record: [0x10000004, TRACE],
    distance: 20,
  },
  {
    name: "module at -O0",
    before: [],
    words: [LUI, ADDIU, AT, T4, PUSH, JALR, 0],
    kind: "long",
    off: [0x10000005, 0],
    record: [0x10000005, TRACE],
    distance: 28,
  },
  {
    name: "module, a frame past 32 KiB",
    before: [],
    words: [LUI, ADDIU, AT, 0x340c9c64, 0x019d6021, JALR, PUSH],
    kind: "long",
    off: [0x10000006, 0],
    record: [0x10000006, TRACE],
    distance: 28,
  },
  {
    name: "module, a frame past 64 KiB",
    before: [],
    words: [LUI, ADDIU, AT, 0x3c0c0001, 0x358c86c4, 0x019d6021, JALR, PUSH],
    kind: "long",
    off: [0x10000007, 0],
    record: [0x10000007, TRACE],
    distance: 32,
  },
  {
    name: "a module of 2009 with ra address, a frame past 32 KiB",
    before: [AT, 0x340c9c5c, 0x019d6021],
    words: [JAL, PUSH],
    kind: "short",
    off: [0, 0],
    record: [TRACE, 0],
    distance: 8,
  },
  {
    name: "kernel text, or a module of 2009 with ra address",
    before: [AT, T4],
    words: [JAL, PUSH],
    kind: "short",
    off: [0, 0],
    record: [TRACE, 0],
    distance: 8,
  },
  {
    name: "a module of 2009",
    before: [AT],
    words: [JAL, PUSH],
    kind: "short",
    off: [0, 0],
    record: [TRACE, 0],
    distance: 8,
  },
  {
    name: "a module of 2009 at -O0: the push stands before, so off must pop it",
    before: [AT, PUSH],
    words: [JAL, 0],
    kind: "short",
    off: [0, POP],
    record: [TRACE, POP],
    distance: 8,
  },
];

function reader(form: Pick<Form, "before" | "words">): (address: number) => number | undefined {
  const words = [...form.before, ...form.words];
  const start = BASE - 4 * form.before.length;
  return (address) => words[(address - start) / 4];
}

for (const form of FORMS) {
  test(form.name, () => {
    const site = recogniseSite(BASE, reader(form));
    assert.ok(site !== undefined);
    const loaded = [form.words[0] ?? 0, form.words[1] ?? 0] as const;
    assert.equal(site.kind, form.kind);
    assert.deepEqual(sitePatch(site, "off", loaded), form.off);
    assert.deepEqual(sitePatch(site, { word: TRACE }, loaded), form.record);
    assert.deepEqual(sitePatch(site, "call", loaded), loaded);
    assert.equal(4 * site.words, form.distance);
  });
}

test("clang's long call is skipped up to its delay slot, which is the function's own", () => {
  const [LUI_AT, ADDIU_T9, JALR_T9, OWN] = [
    0x3c018011, 0x243956a0, 0x0320f809, 0x00808025,
  ] as const;
  const prologue = [0x27bdffe0, 0xafbf001c, 0xafbe0018, 0x03a0f025];
  const words = [...prologue, LUI_AT, ADDIU_T9, JALR_T9, OWN];
  const at = BASE + 4 * prologue.length;
  const site = recogniseSite(at, (address) => words[(address - BASE) / 4]);
  assert.ok(site?.byClang);
  assert.equal(site.savedRa, 0x1c);
  // `b` at the site continues at the delay slot: 4 bytes past the branch and two words more.
  assert.deepEqual(sitePatch(site, "off", [LUI_AT, ADDIU_T9]), [0x10000002, 0]);
  const record = sitePatch(site, { word: TRACE }, [LUI_AT, ADDIU_T9]);
  assert.deepEqual(record, [0x10000002, TRACE]);
  assert.deepEqual(sitePatch(site, "call", [LUI_AT, ADDIU_T9]), [LUI_AT, ADDIU_T9]);
  // Without a prologue that stores ra, its place is unknown: the function calls, so it is no leaf.
  const hidden = recogniseSite(at, (address) =>
    address < at ? undefined : words[(address - BASE) / 4],
  );
  assert.equal(hidden?.savedRa, "unknown");
});

test("an instruction that doesn't call _mcount is left alone", () => {
  const wrong: readonly (readonly number[])[] = [
    [],
    [0, 0, 0, 0, 0, 0, 0],
    [LUI, ADDIU, AT, T4, JALR],
    [LUI, ADDIU, AT, JALR, JALR],
    [JAL, 0],
    [LUI, 0x24420000, AT, T4, JALR, PUSH],
  ];
  for (const words of wrong) {
    assert.equal(recogniseSite(BASE, reader({ before: [], words })), undefined);
  }
});
