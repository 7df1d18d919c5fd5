// Tables of a page. Tables that are too long to read are cut, with a count.

import { type Html, type HtmlValue, html } from "./html.ts";
import { grouped } from "./numbers.ts";

/** The most rows of a table on a page; the JSON document has all. */
export const MOST_ROWS = 2000;

/** A table with headings; a heading that begins with > is above numbers. */
export function table(headings: readonly string[], rows: readonly (readonly HtmlValue[])[]): Html {
  const right = headings.map((heading) => heading.startsWith(">"));
  const kind = (index: number): HtmlValue => (right[index] ? html` class="n"` : null);
  const left = rows.length - MOST_ROWS;
  return html`<div class="scroll"><table><thead><tr>${headings.map(
    (heading, index) => html`<th scope="col"${kind(index)}>${heading.replace(/^>/, "")}</th>`,
  )}</tr></thead><tbody>
${rows.slice(0, MOST_ROWS).map(
  (row) => html`<tr>${row.map((cell, index) => html`<td${kind(index)}>${cell}</td>`)}</tr>
`,
)}</tbody></table></div>${
    left > 0
      ? html`<p class="note">${grouped(MOST_ROWS)} of ${grouped(rows.length)} rows are shown; the JSON document has all.</p>`
      : null
  }`;
}
