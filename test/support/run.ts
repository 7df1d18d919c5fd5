// Runs the compiled tests, `npm test` with everything behind `--` as its arguments, and ends with one line
// that counts them: `N passed, N failed, N skipped`. It exists because node --test's own summary loses
// tests: those of a skipped suite are in no number. Here a test that did not run is named with its reason.
//
//   npm test -- machine ftrace             only the files whose path has one of these words
//   npm test -- --without vectors          all but those
//   npm test -- --must-run "isn't here"    fails when a test was skipped for a reason like this
//
// Each file runs in a process of its own, as many at once as there are processors.

import { availableParallelism } from "node:os";
import { finished } from "node:stream/promises";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";
import { repositoryFile, sourceFiles } from "./repository.ts";
import { Tally } from "./tally.ts";

/** Longer than any file takes; a test that hangs is a test that fails. */
const FILE_TIMEOUT = 10 * 60_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    without: { type: "string", multiple: true, default: [] },
    "must-run": { type: "string", multiple: true, default: [] },
  },
});

/** By their sources, so that a compiled test whose source is gone isn't run for ever. */
function testFiles(): string[] {
  return sourceFiles("test")
    .filter((name) => name.endsWith(".test.ts"))
    .filter((name) => positionals.length === 0 || positionals.some((word) => name.includes(word)))
    .filter((name) => !values.without.some((word) => name.includes(word)))
    .map((name) => repositoryFile(`build/${name.replace(/\.ts$/, ".js")}`));
}

const files = testFiles();
const tally = new Tally();
const events = run({ files, concurrency: availableParallelism(), timeout: FILE_TIMEOUT });
events.on("test:pass", (event) => tally.pass(event));
events.on("test:fail", (event) => tally.fail(event));
const report = events.compose(new spec());
report.pipe(process.stdout, { end: false });
await finished(report);

tally.mustRun(values["must-run"].map((text) => new RegExp(text)));
process.stdout.write(`\n${tally.lines().join("\n")}\n`);
process.exitCode = tally.passed > 0 && tally.failed === 0 ? 0 : 1;
