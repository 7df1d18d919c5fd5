// Tests texts and JSON documents that are small in kinds and large in number, and what they say: lines by the million,
// lists in lists, parts of works that have more parts than there are numbers, names that forge lines. Each ends in one
// sentence or in a result.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { readInputRecording } from "../../src/board/input-recording.ts";
import { readScript } from "../../src/board/script.ts";
import { linesOf } from "../../src/bytes/text-lines.ts";
import { parsedJson } from "../../src/checked-json.ts";
import { readCoverageJson } from "../../src/coverage/json.ts";
import { readLcov } from "../../src/coverage/lcov.ts";
import { Misuse, readKernel } from "../../src/index.ts";
import {
  COVERAGE_LINES,
  JSON_VALUES,
  KERNEL_SYMBOLS,
  LOG_LINES,
  OOPS_CALLS,
  OOPSES,
  RECORDED_INPUTS,
  SCRIPT_STEPS,
  SHARDS,
} from "../../src/limits.ts";
import { readCrashLog } from "../../src/oops/oops-text.ts";
import { balancedPart } from "../../src/shards/shard.ts";
import {
  assertMisuse,
  builtModule,
  farjal,
  farjalJson,
  temporaryDirectory,
} from "../cli/farjal.ts";
import { repositoryFile, sourceFiles } from "../support/repository.ts";

test("lines end at LF or CR LF, in a text and in bytes", () => {
  for (const read of [(text: string) => text, (text: string) => Buffer.from(text, "latin1")]) {
    assert.deepEqual([...linesOf(read("a\r\n\n\xe9b"))], ["a", "", "\xe9b"]);
    assert.deepEqual([...linesOf(read("a\n"))], ["a"]);
    assert.deepEqual([...linesOf(read(""))], []);
  }
});

const more = (line: string, times: number): Buffer => Buffer.alloc(line.length * (times + 1), line);

test("each text of more lines than its kind has is one sentence", async () => {
  const tooMany = (says: RegExp) => ({ name: "Misuse", message: says });
  const symbols = more("80000000 T a\n", KERNEL_SYMBOLS);
  await assert.rejects(readKernel(symbols), tooMany(/more than 1048576 symbols/));
  const exports = more("0x00000001\ta\tvmlinux\tEXPORT_SYMBOL\n", KERNEL_SYMBOLS);
  await assert.rejects(readKernel(exports), tooMany(/more than 1048576 exports/));
  assert.throws(() => readCrashLog(more("\n", LOG_LINES)), tooMany(/more than 4194304 lines/));
  const inputs = more("{}\n", RECORDED_INPUTS).toString();
  assert.throws(() => readInputRecording(inputs), tooMany(/more than 262144 lines/));
  const steps = more("send a\n", SCRIPT_STEPS).toString();
  assert.throws(() => readScript(steps), tooMany(/more than 65536 steps/));
  const lines = more("\n", COVERAGE_LINES).toString();
  assert.throws(() => readLcov(lines, "x.info"), tooMany(/x\.info has more than 4194304 lines/));
});

test("an oops keeps no more calls than a stack has, a log no more oopses than the kernel prints", () => {
  const calls = `Call Trace:\n${"[<80100000>] f+0x0/0x10\n".repeat(OOPS_CALLS + 10)}`;
  assert.equal(readCrashLog(calls).oopses[0]?.calls.length, OOPS_CALLS);
  const many = "epc   : 80100000 f+0x0/0x10\n$ 0   : 00000000 00000000\n---[ end trace ]---\n";
  assert.equal(readCrashLog(many.repeat(OOPSES + 10)).oopses.length, OOPSES);
  // One line of a megabyte costs what the longest line costs.
  assert.equal(readCrashLog(`${" ".repeat(1 << 20)}epc : 80100000`).oopses.length, 0);
});

test("a JSON document is limited by what it makes", () => {
  const lists = `[${"[],".repeat(JSON_VALUES / 2)}0]`;
  assert.throws(() => parsedJson(lists, "a.json"), {
    name: "Misuse",
    message: /^a\.json has more than 6291456 values and keys/,
  });
  const keys = `{${'"a":1,'.repeat(JSON_VALUES / 2)}"a":1}`;
  assert.throws(() => parsedJson(keys, "a.json"), Misuse);
  // V8 parses nested lists without recursion; what walks them afterwards must not recurse either.
  const deep = "[".repeat(1 << 20) + "]".repeat(1 << 20);
  assert.ok(Array.isArray(parsedJson(deep, "a.json")));
  assert.throws(
    () => parsedJson("\x1b", "a.json"),
    (error: Misuse) =>
      error.message.startsWith("a.json is not JSON") && !/\p{Cc}/u.test(error.message),
  );
});

