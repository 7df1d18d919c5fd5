// Prints a module's explanation for the terminal. Long lists are cut, with the number of omitted rows: the JSON document has
// all of them, and the page nearly all.

import { type Address, plus } from "../../address.ts";
import type { Explanation } from "../../explain/explanation.ts";
import type { ExplainedPairs, PairExample } from "../../explain/pairs.ts";
import type { ExplainedSite } from "../../explain/sites.ts";
import { digits, hex } from "../../hex.ts";
import { counted, grouped } from "../../html/numbers.ts";
import { disassemble } from "../../isa/disassemble.ts";
import { framesText, type SourceOf } from "../frames-text.ts";
import { changeLines } from "../mend-text.ts";
import type { Paint } from "../paint.ts";
import { farJumpLines, trampolineLines } from "../plan-text.ts";
import { refusalText } from "../refusal-text.ts";
import { columns } from "../table.ts";
import type { LinuxVerdict } from "../verdict-text.ts";
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

/** The most rows of a list, and examples of a kind of pair, that are printed. */
const MOST_ROWS = 24;
const MOST_EXAMPLES = 3;

/**
 * The lines, each with its newline.
 * @param linux Linux's verdict on the unchanged file.
 * @param sourceOf the lines of places in the module's file; default: they aren't wanted.
 */
export function* explainText(
  explanation: Explanation,
  linux: LinuxVerdict,
  paint: Paint,
  sourceOf: SourceOf = () => [],
): Generator<string> {
  for (const line of lines(explanation, linux, paint, sourceOf)) yield `${line}\n`;
}

function* lines(
  explanation: Explanation,
  linux: LinuxVerdict,
  paint: Paint,
  sourceOf: SourceOf,
): Generator<string> {
  const { name, file, verdict } = explanation;
  yield `${paint.bold(name)}: ELF${file.class}, ${file.endian}-endian, ${file.abi}, ${file.isa}`;
  for (const note of file.notes) yield paint.yellow(`note: ${note}`);
  if (verdict.verdict === "refused") {
    const { errno, dmesg, explanation } = verdict;
    yield paint.red(STAGES[verdict.stage]);
    yield refusalText({ errno, dmesg, explanation: explanation ?? "" }, paint).trimEnd();
  } else {
    yield* verdict.dmesg.map((line) => paint.dim(line));
    yield linux === "loads"
      ? `Linux ${paint.green("loads")} it`
      : `Linux ${paint.red("refuses")} it as it is; this is how farjal loads it`;
    yield paint.green(STAGES.loaded);
  }
  yield* space(explanation, paint);
  yield* layout(explanation, paint);
  for (const line of changeLines(explanation.rewritten, paint)) yield line.trimEnd();
  yield* farJumpLines(explanation.farJumps, paint, sourceOf);
  yield* trampolineLines(explanation.trampolines, paint);
  yield* pairs(explanation.pairs, paint);
  yield* sites(explanation.callSites, paint, sourceOf);
  yield* keys(explanation, paint);
  yield* symbols(explanation, paint);
}

/** At most `most` rows, and the number of further rows. */
function* shortened(rows: readonly string[], most: number, what: string): Generator<string> {
  yield* rows.slice(0, most);
  if (rows.length > most) yield `  … and ${counted(rows.length - most, what)} more`;
}

function* space({ regions, ranges }: Explanation, paint: Paint): Generator<string> {
  if (regions.length === 0) return;
  yield paint.bold("address space, in regions of 256 MiB");
  yield* columns(
    regions.map(({ base, end, holds }) => [`${hex(base)}-${hex(end)}`, holds.join(", ")]),
  );
  yield* columns(
    ranges.map(({ name, base, size }) => [
      `  ${hex(base)}-${hex(plus(base, Math.max(size, 1) - 1))}`,
      name,
      `${grouped(size)} bytes`,
    ]),
    ["left", "left", "right"],
  );
}

function* layout({ sections, leftOut }: Explanation, paint: Paint): Generator<string> {
  if (sections.length > 0) {
    yield paint.bold("sections, as Linux's five rounds place them");
    yield* columns(
      [
        ["address", "block", "offset", "size", "padding", "align", "", "round", "section"],
        ...sections.map((section) => [
          addressOr(section.address),
          section.block,
          `0x${section.offset.toString(16)}`,
          grouped(section.size),
          section.padding === 0 ? "" : grouped(section.padding),
          String(section.alignment),
          section.flags,
          roundName(section),
          section.name,
        ]),
      ],
      ["left", "left", "right", "right", "right", "right"],
    );
  }
  if (leftOut.length === 0) return;
  yield paint.bold(`${counted(leftOut.length, "section")} not in memory`);
  const rows = columns(
    leftOut.map(({ name, size, why }) => [name, grouped(size), why]),
    ["left", "right"],
  );
  yield* shortened(rows, MOST_ROWS, "section");
}

