// Makes one page of a module's explanation. It makes no requests and works from a file, in light and dark, without its
// script, and on paper. Long tables are cut, with a count; the JSON document has all rows.

import { type Address, distance, plus } from "../../address.ts";
import type { Explanation } from "../../explain/explanation.ts";
import type { PairExample, PairFinding } from "../../explain/pairs.ts";
import type { ExplainedSite } from "../../explain/sites.ts";
import { digits, hex } from "../../hex.ts";
import { type Html, type HtmlValue, html } from "../../html/html.ts";
import { counted, grouped } from "../../html/numbers.ts";
import { framedPage } from "../../html/page.ts";
import { MOST_ROWS, table } from "../../html/table.ts";
import { disassemble } from "../../isa/disassemble.ts";
import { framesText, type SourceOf } from "../frames-text.ts";
import { changeCells } from "../mend-text.ts";
import { veneerLines } from "../plan-text.ts";
import type { LinuxVerdict } from "../verdict-text.ts";
import { explainMap } from "./map.ts";
import { PAGE_SCRIPT, PAGE_STYLE } from "./style.ts";
import {
  addressOr,
  origin,
  PAIR_SAYS,
  placeName,
  roundName,
  STAGES,
  sectionOffset,
  siteForms,
} from "./words.ts";

const MOST_HIGHS = 4;

interface Part {
  readonly id: string;
  readonly title: string;
  readonly count: number;
  readonly body: Html;
}

/**
 * The page's text.
 * @param linux Linux's verdict on the unchanged file.
 * @param sourceOf the lines of places in the module's file; default: they aren't wanted.
 */
export function explainPage(
  explanation: Explanation,
  linux: LinuxVerdict,
  sourceOf?: SourceOf,
): string {
  const parts = [
    layoutPart(explanation),
    rewrittenPart(explanation),
    farPart(explanation, sourceOf),
    veneerPart(explanation),
    pairPart(explanation),
    sitePart(explanation, sourceOf),
    keyPart(explanation),
    importPart(explanation),
    exportPart(explanation),
    parameterPart(explanation),
    leftOutPart(explanation),
  ].filter(({ count }) => count > 0);
  const { name, verdict, file } = explanation;
  return framedPage(
    { title: `${name} explained`, style: PAGE_STYLE, script: PAGE_SCRIPT },
    html`<header>
<h1>${name} <span class="badge ${linux}">Linux ${linux === "loads" ? "loads" : "refuses"} it</span></h1>
${file.description === null ? null : html`<p>${file.description}</p>`}
<p class="facts">${[
      `ELF${file.class}`,
      `${file.endian}-endian`,
      file.abi,
      file.isa,
      file.license === null ? "no license" : `license ${file.license}`,
      file.depends === null ? "" : `depends on ${file.depends}`,
      file.vermagic ?? "",
    ]
      .filter(Boolean)
      .map((fact) => html`<span>${fact}</span>`)}</p>
<nav aria-label="Parts of this page"><a href="#map">Map</a>${parts.map(
      ({ id, title, count }) =>
        html`<a href="#${id}">${title} <small>${grouped(count)}</small></a>`,
    )}</nav>
</header>
<main>
${verdictPart(explanation, linux)}
<section id="map"><h2>Address space</h2> <small>not to scale</small><div class="scroll">${explainMap(explanation)}</div></section>
${parts.map(
  ({ id, title, count, body }) =>
    html`<section id="${id}"><details open><summary><h2>${title} <small>${grouped(count)}</small></h2></summary>
${body}</details></section>
`,
)}</main>
<footer>Made by <code>farjal explain</code>. Addresses are ${
      verdict.stage === "checked"
        ? "unknown: the module never had memory"
        : "those of this one load"
    }.</footer>`,
  );
}

function verdictPart({ verdict, file }: Explanation, linux: LinuxVerdict): Html {
  const { dmesg, errno, explanation, stage } = verdict;
  const refused = verdict.verdict === "refused";
  const loaded =
    linux === "loads" ? "Loaded" : "Linux refuses it as it is; this is how farjal loads it";
  return html`<section id="verdict" class="${linux}"><h2>${refused ? "Refused" : loaded}</h2>
<p>${STAGES[stage]}${errno === null ? null : html` · <strong>${errno}</strong>`}</p>
${dmesg.length === 0 ? null : html`<pre>${dmesg.join("\n")}</pre>`}
${explanation === null ? null : explanation.split("\n").map((line) => html`<p>${line}</p>`)}
${file.notes.map((note) => html`<p class="note">${note}</p>`)}</section>`;
}

