// Tests the assertions of farjal/testing: what passes, what fails and with which message, and that an assertion never
// passes only because there is nothing to check.

import assert, { AssertionError } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { pathToFileURL } from "node:url";
import { readCoverageJson } from "../../src/coverage/json.ts";
import { Misuse } from "../../src/errors.ts";
import { expectTrace } from "../../src/testing.ts";
import { builtModule, farjalJson, temporaryDirectory } from "../cli/farjal.ts";
import { functionEvents, graphEvents } from "../compare/events.ts";
import { repositoryFile } from "../support/repository.ts";

const LINES = ["run<-host", "usb_open<-run", "usb_read<-run", "copy<-usb_read", "usb_close<-run"];
const FUNCTIONS = functionEvents(...LINES);
const GRAPH = graphEvents(["run", 3, ["usb_open", 2], ["usb_read", 2, ["copy", 9]]]);

/** Runs with these variables in the environment and restores it. */
function surrounded(variables: Readonly<Record<string, string>>, run: () => void): void {
  const { FARJAL_UPDATE, CI, ...rest } = process.env;
  const before = process.env;
  process.env = { ...rest, ...variables };
  try {
    run();
  } finally {
    process.env = before;
  }
}

const UPDATE = { FARJAL_UPDATE: "1" };

suite("expectTrace", () => {
  test("accepts a tracer, a trace and events alike", () => {
    for (const trace of [
      FUNCTIONS,
      { events: () => FUNCTIONS, overruns: 0 },
      { events: FUNCTIONS, overruns: 0 },
    ]) {
      expectTrace(trace).calls("usb_*").times(3);
    }
  });

  test("compares names in order", () => {
    const names = ["usb_open", "usb_read", "usb_close"];
    expectTrace(FUNCTIONS).calls("usb_*").toEqual(names);
    assert.throws(
      () => expectTrace(FUNCTIONS).calls("usb_*").toEqual(names.toReversed()),
      (error) => {
        assert.ok(error instanceof AssertionError);
        assert.match(error.message, /differs .* at call 1 /);
        assert.match(error.message, /^ {2}- usb_close$/m);
        assert.match(error.message, /^ {2}\+ usb_open$/m);
        assert.equal(error.expected, names.toReversed().join("\n"));
        return true;
      },
    );
  });

  test("compares trees, of either tracer's events", () => {
    const tree = `
      run
        usb_open
        usb_read
          copy`;
    expectTrace(GRAPH).calls().toHaveTree(tree);
    expectTrace(FUNCTIONS).calls("!usb_close", "*", "!usb_close").toHaveTree(tree);
    assert.throws(() => expectTrace(GRAPH).calls("*", "!copy").toHaveTree(tree), AssertionError);
    expectTrace(GRAPH).calls("run", "copy").toHaveTree("run\n  copy");
  });

  test("counts, and says never", () => {
    expectTrace(FUNCTIONS).calls("copy").times(1);
    expectTrace(FUNCTIONS).never("kfree", "kmalloc*");
    assert.throws(() => expectTrace(FUNCTIONS).calls("usb_*").times(2), /3 calls where 2 were/);
    assert.throws(
      () => expectTrace(FUNCTIONS).never("usb_*"),
      /3 calls came, the first: usb_open <-run/,
    );
  });

  test("doesn't pass when there is nothing to check", () => {
    assert.throws(() => expectTrace([]), Misuse);
    assert.throws(() => expectTrace({ events: FUNCTIONS, overruns: 2 }), /lost 2 events/);
    assert.throws(() => expectTrace(FUNCTIONS).never(), Misuse);
    assert.throws(() => expectTrace(FUNCTIONS).calls("usb_*").times(0), Misuse);
    assert.throws(() => expectTrace(FUNCTIONS).calls("usb_*").toEqual([]), Misuse);
    assert.throws(() => expectTrace(FUNCTIONS).calls("nosuch").toEqual(["nosuch"]), AssertionError);
    assert.throws(() => expectTrace(FUNCTIONS).calls("a:b:c:d"), Misuse);
  });
});