function* pairs(
  { hi16, lo16, mostWaiting, findings }: ExplainedPairs,
  paint: Paint,
): Generator<string> {
  if (hi16 + lo16 + findings.length === 0) return;
  yield paint.bold(
    hi16 + lo16 === 0 ? "HI16 and LO16" : `${grouped(hi16)} HI16 and ${grouped(lo16)} LO16`,
  );
  if (mostWaiting > 1) yield `  ${grouped(mostWaiting)} HI16 at most wait for one LO16`;
  for (const { kind, count, examples } of findings) {
    const [what, why] = PAIR_SAYS[kind];
    const serious = kind === "line" || kind === "mismatch" || kind === "unpaired";
    yield `  ${(serious ? paint.red : paint.bold)(`${grouped(count)} × ${what}`)}: ${why}`;
    yield* columns(examples.slice(0, MOST_EXAMPLES).map(exampleCells)).map((line) => `  ${line}`);
  }
}

function exampleCells({ lo, hi, symbol, value, addend }: PairExample): string[] {
  const place = lo ?? hi[0];
  const sign = addend < 0 ? "-" : "+";
  const sum = `${symbol}${addend === 0 ? "" : `${sign}0x${Math.abs(addend).toString(16)}`}`;
  const from = hi
    .slice(0, MOST_EXAMPLES)
    .map((one) => sectionOffset(one.section, one.offset))
    .join(", ");
  const more = hi.length > MOST_EXAMPLES ? ", …" : "";
  return [
    place === undefined ? "" : addressOr(place.address),
    place === undefined ? "" : placeName(place),
    value === null ? sum : `${sum} (S ${hex(value)})`,
    lo === null || hi.length === 0 ? "" : `HI16 at ${from}${more}`,
  ];
}

function* sites(
  all: readonly ExplainedSite[],
  paint: Paint,
  sourceOf: SourceOf,
): Generator<string> {
  if (all.length === 0) return;
  yield paint.bold(counted(all.length, "call of _mcount", "calls of _mcount"));
  for (const [form, group] of siteForms(all)) {
    yield `  ${counted(group.length, "site")}: ${form}`;
    const [first] = group;
    if (first !== undefined) yield* siteLines(first);
  }
  const rows = columns(
    all.map((site) => [
      addressOr(site.address),
      sectionOffset(site.section, site.offset),
      placeName(site),
      framesText(sourceOf(site.section, site.offset)),
      site.lost ?? "",
    ]),
  );
  yield* shortened(rows, MOST_ROWS, "site");
  for (const { address, section, offset, lost } of all) {
    if (lost === null) continue;
    yield paint.yellow(
      `  ${sectionOffset(section, offset)} (${addressOr(address)}) calls _mcount always: ${lost}`,
    );
  }
}

/** A sequence's words before and after, side by side when they differ. */
function siteLines({ start, before, after }: ExplainedSite): string[] {
  return columns(
    before.map((word, index) => {
      const address = plus(start, 4 * index);
      const now = after?.[index];
      const changed = now !== undefined && now !== word;
      return [
        `  ${digits(address)}`,
        digits(word),
        assembly(word, address),
        ...(changed ? ["→", digits(now), assembly(now, address)] : []),
      ];
    }),
  );
}

function assembly(word: number, address: Address): string {
  return disassemble(word, address, { farjalWords: true }).replace("\t", " ");
}

function* keys({ staticKeys }: Explanation, paint: Paint): Generator<string> {
  if (staticKeys.length === 0) return;
  yield paint.bold(counted(staticKeys.length, "static-key site"));
  const rows = columns(
    staticKeys.map(({ code, key, target, word }) => [
      addressOr(code.address),
      placeName(code),
      key,
      `to ${placeName(target)}`,
      word === null || code.address === null ? "" : assembly(word, code.address),
    ]),
  );
  yield* shortened(rows, MOST_ROWS, "site");
}

function* symbols({ imports, exports, parameters }: Explanation, paint: Paint): Generator<string> {
  if (imports.length > 0) {
    yield paint.bold(counted(imports.length, "import"));
    const rows = columns(
      imports.map((one) => [addressOr(one.address), one.name, origin(one), one.gpl ? "GPL" : ""]),
    );
    yield* shortened(rows, MOST_ROWS, "import");
  }
  if (exports.length > 0) {
    yield paint.bold(counted(exports.length, "export"));
    const rows = columns(
      exports.map(({ name, address, gpl, crc, namespace }) => [
        addressOr(address),
        name,
        gpl ? "GPL" : "",
        crc === null ? "" : `crc ${digits(crc)}`,
        namespace ?? "",
      ]),
    );
    yield* shortened(rows, MOST_ROWS, "export");
  }
  if (parameters.length === 0) return;
  yield paint.bold(counted(parameters.length, "parameter"));
  yield* columns(
    parameters.map(({ name, type, description }) => [name, type ?? "", description ?? ""]),
  );
}
