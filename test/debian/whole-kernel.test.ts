// Compares farjal's trace of a whole kernel with the kernel's own, of one and the same run of Debian's kernel: it traces
// itself by ftrace, and farjal observes it from outside. Events, depths and counts must agree, and a traced run must
// execute exactly the instructions of an untraced one.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, suite, test } from "node:test";
import { Board } from "../../src/board/board.ts";
import { unpackedImage } from "../../src/board/boot-image.ts";
import { KernelTracer } from "../../src/board/kernel-tracer.ts";
import { archiveOf, Linux } from "../../src/board/linux.ts";
import { utf8 } from "../../src/bytes/text.ts";
import { traceFromBytes } from "../../src/formats/read.ts";
import type { RecordedEvent } from "../../src/formats/trace.ts";
import type { TracerName } from "../../src/ftrace/event.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { readKernel } from "../../src/kernel/read.ts";
import { EventStore } from "../../src/observe/event-store.ts";
import { FunctionTrace } from "../../src/observe/function-trace.ts";
import { kernelProfile } from "../../src/observe/kernel-profile.ts";
import { RunningKernel } from "../../src/observe/running-kernel.ts";
import { farjal, temporaryDirectory } from "../cli/farjal.ts";
import { debian, debianSkip } from "../support/debian.ts";
import { debianImage, elfOf } from "../support/debian-boot.ts";

const theirs = (name: string) => readFileSync(debian?.module(name) ?? "");

