// Prints decoded oopses: what happened, where in the source, the code around it, the call trace and the registers.

import { digits, hex } from "../hex.ts";
import type { Crash, CrashCall, CrashCodeLine, CrashPlace } from "../oops/decode.ts";
import { frameLines, framesText } from "./frames-text.ts";
import type { Paint } from "./paint.ts";
import { columns } from "./table.ts";

/** The lines of one oops, each with its newline. */
export function crashText(crash: Crash, paint: Paint): string {
  return [...crashLines(crash, paint)].map((line) => `${line}\n`).join("");
}

function* crashLines(crash: Crash, paint: Paint): Generator<string> {
  yield paint.bold(heading(crash));
  for (const line of crash.lines) yield `  ${paint.dim(line)}`;
  const { exception, badVAddr } = crash;
  if (exception !== null) {
    const at = badVAddr === null ? "" : `, address ${hex(badVAddr)}`;
    yield `  ${paint.red(exception.name)}: ${exception.says}${at}`;
  }
  for (const finding of crash.findings) yield `  ${paint.yellow(finding)}`;
  for (const note of crash.notes) yield `  note: ${note}`;
  if (crash.epc !== null) yield* placeLines("epc", crash.epc);
  if (crash.ra !== null) yield* placeLines("ra", crash.ra);
  if (crash.code.length > 0) {
    yield "Code:";
    yield* codeText(crash.code, paint);
  }
  if (crash.calls.length > 0) yield* callLines(crash.calls);
  yield* registerLines(crash);
}

function heading({ title, number, process, pid, cpu, release }: Crash): string {
  const what = title === null ? "Trace" : `${title}${number === null ? "" : `[#${number}]`}`;
  return [
    what,
    ...(process === null ? [] : [`in ${process}${pid === null ? "" : ` (pid ${pid})`}`]),
    ...(cpu === null ? [] : [`on CPU ${cpu}`]),
    ...(release === null ? [] : [`of Linux ${release}`]),
  ].join(" ");
}

function* placeLines(name: string, place: CrashPlace): Generator<string> {
  yield `${name.padEnd(4)} ${digits(place.address)} ${place.symbol ?? "?"}${inSection(place)}`;
  for (const line of frameLines(place.frames)) yield `       ${line}`;
}

function inSection({ section, offset }: CrashPlace): string {
  return section === null || offset === null ? "" : `, ${section}+0x${offset.toString(16)}`;
}

function* codeText(lines: readonly CrashCodeLine[], paint: Paint): Generator<string> {
  const rows = lines.map(({ address, word, text, failed, atEpc }) => [
    `${failed ? "=>" : "  "} ${digits(address)}`,
    text === null ? word.toString(16).padStart(4, "0") : digits(word),
    `${text === null ? "MIPS16 or microMIPS" : text.replace("\t", " ")}${atEpc && !failed ? "  (epc: the failed instruction is in its delay slot)" : ""}`,
  ]);
  yield* columns(rows).map((line, index) => (lines[index]?.failed ? paint.bold(line) : line));
}

const MARKS: Readonly<Record<CrashCall["found"], string>> = {
  frame: "",
  scan: "",
  stale: "? no call precedes it",
  doubtful: "? unreliable",
};

function* callLines(calls: readonly CrashCall[]): Generator<string> {
  yield calls.some(({ found }) => found === "scan" || found === "stale")
    ? "Call Trace: (unreliable: epc is in no code, so the kernel lists every address of code on the stack)"
    : "Call Trace:";
  yield* columns(
    calls.map((call) => [
      digits(call.address),
      call.symbol ?? "?",
      [framesText(call.frames), MARKS[call.found]].filter(Boolean).join("  "),
    ]),
  );
}

function* registerLines({ registers, status, cause }: Crash): Generator<string> {
  if (registers.length > 0) {
    yield "Registers:";
    const cells = registers.map(({ name, value }) => `${name.padStart(4)} ${digits(value)}`);
    for (let at = 0; at < cells.length; at += 4) yield `  ${cells.slice(at, at + 4).join("  ")}`;
  }
  for (const [name, register] of [
    ["Status", status],
    ["Cause", cause],
  ] as const) {
    if (register === null) continue;
    yield `${name} ${digits(register.value)}: ${register.fields.join("; ")}`;
  }
}
