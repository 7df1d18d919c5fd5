// Draws the cost lab's numbers: a line for each design, and side by side a panel for each number, with its own scale
// from 0 on. A line marks the quartiles of host times. The tables show the same numbers.

import type { CostRow, Spread } from "../../cost/row.ts";
import { greatest } from "../../extremes.ts";
import { type Html, html } from "../../html/html.ts";
import { grouped } from "../../html/numbers.ts";

const NAME_WIDTH = 260;
const PANEL_WIDTH = 150;
/** The width of a number behind a bar. */
const NUMBER_WIDTH = 62;
const GAP = 16;
const ROW = 26;
const BAR = 14;
const HEAD = 42;

/** A number, and the range that is drawn as a line around it. */
interface Mark {
  readonly value: number;
  /** The length of the bar's second part. */
  readonly more?: number;
  readonly range?: readonly [low: number, high: number];
  readonly text: string;
}

interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly marks: readonly (Mark | null)[];
}

/** Draws bytes and guest instructions. */
export function costPlot(rows: readonly CostRow[]): Html {
  const above = (pick: (row: CostRow) => number | null): (Mark | null)[] =>
    rows.map((row) => {
      const value = row.kind === "none" ? null : pick(row);
      return value === null ? null : { value, text: `+${value.toFixed(2)}` };
    });
  return plot(rows, [
    {
      title: "code and trampolines",
      unit: "bytes",
      marks: rows.map(({ bytes: { code, veneers } }) => ({
        value: code,
        more: veneers,
        text: veneers === 0 ? grouped(code) : `${grouped(code)} + ${grouped(veneers)}`,
      })),
    },
    { title: "off", unit: "instructions a call", marks: above(({ perCall }) => perCall.off) },
    {
      title: "function",
      unit: "instructions a call",
      marks: above(({ perCall }) => perCall.function),
    },
    {
      title: "function_graph",
      unit: "instructions a call",
      marks: above(({ perCall }) => perCall.functionGraph),
    },
  ]);
}

/** Draws host times. */
export function timePlot(rows: readonly CostRow[]): Html {
  const times = (pick: (row: CostRow) => Spread | null): (Mark | null)[] =>
    rows.map((row) => {
      const spread = pick(row);
      if (spread === null) return null;
      const { p50, p25, p75 } = spread;
      return { value: p50, range: [p25, p75], text: p50.toFixed(1) };
    });
  return plot(rows, [
    { title: "off", unit: "ns a call", marks: times(({ nanoseconds }) => nanoseconds.off) },
    {
      title: "function",
      unit: "ns a call",
      marks: times(({ nanoseconds }) => nanoseconds.function),
    },
    {
      title: "function_graph",
      unit: "ns a call",
      marks: times(({ nanoseconds }) => nanoseconds.functionGraph),
    },
  ]);
}

function plot(rows: readonly CostRow[], panels: readonly Panel[]): Html {
  const names = greatest(
    rows.map(({ design }) => 7 * design.length),
    NAME_WIDTH,
  );
  const width = names + panels.length * (PANEL_WIDTH + NUMBER_WIDTH + GAP);
  const height = HEAD + ROW * rows.length + 8;
  return html`<svg class="plot" role="img" aria-label="${panels.map(({ title }) => title).join(", ")} of each design" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
${rows.map(
  ({ design }, index) =>
    html`<text x="0" y="${HEAD + ROW * index + BAR - 2}">${design}</text>
`,
)}${panels.map((panel, index) =>
  drawn(panel, names + index * (PANEL_WIDTH + NUMBER_WIDTH + GAP), height),
)}</svg>`;
}

function drawn({ title, unit, marks }: Panel, left: number, height: number): Html {
  const most = greatest(
    marks.map((mark) => mark?.range?.[1] ?? (mark?.value ?? 0) + (mark?.more ?? 0)),
    1e-9,
  );
  const length = (value: number): number => Math.round((value / most) * PANEL_WIDTH * 10) / 10;
  return html`<g>
<text class="strong" x="${left}" y="14">${title}</text><text class="faint small" x="${left}" y="29">${unit}</text>
<line class="axis" x1="${left}" y1="${HEAD - 6}" x2="${left}" y2="${height - 6}"/>
${marks.map((mark, index) => {
  if (mark === null) return null;
  const top = HEAD + ROW * index;
  const end = left + length(mark.value);
  const more = mark.more ?? 0;
  const [low, high] = mark.range ?? [mark.value, mark.value];
  const number = Math.max(end + length(more), left + length(high)) + 5;
  return html`<rect class="bar" x="${left}" y="${top}" width="${length(mark.value)}" height="${BAR}"/>${
    more > 0
      ? html`<rect class="bar more" x="${end}" y="${top}" width="${length(more)}" height="${BAR}"/>`
      : null
  }${
    mark.range === undefined
      ? null
      : html`<line class="range" x1="${left + length(low)}" y1="${top + BAR / 2}" x2="${left + length(high)}" y2="${top + BAR / 2}"/>`
  }<text class="small" x="${number}" y="${top + BAR - 3}">${mark.text}</text>
`;
})}</g>`;
}
