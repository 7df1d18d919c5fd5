// Tests the kernel's own tracer on the board: farjal sets it up and reads the trace file and the raw pages of the ring.
// The two agree event by event, and trace-cmd reads the trace.dat that is made of the pages.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, suite, test } from "node:test";
import { type KernelTraceOptions, KernelTracer } from "../../src/board/kernel-tracer.ts";
import { Linux } from "../../src/board/linux.ts";
import { ByteBuffer } from "../../src/bytes/byte-buffer.ts";
import { writeTrace } from "../../src/formats/export.ts";
import { traceOfKernel } from "../../src/formats/kernel-trace.ts";
import { traceFromBytes } from "../../src/formats/read.ts";
import { Machine, readKernel } from "../../src/index.ts";
import { farjalJson, temporaryDirectory } from "../cli/farjal.ts";
import { debian, debianSkip } from "../support/debian.ts";
import { debianImage } from "../support/debian-boot.ts";
import { traceCmdReportOf, traceCmdSkip } from "../support/trace-cmd.ts";
import { compareTexts } from "../support/tracefs-texts.ts";

const theirs = (name: string) => readFileSync(debian?.module(name) ?? "");

suite("the tracer of Debian's kernel", { skip: debianSkip }, () => {
  let snapshot: Uint8Array;

  before(async () => {
    const linux = Linux.boot({ kernel: await debianImage() });
    assert.equal(linux.insmod(theirs("usb-common")).errno, null);
    snapshot = linux.save({ compressed: false });
  });

  /** Traces the loading of usbcore. */
  function traced(options: Omit<KernelTraceOptions, "module">) {
    const linux = Linux.restore(snapshot);
    const tracer = KernelTracer.start(linux, { module: "usbcore", ...options });
    assert.equal(linux.insmod(theirs("usbcore")).errno, null);
    const text = tracer.stop();
    return { text, trace: traceOfKernel(tracer.files()) };
  }

  for (const tracer of ["function", "function_graph"] as const) {
    test(`${tracer}: the ring's pages have the trace file's events`, () => {
      const { text, trace } = traced({ tracer });
      const shown = [...traceFromBytes(Buffer.from(text), "text").events];
      const events = [...trace.events];
      assert.ok(shown.length > 10);
      assert.deepEqual(
        events.map(({ type, name, module }) => ({ type, name, module })).slice(0, 1),
        [{ type: shown[0]?.type, name: "usb_init", module: "usbcore" }],
      );
      assert.deepEqual(
        events.map(({ type, name }) => ({ type, name })),
        shown.map(({ type, name }) => ({ type, name })),
      );
      assert.ok(events.every(({ ip }) => ip >= 0xc0000000));
      assert.match(trace.release, /^6\.1\./);
      // The kernel's text has times rounded to the nearest microsecond, of function alone.
      for (const [index, { time }] of tracer === "function" ? shown.entries() : []) {
        assert.ok(Math.abs(time - (events[index]?.time ?? 0)) < 0.51e-6);
      }
    });
  }

  test("the files of tracefs and the formats of events are those of farjal's lab", async () => {
    const machine = await Machine.create({ kernel: await readKernel(debian?.vmlinuz ?? "") });
    await machine.insmod(debian?.module("mii") ?? "");
    const linux = Linux.restore(snapshot);
    compareTexts(linux, machine, "mii", () => {
      assert.equal(linux.insmod(theirs("mii")).errno, null);
    });
  });

  test("can trace the kernel's functions that farjal's lab can, and those that the lab replaces", async () => {
    const file = Linux.restore(snapshot).read("/sys/kernel/tracing/available_filter_functions");
    const listed = new TextDecoder().decode(file).trim().split("\n");
    const theirs = new Set(listed.filter((line) => !line.includes(" [")));
    const machine = await Machine.create({ kernel: await readKernel(debian?.vmlinuz ?? "") });
    const ours = new Set(machine.traceable.functions.map(({ name }) => name));
    assert.ok(ours.size > 28_000);
    assert.deepEqual(
      [...ours].filter((name) => !theirs.has(name)),
      [],
    );
    const replaced = [...theirs].filter((name) => !ours.has(name));
    assert.deepEqual(
      replaced.filter((name) => machine.importOf(name)?.from === "kernel"),
      [],
    );
  });

  test("trace-cmd reads the same calls", { skip: traceCmdSkip }, (context) => {
    const { trace } = traced({ tracer: "function" });
    const path = join(temporaryDirectory(context), "trace.dat");
    const file = new ByteBuffer();
    writeTrace(trace, "trace.dat", file);
    writeFileSync(path, file.bytes());
    const calls = [...traceCmdReportOf(path).matchAll(/: function: +(\S+)/g)].map(
      ([, name]) => name,
    );
    assert.deepEqual(
      calls,
      [...trace.events].map(({ name }) => name),
    );
  });

  test("traces what the filters select", () => {
    const only = traced({ tracer: "function", filter: ["usb_register*"], notrace: ["*notify"] });
    const names = new Set([...only.trace.events].map(({ name }) => name));
    assert.deepEqual([...names].sort(), ["usb_register_device_driver", "usb_register_driver"]);
    const graph = traced({ tracer: "function_graph", graph: ["do_init_module"], maxDepth: 2 });
    const depths = [...graph.trace.events].map((event) => ("depth" in event ? event.depth : 9));
    assert.ok(depths.every((depth) => depth < 2) && depths.includes(1));
    assert.equal([...graph.trace.events][0]?.name, "do_init_module");
  });

  test("refuses what the kernel refuses", () => {
    const start = (options: Partial<KernelTraceOptions>) => () =>
      KernelTracer.start(Linux.restore(snapshot), {
        tracer: "function",
        module: "usbcore",
        ...options,
      });
    assert.throws(start({ tracer: "blah" }), /no tracer 'blah'; it has .*function_graph/);
    assert.throws(start({ filter: ["a:b"] }), /set_ftrace_filter: EINVAL/);
    assert.throws(start({ options: ["nosuch"] }), /trace_options: EINVAL/);
    assert.throws(start({ graph: ["nosuch_function"] }), /set_graph_function: EINVAL/);
  });

  test("one reading of the ring serves a file, the document and the lines' search", (t) => {
    const output = join(temporaryDirectory(t), "usbcore.folded");
    const words = ["--on-kernel", debian?.vmlinuz ?? "", "-p", "function", "-o", output, "--lines"];
    const { code, json, stderr } = farjalJson(["trace", debian?.module("usbcore") ?? "", ...words]);
    assert.equal(code, 0, stderr);
    const names = json.events.map(({ func }: { func: string }) => func);
    assert.ok(names.includes("usb_init_pool_max"));
    for (const name of names) assert.ok(readFileSync(output, "utf8").includes(name), name);
  });
});
