// One HTML page of verdicts on the modules of a tree: how many fit, the reasons by kind and by symbol, and each module
// that doesn't fit with the kernel's lines and what to do. It has the style and the script of explain's page.

import type { Fits } from "../fits/fits.ts";
import type { Reason, Verdict } from "../fits/reason.ts";
import { type Html, html } from "../html/html.ts";
import { counted, grouped } from "../html/numbers.ts";
import { framedPage } from "../html/page.ts";
import { table } from "../html/table.ts";
import { PAGE_SCRIPT, PAGE_STYLE } from "./explain/style.ts";
import { KIND_TITLES, KINDS, kernelName } from "./fits-text.ts";

/** The most modules whose reasons are written out; the tables have more. */
const MOST_ARTICLES = 200;
/** The most reasons of one module that are written out. */
const MOST_REASONS = 20;

export function fitsPage({ fits, kernel, modules, notes }: Fits): string {
  const bad = modules.filter((module) => !module.fits);
  const title = `${fits ? "fits" : "doesn't fit"} ${kernelName(kernel)}`;
  const body = html`<h1>${counted(modules.length, "module")} <small>for ${kernelName(kernel)}</small></h1>
<p class="facts"><span>${kernel.file}</span><span>version magic ${kernel.vermagic ?? "unknown"}</span></p>
<section id="verdict"${fits ? null : html` class="refused"`}>
<h2>${grouped(modules.length - bad.length)} fit, ${grouped(bad.length)} don't</h2>
${notes.map((note) => html`<p class="note">${note}</p>`)}
</section>
${kindSection(bad)}${symbolSection(bad)}${moduleSection(modules)}${detailSection(bad)}`;
  return framedPage({ title: `farjal: ${title}`, style: PAGE_STYLE, script: PAGE_SCRIPT }, body);
}

function section(id: string, title: string, content: Html): Html {
  return html`<section id="${id}"><details open><summary><h2>${title}</h2></summary>
${content}
</details></section>
`;
}

function kindSection(bad: readonly Verdict[]): Html | null {
  if (bad.length === 0) return null;
  const rows = KINDS.flatMap((kind) => {
    const modules = bad.filter(({ reasons }) => reasons.some((one) => one.kind === kind));
    const count = bad.flatMap(({ reasons }) => reasons).filter((one) => one.kind === kind).length;
    return count === 0 ? [] : [[KIND_TITLES[kind], grouped(modules.length), grouped(count)]];
  });
  return section("kinds", "Reasons", table(["kind", ">modules", ">reasons"], rows));
}

/** The symbols that keep most modules from loading, the most frequent first. */
function symbolSection(bad: readonly Verdict[]): Html | null {
  const counts = new Map<string, { readonly reason: Reason; count: number }>();
  for (const { reasons } of bad) {
    for (const reason of reasons) {
      if (reason.symbol === null) continue;
      const key = `${reason.kind} ${reason.symbol}`;
      const known = counts.get(key);
      if (known === undefined) counts.set(key, { reason, count: 1 });
      else known.count += 1;
    }
  }
  if (counts.size === 0) return null;
  const rows = [...counts.values()]
    .sort((one, other) => other.count - one.count)
    .map(({ reason, count }) => [
      html`<code>${reason.symbol}</code>`,
      KIND_TITLES[reason.kind],
      grouped(count),
    ]);
  return section("symbols", "Symbols", table(["symbol", "kind", ">modules"], rows));
}

function moduleSection(modules: readonly Verdict[]): Html {
  const rows = modules.map(({ file, fits, reasons, needs }) => [
    html`<code>${file}</code>`,
    fits ? "fits" : html`<span class="bad">doesn't fit</span>`,
    [...new Set(reasons.map(({ kind }) => KIND_TITLES[kind]))].join(", "),
    needs.join(", "),
  ]);
  return section("modules", "Modules", table(["file", "verdict", "reasons", "needs"], rows));
}

function detailSection(bad: readonly Verdict[]): Html | null {
  if (bad.length === 0) return null;
  const left = bad.length - MOST_ARTICLES;
  const content = html`<div class="cards">${bad.slice(0, MOST_ARTICLES).map(article)}</div>${
    left > 0 ? html`<p class="note">and ${grouped(left)} more: the JSON document has all</p>` : null
  }`;
  return section("details", "Details", content);
}

function article({ file, reasons }: Verdict): Html {
  const left = reasons.length - MOST_REASONS;
  return html`<article><h3>${file}</h3>
${reasons
  .slice(0, MOST_REASONS)
  .map(
    ({ dmesg, explanation }) =>
      html`${dmesg.length > 0 ? html`<pre>${dmesg.join("\n")}</pre>` : null}<p>${explanation}</p>\n`,
  )}${left > 0 ? html`<p>and ${grouped(left)} more</p>` : null}
<p>To do: ${[...new Set(reasons.map(({ remedy }) => remedy))].join("; ")}</p></article>
`;
}
