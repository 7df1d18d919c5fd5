// Draws the address space around a module: regions of 256 MiB from top to bottom with the kernels, other modules and
// the module's blocks, sections and veneers, and an arrow for each group of far jumps. It isn't to scale, so that small
// objects are as readable as large ones. The tables show the same in text.

import { type Address, ascending, distance, plus } from "../../address.ts";
import type { ExplainedRange, Explanation } from "../../explain/explanation.ts";
import { hex } from "../../hex.ts";
import { type Html, html } from "../../html/html.ts";
import { counted, grouped } from "../../html/numbers.ts";

const WIDTH = 980;
const REGION_LEFT = 8;
const BOX_LEFT = 128;
const BOX_WIDTH = 452;
/** The width of eight more digits of an address. */
const MORE_DIGITS = 62;
const ROW = 17;
const HEADER = 24;
const GAP = 10;
/** More veneers than this are drawn as one row. */
const MOST_VENEERS = 16;
const MOST_OTHERS = 4;
const MOST_LABELS = 16;

/** An object in memory, drawn one line high. */
interface Row {
  readonly name: string;
  readonly note: string;
  readonly kind: "section" | "veneer";
  readonly address: Address;
  readonly size: number;
}

/** Jumps from one object to another, drawn as one arrow; `symbol` is empty when they name several symbols. */
interface Arrow {
  readonly from: number;
  readonly to: number;
  readonly bad: boolean;
  symbol: string;
  count: number;
}

interface Drawn {
  readonly address: Address;
  readonly last: Address;
  readonly top: number;
  readonly height: number;
}

/** The drawing. */
export function explainMap(explanation: Explanation): Html {
  const drawing = new Drawing(explanation);
  return drawing.svg();
}

class Drawing {
  readonly #explanation: Explanation;
  readonly #drawn: Drawn[] = [];
  readonly #shapes: Html[] = [];
  /** The left and right edges of the boxes, and the width of the drawing. */
  readonly #left: number;
  readonly #right: number;
  readonly #width: number;
  /** The distance from a box's left edge to its names. */
  readonly #names: number;
  #y = 8;

  constructor(explanation: Explanation) {
    this.#explanation = explanation;
    const wider = explanation.file.class === 64 ? MORE_DIGITS : 0;
    this.#left = BOX_LEFT + wider;
    this.#right = this.#left + BOX_WIDTH + wider;
    this.#width = WIDTH + 2 * wider;
    this.#names = 98 + wider;
    let next: Address | null = null;
    for (const { base, end } of explanation.regions) {
      const between = next === null ? 0 : distance(next, base) / 0x10000000;
      if (between > 0) this.#emptiness(between);
      next = plus(end, 1);
      this.#region(base, end);
    }
  }

  svg(): Html {
    const arrows = this.#arrows();
    const { name, farJumps } = this.#explanation;
    const label = `The address space around ${name}, with ${counted(farJumps.length, "far jump")}`;
    return html`<svg class="map" role="img" aria-label="${label}" viewBox="0 0 ${this.#width} ${this.#y + 8}" width="${this.#width}" height="${this.#y + 8}">
<defs>${["to", "bad"].map(
      (kind) =>
        html`<marker id="${kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="tip ${kind}" d="M0 0 8 4 0 8z"/></marker>`,
    )}</defs>
