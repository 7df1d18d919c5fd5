// Coverage as one page: a table of the source files, then each file's lines with their counts, and the modules'
// functions. Source files that aren't here are shown as their line numbers alone.

import type { Coverage, SourceCoverage } from "../../coverage/coverage.ts";
import { type Html, type HtmlValue, html } from "../../html/html.ts";
import { grouped } from "../../html/numbers.ts";
import { framedPage } from "../../html/page.ts";
import { table } from "../../html/table.ts";
import { functionCounts } from "./functions.ts";
import { share, shareOf } from "./text.ts";

const STYLE = `
:root { color-scheme: light dark; font-family: system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
table { border-collapse: collapse; } td, th { padding: .1rem .6rem; text-align: left; } .n { text-align: right; }
pre { overflow-x: auto; line-height: 1.35; } .scroll { overflow-x: auto; }
.c { display: inline-block; min-width: 9ch; text-align: right; padding-right: 1ch; opacity: .7; }
.b { display: inline-block; min-width: 7ch; opacity: .7; }
.hit { background: color-mix(in srgb, green 14%, transparent); }
.miss { background: color-mix(in srgb, red 18%, transparent); }
`;

/** The page's text. @param sourceOf a source file's text, or null when it isn't here. */
export function coveragePage(
  { sources, modules }: Coverage,
  files: readonly string[],
  sourceOf: (path: string) => string | null,
): string {
  const body = html`<h1>Coverage</h1>
<p>${files.join(", ")}</p>
${sources.length === 0 ? null : sourceTable(sources)}
${modules.map(
  (module) => html`<h2>Module ${module.name}</h2>
${table(
  ["function", "section", ">entered", ">instructions of it", ">executed"],
  functionCounts(module).map(({ name, section, entered, different, words, executed }) => [
    name,
    section,
    grouped(entered),
    shareOf(different, words),
    grouped(executed),
  ]),
)}`,
)}
${sources.map((source, index) => sourceSection(source, index, sourceOf(source.path)))}`;
  return framedPage({ title: "farjal coverage", style: STYLE }, body);
}

function sourceTable(sources: readonly SourceCoverage[]): Html {
  return table(
    ["source", ">lines", ">branches", ">functions"],
    sources.map(({ path, lines, branches, functions }, index) => [
      html`<a href="#source-${index}">${path}</a>`,
      share(lines),
      share(branches),
      share(functions),
    ]),
  );
}

function sourceSection(source: SourceCoverage, index: number, text: string | null): Html {
  const counts = new Map(source.lines.map(({ line, executed }) => [line, executed]));
  const lines =
    text === null
      ? [...counts.keys()].map((number) => ({ number, code: "" }))
      : text.split("\n").map((code, at) => ({ number: at + 1, code }));
  return html`<h2 id="source-${index}">${source.path}</h2>
${text === null ? html`<p>The file isn't here: these are the lines that have code.</p>` : null}
<pre>${lines.map(({ number, code }) => lineRow(source, number, counts.get(number), code))}</pre>`;
}

function lineRow(
  { branches }: SourceCoverage,
  number: number,
  executed: number | undefined,
  code: string,
): HtmlValue {
  const ways = branches.filter(({ line }) => line === number);
  const gone = ways.length === 0 ? "" : share(ways).split(",")[0]?.replace(" of ", "/");
  const kind = executed === undefined ? "" : executed > 0 ? "hit" : "miss";
  return html`<span class="${kind}"><span class="c">${number}</span><span class="c">${
    executed === undefined ? "" : grouped(executed)
  }</span><span class="b">${gone ?? ""}</span>${code}</span>
`;
}