/** A part that is one table with a row for each item. */
function tablePart<T>(
  id: string,
  title: string,
  items: readonly T[],
  headings: readonly string[],
  cells: (item: T) => readonly HtmlValue[],
): Part {
  return { id, title, count: items.length, body: table(headings, items.map(cells)) };
}

function mono(text: string): Html {
  return html`<code>${text}</code>`;
}

function layoutPart({ sections }: Explanation): Part {
  return {
    id: "sections",
    title: "Sections",
    count: sections.length,
    body: html`<p>In each block Linux places code first, then read-only data, what only init writes, and data.</p>${table(
      ["address", "section", "block", ">offset", ">size", ">padding", ">align", "flags", "round"],
      sections.map((one) => [
        mono(addressOr(one.address)),
        mono(one.name),
        one.block,
        mono(`0x${one.offset.toString(16)}`),
        grouped(one.size),
        one.padding === 0 ? "" : grouped(one.padding),
        one.alignment,
        one.flags,
        roundName(one),
      ]),
    )}`,
  };
}

function rewrittenPart({ rewritten }: Explanation): Part {
  return tablePart(
    "rewritten",
    "Rewritten places",
    rewritten,
    ["place", "what", "to", "words before and after"],
    (change) => changeCells(change).map((cell) => mono(cell)),
  );
}

function farPart({ farJumps }: Explanation, sourceOf?: SourceOf): Part {
  return tablePart(
    "far-jumps",
    "Far jumps",
    farJumps,
    ["site", "place", ...lineHeading(sourceOf), "to", "target", "mended by", "why it is far"],
    (far) => [
      mono(hex(far.address)),
      mono(sectionOffset(far.section, far.offset)),
      ...lineCell(far, sourceOf),
      mono(far.symbol),
      mono(hex(far.target)),
      far.trampoline !== null
        ? html`<a href="#v${digits(far.trampoline)}">${mono(hex(far.trampoline))}</a>`
        : far.word !== null
          ? "patched to reach"
          : html`<strong class="bad">${far.refusal ?? "nothing: Linux refuses it"}</strong>`,
      far.reason,
    ],
  );
}

/** The column of the source's lines, which a page has if they are wanted. */
function lineHeading(sourceOf: SourceOf | undefined): string[] {
  return sourceOf === undefined ? [] : ["line"];
}

function lineCell(
  { section, offset }: { readonly section: string; readonly offset: number },
  sourceOf: SourceOf | undefined,
): HtmlValue[] {
  return sourceOf === undefined ? [] : [mono(framesText(sourceOf(section, offset)))];
}

function veneerPart({ trampolines }: Explanation): Part {
  const shown = trampolines.slice(0, MOST_ROWS / 4);
  const left = trampolines.length - shown.length;
  return {
    id: "veneers",
    title: "Trampolines",
    count: trampolines.length,
    body: html`<div class="cards">${shown.map(
      (
        one,
      ) => html`<article id="v${digits(one.address)}"><h3>${mono(hex(one.address))} to ${mono(one.symbol)}</h3>
<p>${mono(hex(one.target))}, in the ${one.block} block, for ${counted(one.sites.length, "jump")}</p>
<pre>${veneerLines(one)
        .map((line) => line.trim())
        .join("\n")}</pre></article>`,
    )}</div>${left > 0 ? html`<p class="note">… and ${counted(left, "trampoline")} more</p>` : null}`,
  };
}

function pairPart({ pairs: { hi16, lo16, mostWaiting, findings } }: Explanation): Part {
  return {
    id: "pairs",
    title: "HI16/LO16 pairs",
    count: hi16 + lo16,
    body: html`<p>${grouped(hi16)} HI16 and ${grouped(lo16)} LO16; at most ${grouped(mostWaiting)} HI16 wait for one LO16. ${
      findings.length === 0 ? "None is surprising." : "The surprising ones:"
    }</p>${findings.map(pairFinding)}`,
  };
}

function pairFinding({ kind, count, examples }: PairFinding): Html {
  const [what, why] = PAIR_SAYS[kind];
  return html`<details class="finding ${kind}"><summary>${grouped(count)} × ${what}: ${why}</summary>${table(
    ["LO16", "place", "symbol", "S", ">addend", "HI16"],
    examples.map((one) => pairCells(one)),
  )}${count > examples.length ? html`<p class="note">The first ${examples.length} are shown.</p>` : null}</details>`;
}

