// Checks that SECURITY.md's table of limits is that of src/limits.ts, each limit with what its comment says, and that no
// other file has limits of its own. To write the table anew: FARJAL_WRITE_LIMITS=1 npm test -- structure/limits.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import ts from "@typescript/typescript6";
import * as limits from "../../src/limits.ts";
import { repositoryFile, sourceFiles } from "../support/repository.ts";

const MIB = 1 << 20;
const BEGIN = "<!-- The limits of src/limits.ts -->\n";
const END = "<!-- End of the limits -->";
const DECLARED = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport const (\w+) = /g;

/** 268435456 as "256 MiB" for bytes, and 1048576 as "1,048,576" for anything else. */
function shown(name: string, value: number): string {
  if (name.endsWith("_BYTES") && value % MIB === 0) return `${value / MIB} MiB`;
  return value.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

function table(): string {
  const source = readFileSync(repositoryFile("src/limits.ts"), "utf8");
  const rows = [...source.matchAll(DECLARED)].map(([, comment = "", name = ""]) => {
    const value = (limits as Readonly<Record<string, number>>)[name] ?? Number.NaN;
    const words = comment
      .replace(/\s+\*?\s*/g, " ")
      .trim()
      .replace(/\.$/, "");
    return `| ${words} | ${shown(name, value)} |\n`;
  });
  return `| what a file or a guest may have | most |\n|---|---:|\n${rows.join("")}`;
}

test("SECURITY.md has the limits of src/limits.ts", () => {
  assert.equal(
    table().split("\n").length - 3,
    Object.keys(limits).length,
    "each has a comment of one form",
  );
  const path = repositoryFile("SECURITY.md");
  const text = readFileSync(path, "utf8");
  const [before = "", rest = ""] = text.split(BEGIN);
  const [inside = "", after = ""] = rest.split(END);
  if (process.env["FARJAL_WRITE_LIMITS"] === "1") {
    writeFileSync(path, `${before}${BEGIN}\n${table()}\n${END}${after}`);
    return;
  }
  assert.equal(inside.trim(), table().trim());
});

test("each limit is used where something is made", () => {
  const files = sourceFiles("src").filter((file) => file.endsWith(".ts"));
  const texts = files
    .filter((file) => file !== "src/limits.ts")
    .map((file) => readFileSync(repositoryFile(file), "utf8"))
    .join("\n");
  for (const name of Object.keys(limits)) assert.match(texts, new RegExp(`\\b${name}\\b`));
});

/** Words of a name that make a constant a limit. */
const LIMITING = /(^|_)(MOST|MAX|LONGEST|LARGEST|GREATEST|DEEPEST|WIDEST|LIMIT)(_|$)/;
/** A smaller number costs nothing. */
const LARGE = 256;
/** Folders whose such constants are no limits on input: what is printed, options' ranges, the translator's tuning. */
const OTHERS = ["src/cli/", "src/report/", "src/html/", "src/translate/", "src/lab-kernel/"];
/** Constants of hardware, of the kernel, of file formats and of times, which have the names of limits. */
const CONSTANTS: Readonly<Record<string, string>> = {
  "src/board/devices/bus-master.ts REGION_MOST": "a region of the PIIX4's bus master",
  "src/board/devices/ide-identity.ts CYLINDERS_MOST": "ATA",
  "src/board/devices/ide-identity.ts MOST_28": "ATA",
  "src/board/devices/pcnet.ts MOST_ENTRIES": "the Am79C970A's rings",
  "src/board/devices/pcnet.ts MOST_FRAME": "the Am79C970A's frames",
  "src/board/kernel-slide.ts RELOCATION_MOST": "how far a kernel moves itself",
  "src/board/linux.ts BOOT_LIMIT": "seconds",
  "src/board/linux.ts LONGEST_SLEEP": "seconds",
  "src/board/pcap.ts LONGEST": "the snapshot length in a capture's header",
  "src/compression/zstd.ts LARGEST_BLOCK": "zstd's Block_Maximum_Size",
  "src/dwarf/sections.ts MOST_RATIO": "how well zlib and zstd can compress",
  "src/formats/text/event-text.ts MOST_REPEATS": "the 16 bits of func_repeats",
  "src/formats/viewers/threads.ts PID_MAX_LIMIT": "the kernel's",
  "src/ftrace/filters/pattern.ts LONGEST_WORD": "the kernel's FTRACE_BUFF_MAX",
  "src/ftrace/tracer.ts DEEPEST": "the unsigned int of max_graph_depth",
  "src/kernel/kallsyms/addresses.ts LARGEST_OFFSET": "the size of kseg0",
  "src/kernel/kallsyms/tokens.ts LONGEST_NAME": "the kernel's KSYM_NAME_LEN",
  "src/kernel/kallsyms/tokens.ts MOST_PADDING": "gas's .align 8",
  "src/lab/calls/host-services.ts INT_MAX": "C's",
  "src/lab/printk/format.ts FIELD_WIDTH_MAX": "the kernel's",
  "src/lab/printk/format.ts PRECISION_MAX": "the kernel's",
  "src/lab/printk/log.ts LONGEST_RECORD": "the kernel's",
  "src/observe/tasks.ts LARGEST": "the size of a task_struct",
  "src/processor/bad-pointer.ts MAX_ERRNO": "the kernel's",
  "src/processor/engine.ts LONGEST_WAIT": "the engine's tuning",
  "src/verify/verify.ts TIME_LIMIT": "seconds",
};

/** The number that a constant expression has; NaN for any other. */
function numberOf(node: ts.Expression | undefined, known: ReadonlyMap<string, number>): number {
  if (node === undefined) return Number.NaN;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isParenthesizedExpression(node)) return numberOf(node.expression, known);
  if (ts.isIdentifier(node)) return known.get(node.text) ?? Number.NaN;
  if (!ts.isBinaryExpression(node)) return Number.NaN;
  const [a, b] = [numberOf(node.left, known), numberOf(node.right, known)];
  if (node.operatorToken.kind === ts.SyntaxKind.LessThanLessThanToken) return a * 2 ** b;
  if (node.operatorToken.kind === ts.SyntaxKind.AsteriskAsteriskToken) return a ** b;
  if (node.operatorToken.kind === ts.SyntaxKind.AsteriskToken) return a * b;
  if (node.operatorToken.kind === ts.SyntaxKind.PlusToken) return a + b;
  if (node.operatorToken.kind === ts.SyntaxKind.MinusToken) return a - b;
  return Number.NaN;
}

