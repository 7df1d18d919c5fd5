// The style of the page of a module's explanation, and its script: a filter above each long table, and sorting by a column.
// The page is complete without the script.

export const PAGE_STYLE = `
:root{--ink:#1d2430;--faint:#5b6675;--paper:#fff;--card:#f5f7fa;--line:#d5dbe3;--blue:#1857a4;--bad:#b3261e;--good:#1b6e3c;
--kernel:#e7dcf5;--lab:#efe6d8;--core:#d9e8fb;--init:#dcf1e3;--module:#e9ecf0;--veneer:#ffd98a;--section:#ffffffa0}
@media (prefers-color-scheme:dark){:root{--ink:#e4e9f0;--faint:#98a4b3;--paper:#14181f;--card:#1c222b;--line:#343d49;--blue:#8ab8f5;
--bad:#ff8a80;--good:#7bd49b;--kernel:#3b2f50;--lab:#44392a;--core:#1f3a5c;--init:#1f4631;--module:#2b323c;--veneer:#7a5a12;--section:#ffffff14}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:1rem}
body{margin:0 auto;max-width:76rem;padding:0 1.25rem 3rem;color:var(--ink);background:var(--paper);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.9rem;margin:1.6rem 0 .4rem;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:0;display:inline}
h3{font-size:1rem;margin:0 0 .3rem;overflow-wrap:anywhere}
small{color:var(--faint);font-weight:400}
code,pre,.mono{font-family:ui-monospace,"Liberation Mono",Menlo,monospace}
code{font-size:.86em}
pre{margin:.4rem 0 0;overflow-x:auto;font-size:.84em;line-height:1.45}
.badge{font-size:.9rem;font-weight:600;padding:.2rem .7rem;border-radius:1rem;vertical-align:middle;border:1px solid;white-space:nowrap}
.badge.loads{color:var(--good)}.badge.refused,.bad{color:var(--bad)}
.facts span{display:inline-block;background:var(--card);border:1px solid var(--line);border-radius:.3rem;padding:0 .5rem;margin:0 .4rem .4rem 0;font-size:.88em;max-width:100%;overflow-wrap:anywhere}
nav{display:flex;flex-wrap:wrap;gap:.3rem 1rem;border-block:1px solid var(--line);padding:.5rem 0;margin-top:.6rem}
a{color:var(--blue);text-decoration:none}a:hover{text-decoration:underline}
section{margin-top:1.7rem}
#verdict{border:1px solid var(--line);border-left:4px solid var(--good);border-radius:.3rem;background:var(--card);padding:.8rem 1rem}
#verdict.refused{border-left-color:var(--bad)}#verdict p{margin:.3rem 0;overflow-wrap:anywhere}
summary{cursor:pointer;padding:.2rem 0}
.finding{border-top:1px solid var(--line);padding:.2rem 0}
.finding.line>summary,.finding.mismatch>summary,.finding.unpaired>summary{color:var(--bad);font-weight:600}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;margin-top:.5rem;font-size:.92em}
th{text-align:left;color:var(--faint);font-weight:600;border-bottom:1px solid var(--line);padding:.25rem .7rem .25rem 0;white-space:nowrap}
th button{all:unset;cursor:pointer}th button:focus-visible,input:focus-visible,a:focus-visible,summary:focus-visible{outline:2px solid var(--blue);outline-offset:2px}
td{border-bottom:1px solid var(--line);padding:.22rem .7rem .22rem 0;vertical-align:top;overflow-wrap:break-word;min-width:2rem}
td:first-child{white-space:nowrap}
.n{text-align:right;font-variant-numeric:tabular-nums}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(30rem,100%),1fr));gap:.8rem;margin:.7rem 0}
article{background:var(--card);border:1px solid var(--line);border-radius:.3rem;padding:.6rem .8rem;min-width:0}
article p{margin:0;color:var(--faint)}
article:target{border-color:var(--blue)}
del{text-decoration:none;color:var(--bad)}ins{text-decoration:none;color:var(--good)}
.note,footer{color:var(--faint);font-size:.9em}
.filter{display:flex;gap:.7rem;align-items:baseline;margin-top:.5rem}
input{font:inherit;padding:.2rem .5rem;width:20rem;max-width:100%;color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:.3rem}
svg{display:block;margin-top:.6rem;max-width:none;font:13px system-ui,sans-serif}
svg text{fill:var(--ink)}svg .faint{fill:var(--faint)}svg .strong{font-weight:600}svg .small{font-size:11px}svg .mono{font-family:ui-monospace,"Liberation Mono",Menlo,monospace;font-size:11.5px}
svg .end{text-anchor:end}
svg rect{stroke:var(--line)}.region{fill:var(--card);stroke-dasharray:6 4}
rect.kernel{fill:var(--kernel)}rect.lab{fill:var(--lab)}rect.core{fill:var(--core)}rect.init{fill:var(--init)}rect.module{fill:var(--module)}
rect.section{fill:var(--section);stroke:none}rect.veneer{fill:var(--veneer);stroke:none}
.arrow{fill:none;stroke:var(--blue);stroke-width:1.4;opacity:.85}.arrow.bad{stroke:var(--bad);stroke-dasharray:5 4}
.tip{fill:var(--blue)}.tip.bad{fill:var(--bad)}svg .to,svg .bad{paint-order:stroke}svg text.to,svg text.bad{stroke:var(--card);stroke-width:4px;stroke-linejoin:round}svg text.to{fill:var(--blue)}svg text.bad{fill:var(--bad)}
@media print{body{max-width:none;font-size:10pt}nav,.filter{display:none}section,article,tr{break-inside:avoid}section:has(table){break-inside:auto}svg{max-width:100%;height:auto}.scroll{overflow:visible}}
`;

export const PAGE_SCRIPT = `
"use strict";
for (const table of document.querySelectorAll("section > details > .scroll > table")) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  table.querySelectorAll("th").forEach((heading, column) => {
    if (heading.textContent === "") return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    button.title = "Sort by " + heading.textContent;
    heading.replaceChildren(button);
    const key = (row) => row.cells[column].textContent;
    const number = (text) => Number(text.replaceAll(",", "") || 0);
    button.addEventListener("click", () => {
      const up = heading.getAttribute("aria-sort") !== "ascending";
      for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", up ? "ascending" : "descending");
      const numbers = rows.every((row) => !Number.isNaN(number(key(row))));
      const order = (a, b) => numbers ? number(key(a)) - number(key(b)) : key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0;
      body.append(...rows.toSorted((a, b) => (up ? order(a, b) : order(b, a))));
    });
  });
  if (rows.length < 12) continue;
  const line = document.createElement("div");
  line.className = "filter";
  const input = document.createElement("input");
  input.type = "search";
  input.placeholder = "Filter";
  const title = table.closest("section").querySelector("h2").firstChild.textContent.trim();
  input.setAttribute("aria-label", "Filter " + title);
  const count = document.createElement("span");
  count.className = "note";
  count.setAttribute("aria-live", "polite");
  line.append(input, count);
  table.parentElement.before(line);
  const texts = rows.map((row) => row.textContent.toLowerCase());
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase();
    let shown = 0;
    rows.forEach((row, index) => {
      row.hidden = !texts[index].includes(wanted);
      shown += row.hidden ? 0 : 1;
    });
    count.textContent = wanted === "" ? "" : shown + " of " + rows.length;
  });
}
`;
