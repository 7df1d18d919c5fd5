// Tests the page of a module's explanation: its contents, its size, and that a hostile module's names stay text; then the
// same in Chromium, where it makes no network request and its tables can be searched.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { R_MIPS_26 } from "../../assembly/shared/relocation-types.ts";
import { SHN_ABS } from "../../src/elf/numbers.ts";
import { type Explanation, explainModule } from "../../src/explain/explanation.ts";
import { Machine, type ModuleFile, readModule } from "../../src/index.ts";
import { explainPage } from "../../src/report/explain/page.ts";
import { temporaryDirectory } from "../cli/farjal.ts";
import { chromiumSkip, withPage } from "../support/chromium.ts";
import { code, functionSymbol, modinfo, writeModule } from "../support/module-writer.ts";
import { repositoryFile } from "../support/repository.ts";

const HOSTILE = `"><img src=x onerror="hacked=1"><script>hacked=1</script>'&\u0001`;
const LARGEST_PAGE = 5 << 20;

async function storyOf(
  file: ModuleFile,
  farJumps: "refuse" | "trampoline" = "trampoline",
  base = 0xc0000000,
): Promise<Explanation> {
  const machine = await Machine.create();
  const options = { farJumps, base, stubMissing: true };
  return explainModule(machine, file, {
    farJumps,
    plan: () => machine.plan(file, options),
    load: () => machine.insmodFile(file, options),
  });
}

function built(name: string): ModuleFile {
  return readModule(readFileSync(repositoryFile(`test/modules/built/${name}-little.ko`)));
}

/** A module in which every string is an attack. */
function hostile(): ModuleFile {
  return readModule(
    writeModule({
      name: HOSTILE.slice(0, 50),
      modinfo: [
        ...modinfo(HOSTILE),
        `description=${HOSTILE}`,
        `parm=${HOSTILE}:${HOSTILE}`,
        `parmtype=${HOSTILE}:${HOSTILE}`,
      ],
      sections: [
        code([0x0c000000, 0], [{ offset: 0, type: R_MIPS_26, symbol: HOSTILE }]),
        code([0, 0], [], `.text${HOSTILE}`),
      ],
      symbols: [
        functionSymbol(`f${HOSTILE}`),
        { name: HOSTILE, section: SHN_ABS, value: 0x80200000 },
      ],
    }),
  );
}

test("text from a file never becomes markup", async () => {
  const page = explainPage(await storyOf(hostile()), "loads");
  assert.equal(page.match(/<script/g)?.length, 1);
  assert.doesNotMatch(page, /<img|onerror="/);
  assert.ok(page.includes("&lt;script&gt;hacked=1&lt;/script&gt;&#39;&amp;\\x01"));
});

test("the page of a module with very many call sites stays small", async () => {
  const explanation = await storyOf(built("modern"));
  const [site] = explanation.callSites;
  assert.ok(site !== undefined);
  const many = { ...explanation, callSites: Array.from({ length: 30_000 }, () => site) };
  const page = explainPage(many, "loads");
  assert.ok(page.length < LARGEST_PAGE, `${page.length} bytes`);
  assert.match(page, /2,000 of 30,000 rows are shown/);
});

suite("the page in Chromium", { skip: chromiumSkip }, () => {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`shows map and tables without a request, ${colorScheme}`, async (context) => {
      const path = join(temporaryDirectory(context), "page.html");
      const explanation = await storyOf(built("init_jal"), "trampoline", 0xcffff000);
      writeFileSync(path, explainPage(explanation, "refused"));
      await withPage(
        path,
        async ({ page, requests, errors }) => {
          assert.equal(await page.title(), "init_jal explained");
          assert.equal(await page.locator("h1 .badge").textContent(), "Linux refuses it");
          assert.equal(await page.locator("#far-jumps tbody tr").count(), 12);
          assert.equal(
            await page.locator("svg rect.veneer").count(),
            explanation.trampolines.length,
          );
          assert.equal(await page.locator("svg rect.region").count(), explanation.regions.length);
          assert.ok(
            (await page.locator("svg path.arrow").count()) >= explanation.trampolines.length,
          );
          // Searching keeps the rows that contain the word; sorting orders them.
          await page.getByLabel("Filter Sections").fill("__");
          const shown = page.locator("#sections tbody tr:visible");
          const names = await shown.locator("td:nth-child(2)").allInnerTexts();
          assert.ok(names.length > 3 && names.every((name) => name.includes("__")), names.join());
          await page.getByRole("button", { name: "size", exact: true }).first().click();
          const sizes = await shown.locator("td:nth-child(5)").allInnerTexts();
          const numbers = sizes.map((size) => Number(size.replaceAll(",", "")));
          assert.deepEqual(
            numbers,
            numbers.toSorted((a, b) => a - b),
          );
          const [ink, paper] = (await page.evaluate(
            "['color','backgroundColor'].map(p=>getComputedStyle(document.body)[p].match(/\\d+/)[0])",
          )) as string[];
          assert.equal(Number(ink) > Number(paper), colorScheme === "dark");
          // No address is broken into two lines.
          const whole = await page.evaluate(
            "[...document.querySelectorAll('#far-jumps tbody code')].every(one => one.getClientRects().length === 1)",
          );
          assert.equal(whole, true);
          // No part is wider than the window: long parts scroll within themselves.
          assert.ok(await page.evaluate("document.documentElement.scrollWidth<=innerWidth"));
          assert.deepEqual([requests, errors], [[], []]);
        },
        { colorScheme, width: 700 },
      );
    });
  }

  test("runs no script of a hostile module", async (context) => {
    const path = join(temporaryDirectory(context), "hostile.html");
    writeFileSync(path, explainPage(await storyOf(hostile(), "refuse"), "refused"));
    await withPage(path, async ({ page, requests, errors }) => {
      assert.equal(await page.evaluate("typeof hacked"), "undefined");
      assert.equal(await page.locator("img").count(), 0);
      assert.equal(await page.locator("#verdict.refused").count(), 1);
      assert.equal(await page.locator("svg path.arrow.bad").count(), 1);
      assert.deepEqual([requests, errors], [[], []]);
    });
  });
});
