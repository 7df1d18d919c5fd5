// Prints verdicts on modules and a kernel: for each module the reasons by kind, the kernel's lines first, then what
// differs, and at the end what to do about all of them.

import type { Fits, FitsBoth, JudgedKernel } from "../fits/fits.ts";
import type { Reason, ReasonKind, Verdict } from "../fits/reason.ts";
import { counted, grouped } from "../html/numbers.ts";
import type { Paint } from "./paint.ts";
import { columns } from "./table.ts";

/** The headings of the kinds, in the order in which they are listed. */
export const KIND_TITLES: Readonly<Record<ReasonKind, string>> = {
  rule: "the loader's checks",
  vermagic: "version magic",
  "struct-module": "struct module",
  checksum: "checksums (CONFIG_MODVERSIONS)",
  "missing-symbol": "missing symbols",
  "gpl-only": "GPL-only symbols",
  namespace: "namespaces",
  "far-jump": "far jumps",
};
export const KINDS = Object.keys(KIND_TITLES) as readonly ReasonKind[];
/** The most reasons of one kind that are printed; the JSON document has all. */
const MOST_PRINTED = 12;

export function kernelName({ file, release }: JudgedKernel): string {
  return release === null ? file : `Linux ${release}`;
}

/** The verdicts on the modules of a tree: counts, then each module that doesn't fit. */
export function* fitsTreeText(fits: Fits, paint: Paint): Generator<string> {
  const { kernel, modules } = fits;
  const bad = modules.filter((module) => !module.fits);
  const name = kernelName(kernel);
  yield `${paint.bold(counted(modules.length, "module"))} for ${name}: ${grouped(modules.length - bad.length)} fit, ${grouped(bad.length)} don't\n`;
  const rows: [string, string][] = KINDS.flatMap((kind): [string, string][] => {
    const count = bad.filter(({ reasons }) => reasons.some((one) => one.kind === kind)).length;
    return count === 0 ? [] : [[KIND_TITLES[kind], grouped(count)]];
  });
  for (const line of columns(rows, ["left", "right"])) yield `${line}\n`;
  for (const module of bad) yield* moduleText(module, kernel, paint);
}

/** The verdicts for two kernels, and what differs between them for each module. */
export function* fitsBothText(both: FitsBoth, paint: Paint): Generator<string> {
  const { kernel, against, differences, rules } = both;
  yield* fitsText(kernel, paint);
  yield* fitsText(against, paint);
  const [one, other] = [kernelName(kernel.kernel), kernelName(against.kernel)];
  const heading = (what: string) => `${paint.bold(what)}: ${one} and ${other}\n`;
  for (const [at, list] of differences.entries()) {
    if (list.length === 0) continue;
    yield heading(`differences for ${kernel.modules[at]?.file}`);
    for (const { what, symbol, kernel: a, against: b } of list.slice(0, MOST_PRINTED)) {
      yield `  ${symbol}  ${what}: ${a}, ${b}\n`;
    }
    const left = list.length - MOST_PRINTED;
    if (left > 0) yield `  and ${left} more: --json has all\n`;
  }
  if (rules.length > 0) yield heading("rules of the loaders that differ");
  for (const { rule, what, kernel: a, against: b } of rules) {
    yield `  ${rule}  ${what}: ${a}, ${b}\n`;
  }
}

export function* fitsText(
  { kernel, modules }: Pick<Fits, "kernel" | "modules">,
  paint: Paint,
): Generator<string> {
  for (const module of modules) yield* moduleText(module, kernel, paint);
}

function* moduleText(module: Verdict, kernel: JudgedKernel, paint: Paint): Generator<string> {
  const { file, fits, reasons, needs, imports, rules, notes } = module;
  const name = kernelName(kernel);
  if (fits) {
    const from = ["the kernel", ...needs].join(", ");
    const count = imports?.length ?? 0;
    const how = count === 0 ? "it imports nothing" : `${counted(count, "import")}, from ${from}`;
    yield `${paint.bold(file)} ${paint.green("fits")} ${name}: ${how}\n`;
  } else {
    yield `${paint.bold(file)} ${paint.red("doesn't fit")} ${name}: ${counted(reasons.length, "reason")}\n`;
    for (const [kind, group] of byKind(reasons)) yield* groupText(kind, group, paint);
    yield "  what to do\n";
    for (const remedy of new Set(reasons.map((one) => one.remedy))) yield `    ${remedy}\n`;
  }
  for (const { rule, what, kernel: here, against } of rules) {
    yield `  ${paint.dim(`rule ${rule}, ${what}: ${here} in this kernel, ${against} in the one it is built for`)}\n`;
  }
  for (const note of notes) yield `  ${paint.dim(`note: ${note}`)}\n`;
}

function* groupText(kind: ReasonKind, reasons: readonly Reason[], paint: Paint): Generator<string> {
  yield `  ${paint.bold(KIND_TITLES[kind])}${reasons.length > 1 ? `, ${reasons.length}` : ""}\n`;
  for (const { dmesg, explanation } of reasons.slice(0, MOST_PRINTED)) {
    for (const line of dmesg) yield `    ${line}\n`;
    for (const line of explanation.split("\n")) yield `      ${line}\n`;
  }
  const left = reasons.length - MOST_PRINTED;
  if (left > 0) yield `    and ${left} more: --json has all\n`;
}

/** The reasons in groups, in their order. */
function byKind(reasons: readonly Reason[]): Map<ReasonKind, Reason[]> {
  const groups = new Map<ReasonKind, Reason[]>();
  for (const reason of reasons) {
    const group = groups.get(reason.kind);
    if (group === undefined) groups.set(reason.kind, [reason]);
    else group.push(reason);
  }
  return groups;
}
