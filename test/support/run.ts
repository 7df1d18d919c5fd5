// Runs the compiled tests, `npm test` with everything after `--` as its arguments, and ends with one line that counts
// them: `N passed, N failed, N skipped`. node --test's own summary leaves out the tests of a skipped suite. Here
// every test that did not run is named with its reason.
//
//   npm test -- machine ftrace             only the files whose path has one of these words
//   npm test -- --name "links are"         only the tests, and all tests of the suites, whose title has this text
//   npm test -- --without vectors          all but those
//   npm test -- --must-run "isn't here"    fails when a test was skipped for a reason like this
//
// Files share processes (processes.ts); as many run at a time as there are processors.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";
import { divide, writeScript } from "./processes.ts";
import { repositoryFile, sourceFiles } from "./repository.ts";
import { Tally } from "./tally.ts";
import { thorough } from "./thorough.ts";

/** Milliseconds. No process of test files takes as long; a test that hangs fails. */
const PROCESS_TIMEOUT = 15 * 60_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: "string", multiple: true, default: [] },
    without: { type: "string", multiple: true, default: [] },
    "must-run": { type: "string", multiple: true, default: [] },
  },
});

/** Found by their sources, so that a compiled test whose source was deleted doesn't run any more. */
function testFiles(): string[] {
  return sourceFiles("test")
    .filter((name) => name.endsWith(".test.ts"))
    .filter((name) => positionals.length === 0 || positionals.some((word) => name.includes(word)))
    .filter((name) => !values.without.some((word) => name.includes(word)));
}

function compiled(file: string): string {
  return repositoryFile(`build/${file.replace(/\.ts$/, ".js")}`);
}

/** A pattern for titles that contain the text. */
function literally(text: string): RegExp {
  return new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
}

/** Ends the run with a sentence that says what doesn't exist. */
function nothing(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

const files = testFiles();
for (const word of positionals) {
  if (!files.some((file) => file.includes(word)))
    nothing(`no test file's path has '${word}' in it: look into test/`);
}
if (files.length === 0) nothing("--without leaves no test file");
/** Of this run only, also the program's caches: no entry of an older build hides what the code does now. */
const folder = mkdtempSync(join(tmpdir(), "farjal-tests-"));
process.env["XDG_CACHE_HOME"] = join(folder, "caches");
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** Script of a process -> its test files. */
const processes = new Map<string, readonly string[]>();
const textOf = (file: string) => readFileSync(repositoryFile(file), "utf8");
// A thorough run has files that take minutes each, and the limit of time is for a process.
const mostFiles = thorough ? 1 : undefined;
for (const share of divide(files, availableParallelism(), textOf, mostFiles)) {
  const script = join(folder, `tests-${processes.size + 1}.mjs`);
  writeScript(script, share.map(compiled));
  processes.set(script, share);
}

const tally = new Tally(processes);
const events = run({
  files: [...processes.keys()],
  concurrency: availableParallelism(),
  timeout: PROCESS_TIMEOUT,
  ...(values.name.length === 0 ? {} : { testNamePatterns: values.name.map(literally) }),
});
events.on("test:pass", (event) => tally.pass(event));
events.on("test:fail", (event) => tally.fail(event));
const texts = values.name.map((text) => `'${text}'`).join(" or ");
const report = events.compose(new spec());
report.pipe(process.stdout, { end: false });
await finished(report);

if (tally.count === 0) nothing(`no test's title has ${texts} in it`);
tally.mustRun(values["must-run"].map((text) => new RegExp(text)));
process.stdout.write(`\n${tally.lines().join("\n")}\n`);
process.exitCode = tally.passed > 0 && tally.failed === 0 ? 0 : 1;
