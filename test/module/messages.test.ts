// Tests the lines that Linux prints while it loads a module: the loader prints each line of messages.ts word for
// word, and has no line that neither messages.ts nor rule-messages.ts has.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Refusal } from "../../src/errors.ts";
import { readModule } from "../../src/module/file/file.ts";
import { loadModule } from "../../src/module/load.ts";
import { BASE } from "../support/load-module.ts";
import { TestHost } from "../support/module-host.ts";
import { writeModule } from "../support/module-writer.ts";
import { MESSAGES, type MessageRow } from "./messages.ts";
import { printedTexts } from "./printed-texts.ts";
import { RULE_ROWS } from "./rule-messages.ts";

suite("each line is printed word for word", () => {
  for (const row of MESSAGES) {
    test(`${row.lines.join(" / ")} (${row.from})`, () => {
      const { errno, dmesg, explanation } = outcome(row);
      assert.deepEqual([errno, dmesg], [row.errno, row.lines]);
      if (row.why !== undefined) assert.match(explanation, row.why);
      assert.equal(row.why === undefined, row.errno === null, "who is refused is told why");
    });
  }
});

test("the loader prints no other line", () => {
  const ruled = RULE_ROWS.flatMap(({ answers }) => answers.flatMap(([, { lines }]) => lines));
  const lines = [...MESSAGES.flatMap((row) => row.lines), ...ruled];
  const texts = printedTexts();
  assert.ok(texts.length > 40);
  const missing = texts.filter(({ parts }) => {
    const pattern = new RegExp(parts.map(escaped).join(".*"), "s");
    return !lines.some((line) => pattern.test(line));
  });
  assert.deepEqual(missing, []);
});

function outcome({ module, kernel = {} }: MessageRow): {
  errno: string | null;
  dmesg: readonly string[];
  explanation: string;
} {
  const bytes = module instanceof Uint8Array ? module : writeModule(module);
  const host = new TestHost(kernel);
  try {
    const loaded = loadModule(readModule(bytes), host, { base: BASE, farJumps: "refuse" });
    return { errno: null, dmesg: loaded.dmesg, explanation: "" };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    assert.equal(host.allocations, 0);
    return error;
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
