// Checks profiles by the programs that they are written for: callgrind_annotate and Go's pprof must read them and come
// to the processor's own count of instructions, in all and for each function and line.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Message } from "../../src/profile/protobuf.ts";
import { builtModule, farjal, farjalJson, ORDERS, temporaryDirectory } from "../cli/farjal.ts";
import { repositoryFile } from "../support/repository.ts";

const CALL = ["--call", "work_run", "50"];
/** Where the paths in the test module's debugging information lead. */
const SOURCES = repositoryFile("test/modules");
const annotate = spawnSync("callgrind_annotate", ["--version"]).error
  ? "callgrind_annotate isn't installed"
  : false;
const pprof = goTool("pprof");

/** A tool of Debian's Go; its folder isn't in the PATH. */
function goTool(name: string): string | null {
  const folders = existsSync("/usr/lib") ? readdirSync("/usr/lib") : [];
  const paths = folders
    .filter((folder) => folder.startsWith("go-"))
    .flatMap((folder) => {
      const tools = join("/usr/lib", folder, "pkg/tool");
      return existsSync(tools) ? readdirSync(tools).map((one) => join(tools, one, name)) : [];
    });
  return paths.find((path) => existsSync(path)) ?? null;
}

function output(program: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, words, { cwd: SOURCES, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout;
}

for (const order of ORDERS) {
  describe(`farjal profile, ${order}-endian`, () => {
    const profile = (...words: readonly string[]) =>
      farjal(["profile", builtModule("debug", order), ...CALL, ...words]);
    const { instructions } = farjalJson(["run", builtModule("debug", order), ...CALL]).json;

    for (const engine of ["interpreter", "translator"]) {
      test(`the sum of functions and of instructions is the call's count (${engine})`, () => {
        const { json } = farjalJson(
          ["profile", builtModule("debug", order), ...CALL].concat(["--engine", engine]),
        );
        const { functions } = json.profile;
        assert.equal(json.profile.instructions, instructions);
        assert.equal(
          sum(functions.map((one: { instructions: number }) => one.instructions)),
          instructions,
        );
        for (const { module, instructions: own, code } of functions) {
          if (module === null) continue;
          assert.equal(sum(code.map((one: { executed: number }) => one.executed)), own);
        }
      });
    }

    test("callgrind_annotate has the same totals, and its source's lines", {
      skip: annotate,
    }, (context) => {
      const path = join(temporaryDirectory(context), "callgrind.out");
      assert.equal(profile("-o", path).code, 0);
      const text = output("callgrind_annotate", "--auto=yes", "--threshold=100", path);
      const grouped = instructions.toLocaleString("en-US");
      assert.match(text, new RegExp(`^ *${grouped} \\(100\\.0%\\)  PROGRAM TOTALS`, "m"));
      const { json } = farjalJson(["profile", builtModule("debug", order), ...CALL]);
      for (const { name, module, instructions: own } of json.profile.functions) {
        const row = new RegExp(
          `^ *${own.toLocaleString("en-US")} \\(.*:${name} \\[${module ?? "kernel"}\\]$`,
          "m",
        );
        assert.match(text, row);
      }
      const [line] = json.profile.lines;
      const source =
        readFileSync(join(SOURCES, line.path), "utf8").split("\n")[line.line - 1] ?? "";
      const count = line.instructions.toLocaleString("en-US");
      assert.ok(
        text.split("\n").some((one) => one.startsWith(count) && one.endsWith(source)),
        `${count} ${source}`,
      );
    });

    test("callgrind_annotate adds calls up to what the functions executed until they returned", {
      skip: annotate,
    }, (context) => {
      const path = join(temporaryDirectory(context), "callgrind.out");
      assert.equal(profile("-o", path).code, 0);
      const text = output("callgrind_annotate", "--inclusive=yes", "--threshold=100", path);
      const inclusive = (name: string): number => {
        const row = new RegExp(`^ *([\\d,]+) \\(.*:${name} \\[`, "m").exec(text);
        return Number(row?.[1]?.replaceAll(",", ""));
      };
      assert.equal(inclusive("work_run"), instructions);
      // A function's calls are as many as executions of its first instruction.
      const module = builtModule("debug", order);
      const { functions } = farjalJson(["profile", module, ...CALL]).json.profile;
      const calls = [...readFileSync(path, "utf8").matchAll(/^cfn=(.*)\ncalls=(\d+) /gm)];
      for (const { name, module: owner, code } of functions) {
        if (owner === null || name === "work_run") continue;
        const made = calls
          .filter(([, callee]) => callee === name)
          .map(([, , times]) => Number(times));
        assert.equal(sum(made), code[0].executed, name);
      }
      // function_graph counts from the call site to the return, which leaves out some instructions of each call.
      const { events } = farjalJson(["trace", module, ...CALL, "-p", "function_graph"]).json;
      for (const name of ["work_copy", "work_checksum", "work_fill", "by_fibonacci", "work_text"]) {
        const durations = events
          .filter(
            (one: { event: string; func: string }) =>
              one.event === "funcgraph_exit" && one.func === name,
          )
          .map((one: { duration: number }) => Math.round(one.duration * 1e8));
        const outside = inclusive(name) - sum(durations);
        assert.ok(outside >= 0 && outside <= 8 * durations.length, `${name}: ${outside}`);
      }
    });

    test("Go's pprof has the same totals", {
      skip: pprof === null ? "Go's pprof isn't installed" : false,
    }, (context) => {
      const path = join(temporaryDirectory(context), "profile.pb.gz");
      assert.equal(profile("-o", path).code, 0);
      const top = output(pprof as string, "-top", "-nodefraction=0", path);
      assert.match(top, new RegExp(`100% of ${instructions} total`));
      const lines = output(pprof as string, "-top", "-lines", "-nodefraction=0", path);
      const { json } = farjalJson(["profile", builtModule("debug", order), ...CALL]);
      for (const { line, instructions: own } of json.profile.lines.slice(0, 5)) {
        assert.match(lines, new RegExp(`^ *${own} .* \\S*work\\.c:${line}$`, "m"));
      }
    });

    test("folded stacks add up to the call's count, inlined functions within their callers", () => {
      const { stdout, stderr } = farjal(
        ["profile", object(order), "--object", "--call", "lines_pair", "1", "2"].concat([
          "--format",
          "folded",
        ]),
      );
      const counts = stdout
        .trim()
        .split("\n")
        .map((line) => Number(line.split(" ").at(-1)));
      assert.match(stderr, new RegExp(`  ${sum(counts)} instructions`));
      assert.match(stdout, /^lines_pair \[.*\];stir;rotate \d+$/m);
    });

    test("text has the functions, their source and their code", (context) => {
      const { stdout } = profile("--source", "--disassemble", "--function", "work_signed");
      assert.match(stdout, /^work_signed, \.\/work\.c:80$/m);
      assert.match(stdout, /^ +1 +\+4[0-9a-f]{2} {2}0085001a {2}div zero,a0,a1$/m);
      const path = join(temporaryDirectory(context), "profile.txt");
      assert.equal(profile("-o", path).code, 0);
      assert.match(readFileSync(path, "utf8"), /work_checksum +debug +\.\/work\.c:12/);
    });
  });
}

test("without debugging information there are functions, and a sentence about lines", () => {
  const words = ["profile", builtModule("modern", "little"), ...CALL];
  const plain = farjal(words);
  assert.equal(plain.code, 0);
  assert.match(plain.stdout, /work_checksum +modern/);
  assert.match(
    plain.stderr,
    /modern has no debugging information, so its lines aren't known: build it with -g/,
  );
  const source = farjal([...words, "--source"]);
  assert.equal(source.code, 2);
  assert.match(source.stderr, /^error: modern has no debugging information/);
});

test("options that don't go together are misuse", () => {
  const words = ["profile", builtModule("debug", "little"), ...CALL];
  for (const more of [
    ["--format", "pprof"],
    ["--format", "callgrind", "--source"],
    ["--source", "--function", "absent"],
  ]) {
    const { code, stdout } = farjal([...words, ...more]);
    assert.deepEqual([code, stdout], [2, ""], more.join(" "));
  }
});

test("protobuf's own examples are encoded as its documentation shows", () => {
  const hex = (message: Message) => Buffer.from(message.bytes()).toString("hex");
  assert.equal(hex(new Message().number(1, 150)), "089601");
  assert.equal(hex(new Message().text(2, "testing")), "120774657374696e67");
  assert.equal(hex(new Message().message(3, new Message().number(1, 150))), "1a03089601");
  assert.equal(hex(new Message().numbers(6, [3, 270, 86942])), "3206038e029ea705");
});

function object(order: "little" | "big"): string {
  return repositoryFile(`test/dwarf/built/gcc4-${order}.o`);
}

function sum(all: readonly number[]): number {
  return all.reduce((total, one) => total + one, 0);
}