${this.#shapes}${arrows}</svg>`;
  }

  #emptiness(regions: number): void {
    this.#text(
      this.#left,
      this.#y + 12,
      "faint",
      `${counted(regions, "region")} of 256 MiB with nothing in ${regions === 1 ? "it" : "them"}`,
    );
    this.#y += 22;
  }

  /** Draws a region's band and the objects in it. */
  #region(base: Address, end: Address): void {
    const top = this.#y;
    this.#y += HEADER;
    const inside = this.#explanation.ranges.filter(
      (range) => range.base <= end && lastOf(range.base, range.size) >= base,
    );
    const others = inside.filter(({ kind }) => kind === "module");
    for (const range of inside) {
      if (range.kind === "module" && others.length > MOST_OTHERS) {
        if (range === others[0]) this.#others(others);
      } else if (range.kind === "module" || range.kind === "kernel" || range.kind === "lab") {
        this.#box(range, later(range.base, base), earlier(lastOf(range.base, range.size), end));
      } else this.#block(range, base, end);
    }
    const height = this.#y - top;
    this.#shapes.unshift(
      html`<rect class="region" x="${REGION_LEFT}" y="${top}" width="${this.#width - 2 * REGION_LEFT}" height="${height}" rx="6"/>
<text class="mono" x="${REGION_LEFT + 10}" y="${top + 16}">${hex(base)}</text>
<text class="faint" x="${this.#left}" y="${top + 16}">256 MiB region: what a j or jal here can reach</text>
<text class="mono faint" x="${REGION_LEFT + 10}" y="${top + height - 8}">${hex(end)}</text>`,
    );
    // An address that no object contains is drawn at the region's header.
    this.#drawn.push({ address: base, last: end, top, height: HEADER });
    this.#y += GAP;
  }

  #box({ name, kind, size }: ExplainedRange, from: Address, to: Address): void {
    const height = kind === "module" ? 28 : 46;
    this.#rectangle(kind, this.#y, height);
    this.#text(this.#left + 10, this.#y + 18, "strong", name);
    this.#text(this.#right - 10, this.#y + 18, "mono end", `${hex(from)} – ${hex(to)}`);
    if (kind !== "module") {
      this.#text(this.#left + 10, this.#y + 36, "faint", `${grouped(size)} bytes`);
    }
    this.#place(from, to, height);
  }

  #others(others: readonly ExplainedRange[]): void {
    this.#rectangle("module", this.#y, 28);
    this.#text(this.#left + 10, this.#y + 18, "strong", counted(others.length, "other module"));
    this.#y += 28 + GAP;
  }

  /** Draws one of the module's blocks, or its part in this region: a line for each object in it. */
  #block({ name, kind, base, size }: ExplainedRange, from: Address, to: Address): void {
    const rows = this.#rows(kind).filter(
      (row) => row.address <= to && lastOf(row.address, row.size) >= from,
    );
    const height = HEADER + rows.length * ROW + 6;
    // One color for what stays and one for what is freed after init.
    this.#rectangle(kind.startsWith("init") ? "init" : "core", this.#y, height);
    const continued = base < from ? " (continued)" : "";
    this.#text(
      this.#left + 10,
      this.#y + 16,
      "strong",
      `${this.#explanation.name}: ${name}${continued}`,
    );
    const range = `${hex(later(base, from))} – ${hex(earlier(lastOf(base, size), to))}`;
    this.#text(this.#right - 10, this.#y + 16, "mono end", range);
    const top = this.#y;
    this.#y += HEADER;
    for (const row of rows) {
      this.#shapes.push(
        html`<rect class="${row.kind}" x="${this.#left + 6}" y="${this.#y}" width="${this.#right - this.#left - 12}" height="${ROW - 2}" rx="2"/>`,
      );
      this.#text(this.#left + 12, this.#y + 12, "mono small", hex(later(row.address, from)));
      this.#text(this.#left + this.#names, this.#y + 12, "small", shortened(row.name, 40));
      this.#text(this.#right - 12, this.#y + 12, "small faint end", row.note);
      this.#drawn.push({
        address: row.address,
        last: lastOf(row.address, row.size),
        top: this.#y,
        height: ROW - 2,
      });
      this.#y += ROW;
    }
    this.#y = top + height + GAP;
  }

  /** A block's sections and veneers by address; more than MOST_VENEERS veneers are one row. */
  #rows(block: ExplainedRange["kind"]): Row[] {
    const sections = this.#explanation.sections.flatMap((section): Row[] => {
      const { name, address, size, flags } = section;
      if (section.block !== block || address === null || size === 0) return [];
      const note = `${grouped(size)} ${flags}`.trim();
      return [{ name, note, kind: "section", address, size }];
    });
    const own = this.#explanation.trampolines.filter((one) => one.block === block);
    const veneers = own.map(({ address, symbol, words, sites }): Row => {
      const note = `trampoline, ${counted(sites.length, "jump")}`;
      return { name: `→ ${symbol}`, note, kind: "veneer", address, size: words.length * 4 };
    });
    const [first] = veneers;
    const last = veneers.at(-1);
    if (veneers.length <= MOST_VENEERS || first === undefined || last === undefined) {
      return [...sections, ...veneers].sort((a, b) => ascending(a.address, b.address));
    }
    const size = distance(first.address, last.address) + last.size;
    const all: Row = { ...first, name: counted(veneers.length, "trampoline"), note: "", size };
    return [...sections, all].sort((a, b) => ascending(a.address, b.address));
  }

  /** The arrows of far jumps, one for those from a section to the same place, and of the veneers' jumps. */
  #arrows(): Html[] {
    const { farJumps, trampolines } = this.#explanation;
    const groups = new Map<string, Arrow>();
    const add = (from: Address, to: Address, bad: boolean, symbol: string): void => {
      const [start, stop] = [this.#yOf(from), this.#yOf(to)];
      if (start === null || stop === null) return;
      const key = `${start} ${stop} ${bad}`;
      const group = groups.get(key) ?? { from: start, to: stop, bad, symbol, count: 0 };
      group.count += 1;
      if (group.symbol !== symbol) group.symbol = "";
      groups.set(key, group);
    };
    for (const { address, trampoline, target, symbol, word } of farJumps) {
      add(address, trampoline ?? target, trampoline === null && word === null, symbol);
    }
    const jumps = [...groups.values()];
    groups.clear();
    for (const { address, target, symbol } of trampolines) add(address, target, false, symbol);
    const onward = [...groups.values()];
    const drawn = [
      ...jumps.map((jump, index) => this.#arrow(jump, 40 + 10 * (index % 8), index, false)),
      ...onward.map((jump, index) => this.#arrow(jump, 150 + 16 * (index % 8), index, true)),
    ];
    return [...drawn.map(({ path }) => path), ...drawn.flatMap(({ label }) => label ?? [])];
  }

  #arrow(
    { from, to, bad, symbol, count }: Arrow,
    bulge: number,
    index: number,
    onward: boolean,
  ): { path: Html; label: Html | null } {
    const x = this.#right - 4;
    const far = this.#right + (bad ? bulge + 110 : bulge);
    const path = `M${x} ${from}C${far} ${from} ${far} ${to} ${x + 2} ${to}`;
    const middle = this.#right + (far - this.#right) * 0.75 + 6;
    const named = shortened(symbol, 20) || "several";
    const text = bad
      ? `✕ ${counted(count, "far jump")} to ${named}`
      : onward
        ? named
        : `× ${count}`;
    const label = index < MOST_LABELS && (bad || onward || count > 1) ? text : "";
    const kind = bad ? "bad" : "to";
    const y = (from + to) / 2 + 4 + ((index % 8) - 3) * 12;
    return {
      path: html`<path class="arrow ${kind}" d="${path}" marker-end="url(#${kind})"/>`,
      label:
        label === ""
          ? null
          : html`<text class="small ${kind}" x="${middle}" y="${y}">${label}</text>`,
    };
  }

  /** The vertical middle of the object that contains an address. */
  #yOf(address: Address): number | null {
    const holder = this.#drawn.find((one) => address >= one.address && address <= one.last);
    return holder === undefined ? null : holder.top + holder.height / 2;
  }

  #place(address: Address, last: Address, height: number): void {
    this.#drawn.push({ address, last, top: this.#y, height });
    this.#y += height + GAP;
  }

  #rectangle(kind: string, y: number, height: number): void {
    this.#shapes.push(
      html`<rect class="${kind}" x="${this.#left}" y="${y}" width="${this.#right - this.#left}" height="${height}" rx="4"/>`,
    );
  }

  #text(x: number, y: number, kind: string, text: string): void {
    this.#shapes.push(html`<text class="${kind}" x="${x}" y="${y}">${text}</text>`);
  }
}

/** The address of an object's last byte; an empty object has the address of its start. */
function lastOf(address: Address, size: number): Address {
  return plus(address, Math.max(size, 1) - 1);
}

function later(one: Address, other: Address): Address {
  return one > other ? one : other;
}

function earlier(one: Address, other: Address): Address {
  return one < other ? one : other;
}

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
