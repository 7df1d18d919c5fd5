// Tests the cost lab's page: names stay text, a bar's length matches its number, and in Chromium, light and dark,
// wide and narrow, it shows the rows' own numbers and makes no network request.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { CostRow, Spread } from "../../src/cost/row.ts";
import { costPage } from "../../src/report/cost/page.ts";
import { temporaryDirectory } from "../cli/farjal.ts";
import { chromiumSkip, withPage } from "../support/chromium.ts";

const HOSTILE = '"><img src=x onerror="document.title=1">.ko: long call';

function spread(p50: number): Spread {
  return { p50, p25: p50 - 1, p75: p50 + 2, samples: 9 };
}

const PLAIN: CostRow = {
  design: "no call sites",
  kind: "none",
  file: null,
  reckoned: false,
  veneers: null,
  v0: 0x1234,
  sites: 0,
  calls: 0,
  bytes: { code: 100, veneers: 0 },
  base: null,
  instructions: { off: 1000, function: null, functionGraph: null },
  perCall: { off: null, function: null, functionGraph: null },
  nanoseconds: { off: spread(10), function: null, functionGraph: null },
  patches: [],
  code: null,
};

const LONG: CostRow = {
  ...PLAIN,
  design: HOSTILE,
  kind: "long",
  sites: 5,
  calls: 100,
  bytes: { code: 150, veneers: 50 },
  base: "no call sites",
  instructions: { off: 1200, function: 3000, functionGraph: 9000 },
  perCall: { off: 2, function: 20, functionGraph: 80 },
  nanoseconds: { off: spread(11), function: spread(20), functionGraph: spread(40) },
  patches: [
    {
      name: "as Linux 6.1 does",
      words: 2,
      sites: 5,
      runs: 40,
      atomic: false,
      wrong: [
        {
          direction: "off",
          stoppedAt: 1,
          written: { before: 0, after: 2 },
          outcome: "exception Bp: a break",
        },
      ],
    },
    { name: "one word", words: 1, sites: 5, runs: 20, atomic: true, wrong: [] },
  ],
  code: { address: 0xc0000000, off: [0x10000001, 0], on: [0x3c038010, 0] },
};

const HALF: CostRow = { ...LONG, design: "half of it", perCall: { ...LONG.perCall, off: 1 } };
const ROWS = [PLAIN, LONG, HALF];

test("a file's name never becomes markup", () => {
  const page = costPage(HOSTILE, ROWS, { missing: [], notes: [HOSTILE] });
  assert.doesNotMatch(page, /<img|<script/);
  assert.ok(page.includes("&lt;img src=x onerror=&quot;"));
});

test("designs that can't be compared are named, with the reason", () => {
  const missing = [{ design: "4 nops", why: "it needs another compile" }];
  assert.match(
    costPage("f()", ROWS, { missing, notes: [] }),
    /Not compared<\/h2>[\s\S]*<td>4 nops<\/td><td>it needs another compile<\/td>/,
  );
  assert.doesNotMatch(costPage("f()", ROWS), /Not compared/);
});

test("rows that differ are shown as a failure", () => {
  const page = costPage("f()", [PLAIN, { ...LONG, v0: 7 }]);
  assert.match(page, /results differ/);
  assert.match(page, /f\(\) = 0x00001234, 0x00000007/);
});

suite("the cost page in Chromium", { skip: chromiumSkip }, () => {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`shows the rows and draws them, ${colorScheme}`, async (context) => {
      const path = join(temporaryDirectory(context), "cost.html");
      writeFileSync(path, costPage("f(1, 2)", ROWS));
      await withPage(
        path,
        async ({ page, requests, errors }) => {
          assert.equal(await page.title(), "What call sites cost: f(1, 2)");
          const cells = async (id: string): Promise<string[][]> => {
            const lines = await page.locator(`#${id} > .scroll > table tbody tr`).allInnerTexts();
            return lines.map((line) => line.split("\t"));
          };
          assert.deepEqual((await cells("instructions"))[1], [
            HOSTILE,
            "150",
            "50",
            "5",
            "+2.00",
            "+20.00",
            "+80.00",
            "no call sites",
          ]);
          assert.deepEqual(
            (await cells("patches")).map((row) => row.slice(1)),
            [
              ["as Linux 6.1 does", "2", "40", "1", "no"],
              ["one word", "1", "20", "0", "yes"],
              ["as Linux 6.1 does", "2", "40", "1", "no"],
              ["one word", "1", "20", "0", "yes"],
            ],
          );
          assert.deepEqual((await cells("time"))[1]?.slice(1, 3), ["11.00", "10.00-13.00"]);
          // Panels: bytes (3 bars, 2 of them in two parts), then three of two bars.
          const widths = await page.evaluate<number[]>(
            "[...document.querySelectorAll('#instructions svg .bar')].map((bar) => bar.getBoundingClientRect().width)",
          );
          assert.equal(widths.length, 3 + 2 + 3 * 2);
          const [plain = 0, code = 0, veneers = 0, , , off = 0, halfOff = 0] = widths;
          for (const [part, whole, share] of [
            [plain, code + veneers, 1 / 2],
            [code, code + veneers, 3 / 4],
            [halfOff, off, 1 / 2],
          ] as const) {
            assert.ok(whole > 100 && Math.abs(part / whole - share) < 0.01, `${part} of ${whole}`);
          }
          await page.locator("#patches summary").first().click();
          const [wrong = ""] = await page.locator("#patches details").allInnerTexts();
          assert.match(wrong, /switched off with 0 words written, then 2/);
          const [site = ""] = await page.locator("#sites pre").allInnerTexts();
          assert.match(site, /b 0xc0000008 .* lui v1,0x8010/);
          assert.equal(await page.locator("img").count(), 0);
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
});
