// Tests that every command's --json is described by a schema, and that its documents are as the schema says: at least
// one of each form, in both byte orders where that matters. In .ci/run all other tests' documents are held to them too.

import assert from "node:assert/strict";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { pastFile } from "../board/past.ts";
import { repositoryFile } from "../support/repository.ts";
import { thorough } from "../support/thorough.ts";
import { DESCRIBED, isDocumentOf } from "./documents.ts";
import { builtModule, commandNames, farjal, farjalJson, temporaryDirectory } from "./farjal.ts";

const modern = builtModule("modern", "little");
const old = builtModule("jal2009", "big");
const lost = builtModule("lost", "big");
const init = builtModule("init", "big");
const debug = builtModule("debug", "little");
const plain = builtModule("plain", "little");
const CALL = ["--call", "work_run(3)"];
const FAULT = ["--call", "work_fill(0, 5, 7)"];
const QUICKLY = ["--time", "2"];

/** Documents that only a real kernel gives; the tests that run one hold them to their schemas. */
const OF_KERNELS = ["insmod", "verify"];

/** The command lines of each command, given a directory for files. */
const CASES: Readonly<Record<string, (at: (name: string) => string) => readonly string[][]>> = {
  info: () => [[modern], [old], [init]],
  load: () => [
    [modern],
    [old],
    [old, "--far-jumps", "trampoline"],
    [old, "--far-jumps", "refuse"],
    [old, "--far-jumps", "rewrite"],
    [builtModule("imports", "big")],
  ],
  plan: () => [[modern], [old], [old, "--far-jumps", "refuse"]],
  explain: () => [[modern], [lost], [init], [old, "--far-jumps", "rewrite"]],
  mend: () => [
    [old, "--check"],
    [modern, "--check"],
  ],
  jumps: () => [[old], [old, "--erratum", "mt7620", ...CALL]],
  run: () => [
    [modern, ...CALL],
    [old, ...CALL],
    [modern, ...FAULT],
    [modern, ...CALL, "--trace-imports"],
    [modern],
    [init, "--init"],
  ],
  trace: () => [
    [modern, ...CALL],
    [modern, ...CALL, "-p", "function_graph"],
    [modern, ...FAULT],
    [modern, ...CALL, "--show", "current_tracer"],
  ],
  list: () => [["-t"], [modern, "-f"]],
  profile: () => [[debug, ...CALL]],
  coverage: (at) => {
    farjal(["run", modern, ...CALL, "--coverage", at("one.json")]);
    return [
      ["report", at("one.json")],
      ["merge", at("one.json"), "-o", at("sum.json")],
    ];
  },
  report: (at) => {
    for (const tracer of ["function", "function_graph"]) {
      farjal(["trace", modern, ...CALL, "-p", tracer, "-o", at(`${tracer}.dat`)]);
    }
    return [[at("function.dat")], [at("function_graph.dat")]];
  },
  diff: (at) => {
    farjal(["trace", modern, ...CALL, "-o", at("one.trace")]);
    farjal(["trace", modern, "--call", "work_run(4)", "-o", at("other.trace")]);
    return [
      [at("one.trace"), at("one.trace")],
      [at("one.trace"), at("other.trace")],
    ];
  },
  bench: () => [
    [modern, "--plain", plain, ...CALL, ...QUICKLY],
    [debug, "--against", plain, ...CALL],
  ],
  cost: () => [
    [modern, "--call", "work_fibonacci(15)", "--memory", "16", ...QUICKLY],
    ...(thorough ? [["--memory", "16", ...QUICKLY]] : []),
  ],
  demo: () => [["--endian", "big"]],
  sweep: (at) => {
    for (const file of [old, modern]) copyFileSync(file, at(file.replace(/.*\//, "")));
    return [[at("."), "--jobs", "1"]];
  },
  fits: (at) => {
    writeFileSync(at("Module.symvers"), "0x12345678\tmemcpy\tvmlinux\tEXPORT_SYMBOL\t\n");
    const kernel = ["--kernel", at("Module.symvers")];
    copyFileSync(modern, at("modern.ko"));
    return [
      [modern, ...kernel],
      [modern, ...kernel, "--against", at("Module.symvers")],
      [plain, debug],
      [at("."), ...kernel, "--jobs", "1"],
    ];
  },
  oops: () => [
    [
      repositoryFile("test/oops/transcripts/null.txt"),
      "--modules",
      repositoryFile("test/oops/built/little"),
    ],
    [repositoryFile("test/oops/transcripts/jump-to-nowhere-6.12-big.txt")],
  ],
  boot: () => [["--restore", pastFile("6", "little"), "--time-limit", "1"]],
};

test("every command that has --json has a schema, and each schema a command", () => {
  const described = [...DESCRIBED].sort();
  assert.deepEqual(commandNames().sort(), described);
  assert.deepEqual([...Object.keys(CASES), ...OF_KERNELS].sort(), described);
});

suite("the documents of --json are as their schemas say", () => {
  for (const [command, lines] of Object.entries(CASES)) {
    test(command, (context) => {
      const directory = temporaryDirectory(context);
      for (const words of lines((name) => join(directory, name))) {
        const { json, stderr } = farjalJson([command, ...words]);
        const told = JSON.stringify(json).slice(0, 300);
        assert.ok(isDocumentOf(command, json), `${command} ${words.join(" ")}: ${told} ${stderr}`);
      }
    });
  }

  test("after a wrong call, a refusal, and for what matches nothing", () => {
    for (const words of [
      ["load"],
      ["explain", modern, "--symbol", "zzz"],
      ["run", modern, "--call", "work_run(1e3)"],
      ["run", init, "--init", "--param", "level=seven"],
    ]) {
      const { json } = farjalJson(words);
      assert.ok(isDocumentOf("error", json), JSON.stringify(json));
    }
  });

  test("and a document that lacks a key, or has another type, is not", () => {
    const { json } = farjalJson(["load", modern]);
    for (const broken of [
      { ...json, linux: "yes" },
      { ...json, errno: 8 },
      { ...json, verdict: undefined },
    ]) {
      assert.equal(isDocumentOf("load", JSON.parse(JSON.stringify(broken))), false);
    }
  });
});
