// Reads speedscope, chrome and folded, each with speedscope's own importers: its page is opened in Chromium and
// imports the file as it imports any user's, and its table of functions shows what it read.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Page } from "playwright-core";
import { type TextFormat, traceText } from "../../src/formats/export.ts";
import type { Trace } from "../../src/formats/trace.ts";
import { chromiumSkip, withPage } from "../support/chromium.ts";
import { repositoryFile } from "../support/repository.ts";
import { entry, exit, functionEvents, traceOf } from "./traces.ts";

const PROGRAM = repositoryFile("node_modules/speedscope/dist/release/index.html");

const GRAPH = traceOf([
  entry(1000, "work_run", 0),
  entry(1100, "work_copy", 1),
  exit(1100, 1300, "work_copy", 1),
  entry(1400, "work_copy", 1),
  entry(1500, "mix", 2),
  exit(1500, 1900, "mix", 2),
  exit(1400, 2000, "work_copy", 1),
  exit(1000, 3000, "work_run", 0),
]);

/** What speedscope's table shows of a trace in a format: each function with its total and its self. */
async function imported(trace: Trace, format: TextFormat, name: string): Promise<string[]> {
  const text = [...traceText(trace, format)].join("");
  return withPage(PROGRAM, async ({ page, errors }) => {
    const buffer = Buffer.from(text);
    const input = page.locator("input[type=file]").first();
    await input.setInputFiles({ name, mimeType: "text/plain", buffer });
    await page.locator("text=Sandwich").first().click();
    const rows = await tableOf(page);
    assert.deepEqual(errors, []);
    return rows;
  });
}

async function tableOf(page: Page): Promise<string[]> {
  await page.locator("table tr td").first().waitFor();
  const rows = await page.locator("table tr").allInnerTexts();
  return rows
    .map((row) => row.replace(/\s+/g, " ").trim())
    .filter((row) => row.includes("%"))
    .sort();
}

suite("speedscope imports", { skip: chromiumSkip }, () => {
  // 2,000 counts of 10 ns: work_run 20 µs, 12 of them its own; work_copy 8 in two calls, 4 of them mix's.
  test("its own format, of a graph trace", async () => {
    assert.deepEqual(await imported(GRAPH, "speedscope", "trace.speedscope.json"), [
      "20.00µs (100%) 12.00µs (60%) work_run [modern]",
      "4.00µs (20%) 4.00µs (20%) mix [modern]",
      "8.00µs (40%) 4.00µs (20%) work_copy [modern]",
    ]);
  });

  test("Chrome's trace events", async () => {
    const rows = await imported(GRAPH, "chrome", "trace.json");
    assert.deepEqual(
      rows.map((row) => row.replace(/ \{.*$/, "")),
      [
        "20.00µs (100%) 12.00µs (60%) work_run",
        "4.00µs (20%) 4.00µs (20%) mix",
        "8.00µs (40%) 4.00µs (20%) work_copy",
      ],
    );
  });

  test("folded stacks, weighed by self time", async () => {
    assert.deepEqual(await imported(GRAPH, "folded", "trace.folded"), [
      "20,000 (100%) 0 (<0.01%) farjal-1",
      "20,000 (100%) 12,000 (60%) work_run [modern]",
      "4,000 (20%) 4,000 (20%) mix [modern]",
      "8,000 (40%) 4,000 (20%) work_copy [modern]",
    ]);
  });

  test("its own format, of a function trace: calls and their callers", async () => {
    const rows = await imported(traceOf(functionEvents()), "speedscope", "calls.speedscope.json");
    assert.deepEqual(rows, [
      "300 (50%) 0 (<0.01%) host_call",
      "300 (50%) 300 (50%) work_copy [modern]",
      "600 (100%) 300 (50%) work_run [modern]",
    ]);
  });
});