test("JSON from outside is parsed in one place", () => {
  const others = sourceFiles("src").filter(
    (file) =>
      file.endsWith(".ts") && /\bJSON\.parse\(/.test(readFileSync(repositoryFile(file), "utf8")),
  );
  assert.deepEqual(others.sort(), [
    "src/checked-json.ts",
    "src/host/version.ts", // farjal's own package.json
    "src/kernel/stored.ts", // the user's own cache, with a digest
    "src/lab/machine-state.ts", // a copy of its own value
  ]);
});

test("names in coverage forge no line", () => {
  const json = JSON.stringify({
    ...{ format: "farjal coverage", version: 1, instructions: 0, modules: [], elsewhere: [] },
    sources: [{ path: "a\nb\x1b[31m", lines: [], functions: [], branches: [] }],
  });
  const safe = "a\\x0ab\\x1b[31m";
  assert.equal(readCoverageJson(json, "c.json").sources[0]?.path, safe);
  const [source] = readLcov("SF:a\x1b[31m\nFN:1,f\x07\nFNDA:1,f\x07\nend_of_record\n", "c.info");
  assert.equal(source?.path, "a\\x1b[31m");
  assert.deepEqual(source?.functions, [{ name: "f\\x07", line: 1, executed: 1 }]);
});

/** A part of a sweep of nothing, with other values at its top. */
function part(context: TestContext, values: object): string {
  const path = join(temporaryDirectory(context), "part.json");
  const speed = { seconds: 1, working: 1, reading: 1, relocations: 1, peakMemory: 1, times: [] };
  const subject = {
    ...{ farjal: "0", tree: "", kernel: null, symvers: null, bases: [], farJumps: "trampoline" },
    ...{ mend: false, stubMissing: false, rules: null, timings: null },
  };
  const whole = { subject, shard: { index: 1, count: 1 }, total: 0, places: null, results: [] };
  writeFileSync(path, JSON.stringify({ ...whole, notes: [], speed, ...values }));
  return path;
}

test("parts of more than there can be are one sentence", (context) => {
  const merged = (values: object) => farjal(["sweep", "--merge", part(context, values)]);
  assert.equal(merged({}).code, 0);
  const shard = { index: 1, count: Number.MAX_SAFE_INTEGER };
  assertMisuse(merged({ shard }), /\.shard\.count is no number from 1 to \d+$/m);
  assertMisuse(merged({ total: Number.MAX_SAFE_INTEGER }), /\.total is no number from 0 to \d+$/m);
  const path = "a.ko\nall modules load";
  const result = {
    ...{ path, base: "0xc0000000", verdict: "loads", farJumps: 0, veneers: 0, sites: 0 },
    relocations: {},
  };
  const speed = { seconds: 1, working: 1, reading: 1, relocations: 1, peakMemory: 1, times: [1] };
  assertMisuse(
    merged({ total: 1, results: [result], speed }),
    /\.results\[0\]\.path is no line of text$/m,
  );
  const directory = repositoryFile("test/modules/built");
  for (const shard of [`1/${SHARDS + 1}`, "1/999999999", "auto/999999999"]) {
    assert.equal(farjal(["sweep", directory, "--shard", shard]).code, 2);
  }
  assert.deepEqual(balancedPart([1, 2], { index: SHARDS, count: SHARDS }), []);
  assert.deepEqual(balancedPart([1, 2], { index: 1, count: SHARDS }), [1]);
});

test("a source file that is a pipe, or that isn't one, is missing", (context) => {
  const directory = temporaryDirectory(context);
  const sources = ["/dev/zero", "/proc/self/mem", directory].map((path) => ({
    ...{ path, lines: [{ line: 1, executed: 1 }], functions: [], branches: [] },
  }));
  const coverage = join(directory, "c.json");
  const heading = { format: "farjal coverage", version: 1, instructions: 1 };
  writeFileSync(coverage, JSON.stringify({ ...heading, modules: [], elsewhere: [], sources }));
  const page = join(directory, "c.html");
  assert.equal(farjal(["coverage", "report", coverage, "-o", page]).code, 0);
  assert.equal(readFileSync(page, "utf8").match(/The file isn't here/g)?.length, sources.length);
});

test("a kernel to boot that has no end is one sentence", () => {
  const module = builtModule("modern", "little");
  assertMisuse(farjal(["insmod", module, "--kernel", "/dev/zero"]), /has more than 512 MiB/);
  const { code, json } = farjalJson(["trace", module, "--on-kernel", "/dev/zero"]);
  assert.equal(code, 2);
  assert.match(json.error, /has more than 512 MiB/);
});