function pairCells({ lo, hi, symbol, value, addend }: PairExample): HtmlValue[] {
  const more = hi.length > MOST_HIGHS ? ", …" : "";
  return [
    lo === null ? "" : mono(addressOr(lo.address)),
    lo === null ? "" : mono(placeName(lo)),
    mono(symbol),
    value === null ? "" : mono(hex(value)),
    addend,
    mono(hi.slice(0, MOST_HIGHS).map(placeName).join(", ") + more),
  ];
}

function sitePart({ callSites }: Explanation, sourceOf?: SourceOf): Part {
  const changed = (site: ExplainedSite, words: readonly number[] | null): HtmlValue =>
    words === null ? "" : mono(patchedWords(site, words));
  return {
    id: "call-sites",
    title: "Call sites",
    count: callSites.length,
    body: html`<div class="cards">${[...siteForms(callSites)].map(
      ([form, [first, ...others]]) =>
        html`<article><h3>${counted(others.length + 1, "site")}: ${form}</h3>${
          first === undefined ? null : siteCode(first)
        }</article>`,
    )}</div>${table(
      ["site", "place", "function", ...lineHeading(sourceOf), "before", "after", "note"],
      callSites.map((site) => [
        mono(addressOr(site.address)),
        mono(sectionOffset(site.section, site.offset)),
        mono(placeName(site)),
        ...lineCell(site, sourceOf),
        changed(site, site.before),
        changed(site, site.after),
        site.lost === null ? "" : html`<strong class="bad">${site.lost}</strong>`,
      ]),
    )}`,
  };
}

/** The words at and after the site that switching changes. */
function patchedWords(
  { before, after, start, address }: ExplainedSite,
  words: readonly number[],
): string {
  const first = address === null || after === null ? 0 : distance(start, address) / 4;
  return words
    .slice(first, first + Math.min(2, before.length))
    .map(digits)
    .join(" ");
}

function siteCode({ start, before, after }: ExplainedSite): Html {
  return html`<pre>${before.map((word, index) => {
    const at = plus(start, 4 * index);
    const now = after?.[index];
    const line = `${digits(at)}  ${digits(word)}  ${assembly(word, at).padEnd(22)}`;
    if (now === undefined || now === word) return `${line.trimEnd()}\n`;
    return html`<del>${line}</del> <ins>${digits(now)}  ${assembly(now, at)}</ins>\n`;
  })}</pre>`;
}

function assembly(word: number, address: Address): string {
  return disassemble(word, address, { farjalWords: true }).replace("\t", " ");
}

function keyPart({ staticKeys }: Explanation): Part {
  return tablePart(
    "static-keys",
    "Static keys",
    staticKeys,
    ["site", "place", "key", "jumps to", "now"],
    ({ code, key, target, word }) => [
      mono(addressOr(code.address)),
      mono(placeName(code)),
      mono(key),
      mono(placeName(target)),
      word === null || code.address === null ? "" : mono(assembly(word, code.address)),
    ],
  );
}

function importPart({ imports }: Explanation): Part {
  return tablePart("imports", "Imports", imports, ["address", "name", "from", ""], (one) => [
    mono(addressOr(one.address)),
    mono(one.name),
    one.from === null && !one.weak ? html`<strong class="bad">none</strong>` : origin(one),
    one.gpl ? "GPL" : "",
  ]);
}

function exportPart({ exports }: Explanation): Part {
  return tablePart(
    "exports",
    "Exports",
    exports,
    ["address", "name", "", "crc", "namespace"],
    ({ name, address, gpl, crc, namespace }) => [
      mono(addressOr(address)),
      mono(name),
      gpl ? "GPL" : "",
      crc === null ? "" : mono(digits(crc)),
      namespace ?? "",
    ],
  );
}

function parameterPart({ parameters }: Explanation): Part {
  return tablePart(
    "parameters",
    "Parameters",
    parameters,
    ["name", "type", "description"],
    ({ name, type, description }) => [mono(name), type ?? "", description ?? ""],
  );
}

function leftOutPart({ leftOut }: Explanation): Part {
  return tablePart(
    "left-out",
    "Not in memory",
    leftOut,
    ["section", ">size", "why"],
    ({ name, size, why }) => [mono(name), grouped(size), why],
  );
}
