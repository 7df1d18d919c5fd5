// Tests the policy of each page that farjal writes: nothing is requested, and each script of the page is allowed by its
// hash, which is computed here again from the page's text. An inline script from a name in the data would have no hash.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { htmlPage } from "../../src/formats/page/page.ts";
import { costPage } from "../../src/report/cost/page.ts";
import { builtModule, farjal, temporaryDirectory } from "../cli/farjal.ts";
import { graphEvents, traceOf } from "../formats/traces.ts";

/** The texts of a page's scripts that a browser would run. */
function scriptsOf(page: string): string[] {
  return [...page.matchAll(/<script(?<kind>[^>]*)>(?<text>[\s\S]*?)<\/script>/g)].flatMap(
    (found) => {
      const { kind = "", text = "" } = found.groups ?? {};
      return kind.includes("application/json") ? [] : [text];
    },
  );
}

function checkPolicy(page: string): void {
  const [, policy = ""] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
  const hashes = scriptsOf(page).map(
    (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`,
  );
  const directives = policy.replaceAll("&#39;", "'").split("; ");
  const expected = hashes.length === 0 ? [] : [`script-src ${hashes.join(" ")}`];
  assert.deepEqual(directives, ["default-src 'none'", "style-src 'unsafe-inline'", ...expected]);
  assert.doesNotMatch(page.replace(/<script[\s\S]*?<\/script>/g, ""), /\son[a-z]+="|javascript:/);
}

test("the page of a trace allows its own scripts alone", () => {
  const page = [...htmlPage(traceOf(graphEvents()), "farjal")].join("");
  assert.ok(scriptsOf(page).length > 0);
  checkPolicy(page);
});

test("the pages of explain and cost allow their own scripts alone", (context) => {
  const path = join(temporaryDirectory(context), "page.html");
  const { code, stderr } = farjal(["explain", builtModule("modern", "little"), "--html", path]);
  assert.equal(code, 0, stderr);
  checkPolicy(readFileSync(path, "utf8"));
  checkPolicy(costPage("f()", []));
});
