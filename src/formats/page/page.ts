// A trace as one HTML page that asks nobody for anything: its style, its script, d3-flame-graph with the
// parts of d3 that it stands on, and the data, all inside. What comes from the trace is JSON that the script
// puts into the page as text, never as markup, so a hostile name stays a name.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { html } from "../../html/html.ts";
import type { Trace } from "../trace.ts";
import { pageData } from "./page-data.ts";

/** d3's parts, each before those that stand on it. */
const D3_PARTS = [
  "d3-selection",
  "d3-dispatch",
  "d3-timer",
  "d3-color",
  "d3-interpolate",
  "d3-ease",
  "d3-transition",
  "d3-hierarchy",
  "d3-array",
  "d3-time",
  "d3-time-format",
  "d3-format",
  "d3-scale",
] as const;

const NOTICE = `<!--
This page contains d3-flame-graph (https://github.com/spiermar/d3-flame-graph, Martin Spier, Apache License
2.0) and parts of d3 (https://d3js.org, Mike Bostock, ISC License).
-->`;

/** The page, piece by piece. @param writer who writes it: `farjal 1.2.3`. */
export function* htmlPage(trace: Trace, writer = "farjal"): Generator<string> {
  const data = pageData(trace, writer);
  yield `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
${html`<title>Trace of ${data.task}</title>`.text}
${NOTICE}
<style>
${ownPart("page.css")}</style>
</head>
<body>
${ownPart("page.html")}`;
  for (const part of libraries()) yield `<script>\n${script(part)}\n</script>\n`;
  yield `<script type="application/json" id="data">${json(data)}</script>\n`;
  yield `<script type="module">\n${script(ownPart("page.js"))}</script>\n</body>\n</html>\n`;
}

/** JSON that can't end the script that it stands in. */
function json(value: unknown): string {
  return JSON.stringify(value).replace(/</g, "\\u003c");
}

/** A script that stands inside one. */
function script(text: string): string {
  return text.replace(/<\/script/gi, "<\\/script");
}

/** The page's own parts lie with the sources: they are no TypeScript and nobody compiles them. */
function ownPart(name: string): string {
  return readFileSync(new URL(`../../../../src/formats/page/${name}`, import.meta.url), "utf8");
}

/** The libraries as scripts that make the globals `d3` and `flamegraph`. */
function libraries(): string[] {
  const flameGraph = createRequire(import.meta.url).resolve("d3-flame-graph");
  const { resolve } = createRequire(flameGraph);
  const parts = D3_PARTS.map((name) =>
    // A part's entry is src/index.js; what browsers load lies in dist.
    readFileSync(join(dirname(resolve(name)), "..", "dist", `${name}.min.js`), "utf8"),
  );
  return [...parts, readFileSync(flameGraph.replace(/\.js$/, ".min.js"), "utf8")];
}
