// Checks that SECURITY.md's table of limits is that of src/limits.ts: each limit with what its comment says. To write
// the table anew: FARJAL_WRITE_LIMITS=1 npm test -- structure/limits.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
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