suite("farjal's trace of Debian's kernel", { skip: debianSkip }, () => {
  let kernel: Kernel;
  let snapshot: Uint8Array;

  before(async () => {
    kernel = await readKernel(debian?.vmlinuz ?? "");
    const image = unpackedImage(kernel);
    assert.ok(image !== null);
    const linux = Linux.boot({ kernel: image });
    assert.equal(linux.insmod(theirs("usb-common")).errno, null);
    snapshot = linux.save({ compressed: false });
  });

  /** Loads usbcore while the kernel traces it and some functions of its own, and farjal too. */
  function traced(tracer: TracerName, more: readonly string[] = []) {
    const linux = Linux.restore(snapshot);
    const filter = ["*:mod:usbcore", "sysfs_*"];
    const kernels = KernelTracer.start(linux, { module: "usbcore", tracer, filter });
    const running = new RunningKernel(linux.board, kernel);
    const own = FunctionTrace.start(running, {
      tracer,
      filter: [...filter, ...more],
      store: EventStore.ring(1 << 16),
    });
    assert.equal(linux.insmod(theirs("usbcore")).errno, null);
    own.stop();
    const expected = [...traceFromBytes(Buffer.from(kernels.stop()), "the kernel's trace").events];
    assert.deepEqual(own.useless, []);
    return {
      expected,
      ours: [...own.trace().events],
      /** What ftrace can trace; init functions, whose memory is free by now, are in its trace alone. */
      traceable: new Set([
        ...utf8(linux.read("/sys/kernel/tracing/set_ftrace_filter"))
          .split("\n")
          .map((line) => line.split(" ")[0] ?? ""),
        ...expected.map(({ name }) => name),
      ]),
    };
  }

  test("has the events of the kernel's own function tracer, by the same tasks", () => {
    const { expected, ours, traceable } = traced("function", ["kobject_*"]);
    const events = ours.filter(({ name }) => traceable.has(name));
    // ftrace leaves out the whole of the kernel's lib/.
    assert.ok(events.length > 100 && ours.some(({ name }) => name.startsWith("kobject_")));
    for (const [index, event] of events.entries()) {
      const other = expected[index];
      assert.ok(event.type === "function" && other?.type === "function");
      assert.deepEqual([event.name, event.task], [other.name, other.task]);
      // When the kernel prints its trace, it doesn't know the module's init functions any more.
      if (other.module !== null) assert.equal(event.module, other.module);
      if (!other.parentName.startsWith("0x")) assert.equal(event.parentName, other.parentName);
    }
  });

  test("has the calls of the kernel's own function_graph", () => {
    const { expected, ours, traceable } = traced("function_graph");
    const shown = (events: readonly RecordedEvent[]) =>
      events.map((event) => {
        assert.ok(event.type !== "function");
        return `${event.depth} ${event.type} ${event.name}`;
      });
    const events = shown(ours.filter(({ name }) => traceable.has(name)));
    assert.ok(events.length > 100);
    assert.deepEqual(events, shown(expected.slice(0, events.length)));
  });

  test("leaves the run as it is, and its profile has every instruction", () => {
    const state = (observed: boolean) => {
      const linux = Linux.restore(snapshot);
      const { board } = linux;
      const running = observed ? new RunningKernel(board, kernel) : null;
      const start = board.instructions;
      const trace = running && FunctionTrace.start(running, { tracer: "function_graph" });
      linux.insmod(theirs("usbcore"));
      linux.rmmod("usbcore");
      if (running !== null) {
        const { functions, instructions } = kernelProfile(running, "insmod");
        assert.equal(instructions, board.instructions - start);
        assert.ok(
          functions.some(({ module, name }) => module === "usbcore" && name === "usb_init"),
        );
        assert.equal(
          functions.reduce((sum, one) => sum + one.instructions, 0),
          instructions,
        );
        assert.ok((trace?.written ?? 0) > 10_000);
        running.end();
      }
      return {
        count: board.instructions,
        now: board.now,
        bytes: linux.save({ compressed: false }),
      };
    };
    const [plain, observed] = [state(false), state(true)];
    assert.deepEqual(
      [observed.count, observed.now, Buffer.compare(observed.bytes, plain.bytes)],
      [plain.count, plain.now, 0],
    );
  });

  test("finds modules that were loaded before, and follows a kernel that moves itself", () => {
    const linux = Linux.restore(snapshot);
    const running = new RunningKernel(linux.board, kernel);
    const names = new Set([...running.functions()].map(({ module }) => module));
    assert.ok(names.has("usb_common"));

    const board = Board.create({ endian: "little" });
    const image = unpackedImage(kernel);
    assert.ok(image !== null);
    board.load({ kernel: image, initrd: archiveOf("little"), append: "console=ttyS0" });
    const moving = new RunningKernel(board, kernel);
    const trace = FunctionTrace.start(moving, { filter: ["setup_arch", "start_kernel"] });
    board.run({ until: "Linux version", timeLimit: 60 });
    assert.ok(moving.slide > 0, "KASLR");
    assert.deepEqual(
      [...trace.trace().events].map(({ name, ip }) => [name, ip]),
      ["start_kernel", "setup_arch"].map((name) => [
        name,
        (kernel.symbol(name)?.address ?? 0) + moving.slide,
      ]),
    );
  });

  test("boot writes the trace and the profile, and says what is missing", async (context) => {
    const directory = temporaryDirectory(context);
    const file = (name: string) => join(directory, name);
    writeFileSync(file("vmlinux"), elfOf(await debianImage()));
    const boot = (...words: readonly string[]) =>
      farjal(["boot", file("vmlinux"), "--append", "console=ttyS0 nokaslr", ...words]);
    const until = ["--until", "Linux version"];
    const made = boot(
      ...[...until, "--trace-functions", "setup_arch nosuch", "-p", "function_graph"],
      ...["-o", file("trace.txt"), "--profile", file("callgrind.out.boot")],
    );
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stderr, /1 of 1 events are in .*trace\.txt\nno function matches nosuch\n/);
    assert.match(readFileSync(file("trace.txt"), "utf8"), /^ 0\) .*setup_arch\(\) \{$/m);
    const profile = readFileSync(file("callgrind.out.boot"), "utf8");
    const total = Number(/^summary: (\d+)$/m.exec(profile)?.[1]);
    assert.ok(total > 1e5 && profile.includes("fn=start_kernel"));
    assert.ok(made.stderr.includes(`the profile of ${total} instructions`));

    assert.match(boot(...until, "--trace-functions", "*").stderr, /needs -o FILE/);
    assert.match(boot(...until, "-o", file("x.txt")).stderr, /-o is for a trace/);
    assert.match(
      boot(...until, "--trace-functions", "12", "-o", file("x.txt")).stderr,
      /write the name/,
    );
  });
});
