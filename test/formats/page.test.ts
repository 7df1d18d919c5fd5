// Opens the page of a trace from its file in Chromium, in light and dark: it shows the trace's own numbers, makes no
// network request, shows hostile names as text, reacts to clicks, and stays small for a long trace.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { Page } from "playwright-core";
import { htmlPage } from "../../src/formats/page/page.ts";
import type { Trace } from "../../src/formats/trace.ts";
import { temporaryDirectory } from "../cli/farjal.ts";
import { chromiumSkip, withPage } from "../support/chromium.ts";
import { call, entry, exit, functionEvents, graphEvents, traceOf } from "./traces.ts";

const HOSTILE = '</script><img src=x onerror="document.title=1">&lt;';

/** The text that a reader sees in a part of the page. */
async function shown(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).allInnerTexts()).join("\n");
}

const pageOf = (trace: Trace): string => [...htmlPage(trace, "farjal 1.2.3")].join("");

suite("the page of a trace", { skip: chromiumSkip }, () => {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`shows a graph trace, ${colorScheme}`, async (context) => {
      const path = join(temporaryDirectory(context), "trace.html");
      const events = graphEvents().map((event) =>
        event.name === "mix" ? { ...event, name: HOSTILE } : event,
      );
      writeFileSync(path, pageOf(traceOf(events)));
      await withPage(
        path,
        async ({ page, requests, errors }) => {
          const text = await shown(page, "body");
          assert.match(text, /Trace of farjal-1\n/);
          assert.match(text, /Calls\n36\n/);
          assert.match(text, /Functions\n3\n/);
          // Nine rounds; mix is called directly for `took` and once more for a count inside checksum.
          const took = [3, 999, 1000, 1001, 12_345, 100_001, 1_234_567, 12_345_678, 123_456_789];
          const self = took.reduce((sum, one) => sum + one + 1, 0) * 10;
          const rows = await page.locator("#functions tr").allInnerTexts();
          const hostile = rows.find((row) => row.startsWith(HOSTILE))?.split("\t");
          assert.equal(hostile?.[0], `${HOSTILE} [modern]`);
          assert.equal(hostile?.[1], `${(self / 1e9).toPrecision(4)} s`);
          assert.equal(hostile?.[4], "18");
          // The library writes names after a transition.
          for (const name of ["farjal-1", HOSTILE]) {
            const labels = page.locator("#flame .d3-flame-graph-label", { hasText: name });
            await labels.filter({ visible: true }).first().waitFor();
          }
          const frames = await page.locator("#flame .d3-flame-graph-label").allInnerTexts();
          assert.ok(frames.includes(`${HOSTILE} [modern]`), frames.join());
          assert.ok((await page.locator("#flame g").count()) >= 4);
          await page.locator("#flame g", { hasText: "work_run" }).first().hover();
          assert.match(await shown(page, "#flame-details"), /^work_run \[modern\]: /);
          await page.locator("#functions th", { hasText: "Calls" }).click();
          assert.equal(
            (await page.locator("#functions td").allInnerTexts())[0],
            `${HOSTILE} [modern]`,
          );
          assert.equal(await page.title(), "Trace of farjal-1");
          assert.equal(await page.locator("img").count(), 0);
          const back = await page.evaluate<string>(
            "getComputedStyle(document.body).backgroundColor",
          );
          assert.equal(back, colorScheme === "light" ? "rgb(246, 247, 249)" : "rgb(17, 21, 27)");
          const wide = await page.evaluate<boolean>(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth",
          );
          assert.equal(wide, false, "the page is wider than its window");
          assert.deepEqual({ requests, errors }, { requests: [], errors: [] });
        },
        { colorScheme, width: colorScheme === "light" ? 1280 : 420 },
      );
    });
  }

  test("shows a function trace, and one without events", async (context) => {
    const path = join(temporaryDirectory(context), "trace.html");
    const cost = { rows: [["Instructions of the call", "7,301"]] as const, note: "Measured." };
    writeFileSync(path, pageOf({ ...traceOf(functionEvents()), cost }));
    await withPage(path, async ({ page, requests, errors }) => {
      const rows = await page.locator("#functions tr").allInnerTexts();
      assert.deepEqual(rows.slice(1), [
        "work_run [modern]\t300\t50.0 %",
        "work_copy [modern]\t300\t50.0 %",
      ]);
      assert.match(await shown(page, "#cost-section"), /Instructions of the call\t7,301/);
      assert.deepEqual({ requests, errors }, { requests: [], errors: [] });
    });
    writeFileSync(path, pageOf(traceOf([])));
    await withPage(path, async ({ page, requests, errors }) => {
      assert.match(await shown(page, "#flame"), /There are no events/);
      assert.deepEqual({ requests, errors }, { requests: [], errors: [] });
    });
  });

  test("of a long trace stays small", () => {
    const graph = [];
    for (let i = 0; i < 100_000; i += 1)
      graph.push(entry(9 * i, "mix", 0), exit(9 * i, 9 * i + 5, "mix", 0));
    const calls = Array.from({ length: 200_000 }, (_, i) => ({
      ...call(3 * i, "mix", "work_run"),
      name: `f${i % 30_000}`,
    }));
    for (const events of [graph, calls]) {
      const size = pageOf(traceOf(events)).length;
      assert.ok(size < 4e6, `${size} bytes`);
    }
  });
});