/** The constants at the top of a file that are limits by their name and large numbers. */
function ownLimits(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  const known = new Map<string, number>();
  return source.statements.filter(ts.isVariableStatement).flatMap((statement) =>
    statement.declarationList.declarations.flatMap(({ name, initializer }) => {
      if (!ts.isIdentifier(name)) return [];
      const value = numberOf(initializer, known);
      known.set(name.text, value);
      return value >= LARGE && LIMITING.test(name.text) ? [name.text] : [];
    }),
  );
}

test("no other file has limits of its own", () => {
  const made =
    "const K = 1 << 10;\nconst MOST_ROWS = 4 * K;\nconst DEEPEST = 12;\nconst ROWS = 4096;\n";
  assert.deepEqual(ownLimits("made.ts", made), ["MOST_ROWS"]);
  const found: string[] = [];
  for (const file of sourceFiles("src")) {
    if (!file.endsWith(".ts") || file === "src/limits.ts") continue;
    if (OTHERS.some((folder) => file.startsWith(folder))) continue;
    const own = ownLimits(file, readFileSync(repositoryFile(file), "utf8"));
    found.push(...own.map((name) => `${file} ${name}`));
  }
  assert.deepEqual(
    found.sort(),
    Object.keys(CONSTANTS).sort(),
    "move a new limit to src/limits.ts, or name here what it is",
  );
});