suite("a golden trace", () => {
  for (const [tracer, events, other] of [
    ["function", FUNCTIONS, GRAPH],
    ["function_graph", GRAPH, FUNCTIONS],
  ] as const) {
    test(`of ${tracer} is written on request, then matches`, (context) => {
      const path = join(temporaryDirectory(context), "golden.trace");
      surrounded(UPDATE, () => expectTrace(events).calls().toMatch(path));
      surrounded({ CI: "true" }, () => {
        expectTrace(events).calls().toMatch(path);
        expectTrace(events).calls("usb_*").toMatch(path);
        assert.throws(
          () => expectTrace(other).calls().toMatch(path),
          /record with the same tracer/,
        );
      });
    });
  }

  test("fails at the first call that differs", (context) => {
    const path = join(temporaryDirectory(context), "golden.trace");
    surrounded(UPDATE, () => expectTrace(FUNCTIONS).calls().toMatch(path));
    const changed = functionEvents(...LINES.with(3, "move<-usb_read"));
    surrounded({}, () => {
      assert.throws(
        () => expectTrace(changed).calls().toMatch(path),
        /at call 4 [\s\S]*\n {4}usb_read <-run\n {2}- copy <-usb_read\n {2}- usb_close <-run\n {2}\+ move/,
      );
    });
  });

  test("is never written without a request, nor in CI", (context) => {
    const path = join(temporaryDirectory(context), "golden.trace");
    const match = () => expectTrace(FUNCTIONS).calls().toMatch(path);
    surrounded({}, () => assert.throws(match, /isn't there; run the test with FARJAL_UPDATE=1/));
    surrounded({ ...UPDATE, CI: "true" }, () => assert.throws(match, /FARJAL_UPDATE is set in CI/));
    assert.equal(existsSync(path), false);
  });

  test("of another version, empty or of another format is one clear error", (context) => {
    const path = join(temporaryDirectory(context), "golden.trace");
    surrounded(UPDATE, () => expectTrace(FUNCTIONS).calls("copy").toMatch(path));
    const text = readFileSync(path, "latin1");
    const match = (pattern: string) => () => expectTrace(FUNCTIONS).calls(pattern).toMatch(path);
    surrounded({}, () => {
      assert.throws(match("usb_*"), /matches no call of the golden/);
      writeFileSync(path, text.replace("golden 1", "golden 2"));
      assert.throws(match("copy"), /of version 2, this farjal reads version 1/);
      writeFileSync(path, text.replace(/^ .*$/gm, ""));
      assert.throws(match("copy"), /has no call/);
      writeFileSync(path, "hello");
      assert.throws(match("copy"), /neither a trace.dat nor ftrace text/);
    });
  });
});

test("cover() writes what a test suite's processes executed, and nothing without the variable", async (context) => {
  const folder = temporaryDirectory(context);
  const suiteFile = join(folder, "suite.mjs");
  const lib = (name: string): string => JSON.stringify(pathToFileURL(repositoryFile(name)).href);
  writeFileSync(
    suiteFile,
    `import { Machine } from ${lib("dist/index.js")};
import { cover } from ${lib("dist/testing.js")};
for (const n of [3, 5]) {
  const machine = await Machine.create();
  cover(machine);
  await machine.insmod(${JSON.stringify(builtModule("debug", "little"))});
  machine.call("work_fibonacci", [n]);
}
`,
  );
  const directory = join(folder, "coverage");
  const run = (environment: NodeJS.ProcessEnv) =>
    spawnSync(process.execPath, [suiteFile], {
      env: { ...process.env, ...environment },
      encoding: "utf8",
    });
  assert.equal(run({}).stderr, "");
  assert.equal(existsSync(directory), false);
  assert.equal(run({ FARJAL_COVERAGE: directory }).stderr, "");
  const [file = "", ...more] = readdirSync(directory);
  assert.deepEqual(more, []);
  const { instructions, modules, sources } = readCoverageJson(
    readFileSync(join(directory, file), "utf8"),
    file,
  );
  const calls = [3, 5].map(
    (n) =>
      farjalJson(["run", builtModule("debug", "little"), "--call", "work_fibonacci", String(n)])
        .json.instructions,
  );
  assert.equal(instructions, calls[0] + calls[1]);
  assert.equal(modules.length, 1);
  assert.equal(sources.length, 1);
});
