// Makes one page of the cost lab's rows: the words at a site, plots, and the tables with every interruption during
// which a patch was unsafe. It has no script.

import type { MissingDesign } from "../../cost/design.ts";
import type { CostRow, Spread } from "../../cost/row.ts";
import type { PatchTrial } from "../../cost/trial.ts";
import { greatest } from "../../extremes.ts";
import { hex } from "../../hex.ts";
import { type Html, type HtmlValue, html } from "../../html/html.ts";
import { counted, grouped } from "../../html/numbers.ts";
import { framedPage } from "../../html/page.ts";
import { table } from "../../html/table.ts";
import { disassemble } from "../../isa/disassemble.ts";
import { PAGE_STYLE } from "../explain/style.ts";
import { costPlot, timePlot } from "./plot.ts";
import { wrongText } from "./text.ts";

const STYLE = `${PAGE_STYLE}
.plot .bar{fill:var(--blue);stroke:none;opacity:.75}.plot .more{fill:var(--veneer);opacity:1}
.plot .axis{stroke:var(--line)}.plot .range{stroke:var(--ink);stroke-width:2}
.good{color:var(--good)}section>.scroll td{white-space:nowrap;overflow-wrap:normal}
`;

/** Facts that the rows don't contain. */
export interface CostRemarks {
  readonly missing: readonly MissingDesign[];
  readonly notes: readonly string[];
}

/** The page's text. */
export function costPage(
  call: string,
  rows: readonly CostRow[],
  { missing, notes }: CostRemarks = { missing: [], notes: [] },
): string {
  const results = [...new Set(rows.map(({ v0 }) => v0))].map(hex);
  const same = results.length === 1;
  const calls = greatest(
    rows.map((row) => row.calls),
    0,
  );
  const timed = rows.filter(({ reckoned }) => !reckoned);
  return framedPage(
    { title: `What call sites cost: ${call}`, style: STYLE },
    html`<header>
<h1>What call sites cost <span class="badge ${same ? "loads" : "refused"}">${same ? "equal results" : "results differ"}</span></h1>
<p class="facts"><span>${call} = ${results.join(", ")}</span><span>${counted(calls, "traced call")}</span></p>
</header>
<main>
<section id="instructions"><h2>Bytes and guest instructions</h2>
<p>Instructions of each call above the same code without sites, exact; traced by guest code, ftrace_caller and a recorder.</p>
<div class="scroll">${costPlot(rows)}</div>
${instructionTable(rows)}</section>
${patchPart(rows.filter(({ patches }) => patches.length > 0))}
<section id="time"><h2>Host time</h2>
<p>Nanoseconds of the call divided by its traced calls, the code's own work included; traced natively. Bars are the
middle of all samples, lines go from quarter to quarter. All rows were measured in turns.</p>
<div class="scroll">${timePlot(timed)}</div>
${timeTable(timed)}</section>
${codePart(rows)}
${remarkPart(missing, notes)}
</main>
<footer>Made by <code>farjal cost</code>.</footer>`,
  );
}

function remarkPart(missing: readonly MissingDesign[], notes: readonly string[]): Html | null {
  if (missing.length + notes.length === 0) return null;
  return html`<section id="missing"><h2>Not compared</h2>
${notes.map((note) => html`<p>${note}</p>`)}
${
  missing.length === 0
    ? null
    : table(
        ["design", "why"],
        missing.map(({ design, why }) => [design, why]),
      )
}</section>`;
}

function instructionTable(rows: readonly CostRow[]): Html {
  return table(
    ["design", ">code", ">trampolines", ">sites", ">off", ">function", ">function_graph", "above"],
    rows.map(({ design, kind, bytes, sites, perCall, base }) => [
      design,
      grouped(bytes.code),
      grouped(bytes.veneers),
      grouped(sites),
      ...[perCall.off, perCall.function, perCall.functionGraph].map((value) =>
        value === null || kind === "none" ? "" : `+${value.toFixed(2)}`,
      ),
      base ?? "",
    ]),
  );
}

function patchPart(rows: readonly CostRow[]): Html | null {
  if (rows.length === 0) return null;
  return html`<section id="patches"><h2>Switching a site while a thread runs it</h2>
<p>A thread was stopped before each word of a site, in each state that the patch leaves half written, and went on in each
later one. A patch is atomic when every such run returned what it should, with its stack and its registers.</p>
${table(
  ["design", "patch", ">words", ">interruptions", ">wrong", "atomic"],
  rows.flatMap(({ design, patches }) =>
    patches.map((patch) => [
      design,
      patch.name,
      patch.words,
      grouped(patch.runs),
      grouped(patch.wrong.length),
      verdict(patch),
    ]),
  ),
)}
${rows.flatMap(({ design, patches }) =>
  patches
    .filter(({ wrong }) => wrong.length > 0)
    .map(
      ({
        name,
        wrong,
      }) => html`<details class="finding"><summary>${design}, ${name}: ${counted(wrong.length, "wrong run")}</summary>
${table(
  ["interrupted", "became"],
  wrong.map((one) => [wrongText(one), one.outcome]),
)}</details>`,
    ),
)}</section>`;
}

function verdict({ atomic }: PatchTrial): HtmlValue {
  if (atomic === null) return "not tried";
  return atomic ? html`<strong class="good">yes</strong>` : html`<strong class="bad">no</strong>`;
}

function timeTable(rows: readonly CostRow[]): Html {
  const cells = (spread: Spread | null): HtmlValue[] => {
    if (spread === null) return ["", ""];
    return [spread.p50.toFixed(2), `${spread.p25.toFixed(2)}-${spread.p75.toFixed(2)}`];
  };
  return table(
    ["design", ">off", "p25-p75", ">function", "p25-p75", ">function_graph", "p25-p75"],
    rows.map(({ design, nanoseconds }) => [
      design,
      ...[nanoseconds.off, nanoseconds.function, nanoseconds.functionGraph].flatMap(cells),
    ]),
  );
}

function codePart(rows: readonly CostRow[]): Html {
  return html`<section id="sites"><h2>The words at a site</h2>
<div class="cards">${rows.map(({ design, code }) => {
    if (code === null) return null;
    const line = (word: number, index: number): string => {
      const at = code.address + 4 * index;
      return `${hex(word).slice(2)}  ${disassemble(word, at).replace("\t", " ")}`;
    };
    const width = greatest(code.off.map((word, index) => line(word, index).length));
    return html`<article><h3>${design}</h3><pre>${code.off.map((word, index) => {
      const on = code.on[index] ?? word;
      const off = line(word, index);
      if (on === word) return `${off}\n`;
      return html`<del>${off.padEnd(width)}</del>  <ins>${line(on, index)}</ins>\n`;
    })}</pre></article>`;
  })}</div></section>`;
}
