// Writes a trace as one HTML page that makes no request: its style, its script, d3-flame-graph with the parts of d3
// that it needs, and the data are all inside. The trace's data is JSON, which the script inserts as text, never as
// markup, so a hostile name can't become code.

import { host } from "#host";
import { html } from "../../html/html.ts";
import { scriptHash } from "../../html/page.ts";
import type { Trace } from "../trace.ts";
import type { FunctionLineOf } from "../viewers/function-line.ts";
import { pageData } from "./page-data.ts";

const NOTICE = `<!--
This page contains d3-flame-graph (https://github.com/spiermar/d3-flame-graph, Martin Spier, Apache License
2.0) and parts of d3 (https://d3js.org, Mike Bostock, ISC License).
-->`;

/**
 * The page, piece by piece.
 * @param writer the program that writes it: `farjal 1.2.3`.
 * @param lineOf the functions' lines, if they are wanted.
 */
export function* htmlPage(
  trace: Trace,
  writer = "farjal",
  lineOf?: FunctionLineOf,
): Generator<string> {
  const data = pageData(trace, writer, lineOf);
  const parts = host.pageParts();
  const libraries = parts.libraries.map(script);
  const own = script(parts.script);
  const hashes = [...libraries, own].map(scriptHash).join(" ");
  yield `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src ${hashes}">
<meta name="color-scheme" content="light dark">
${html`<title>Trace of ${data.task}</title>`.text}
${NOTICE}
<style>
${parts.css}</style>
</head>
<body>
${parts.html}`;
  for (const library of libraries) yield `<script>${library}</script>\n`;
  yield `<script type="application/json" id="data">${json(data)}</script>\n`;
  yield `<script type="module">${own}</script>\n</body>\n</html>\n`;
}

/** JSON that can't end the script element around it. */
function json(value: unknown): string {
  return JSON.stringify(value).replace(/</g, "\\u003c");
}

/** A script's text between its tags, with the line ends that an HTML parser produces. */
function script(text: string): string {
  return `\n${text.replace(/<\/script/gi, "<\\/script").replace(/\r\n?/g, "\n")}\n`;
}
