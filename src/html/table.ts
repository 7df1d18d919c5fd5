// Tables of a page. What is longer than anybody reads is cut, with a count.

import { type Html, type HtmlValue, html } from "./html.ts";
import { grouped } from "./numbers.ts";

/** Rows that a page shows of one table; the JSON document has all. */
export const MOST_ROWS = 2000;

/** Rows under headings; a heading that begins with > has numbers below. */
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
