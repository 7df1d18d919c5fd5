// Holds farjal to live kernels of Linux 6.12.117 in both byte orders, and of 5.10.262: the memory of every module, word by word, on
// farjal's board and in QEMU; the refusal of a far jump, and the same module mended; and the kernel's own function_graph
// of a module, whose calls and nesting farjal's trace has too.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { suite, test } from "node:test";
import { fastImage } from "../../src/board/boot-image.ts";
import { KernelTracer } from "../../src/board/kernel-tracer.ts";
import { Linux } from "../../src/board/linux.ts";
import { Words } from "../../src/bytes/words.ts";
import { SHDR_SIZE, SHF_RO_AFTER_INIT } from "../../src/elf/numbers.ts";
import { readElf } from "../../src/elf/reader.ts";
import { readKernel } from "../../src/kernel/read.ts";
import { Machine } from "../../src/lab/machine.ts";
import { mendModule } from "../../src/mend/mend.ts";
import { MOMENTS } from "../../src/verify/records.ts";
import { verify } from "../../src/verify/verify.ts";
import { temporaryDirectory } from "../cli/farjal.ts";
import { qemuSkip } from "../support/qemu-malta.ts";
import { SMALL_KERNELS } from "../support/small-kernels.ts";
import { thorough } from "../support/thorough.ts";
import { compareTexts } from "../support/tracefs-texts.ts";

for (const { endian, release, skip, vmlinux, modules, module } of SMALL_KERNELS) {
  const hasSeven = release !== "5.10.262";
  suite(`Linux ${release}, ${endian}-endian`, { skip }, () => {
    const paths = thorough
      ? modules
      : ["crc16", "test_static_keys", "memories", "needs", "short_calls"].map(module);
    for (const [machine, skipped] of [
      ["board", false],
      ["qemu", qemuSkip],
    ] as const) {
      test(`its modules' memory is farjal's, on ${machine}`, { skip: skipped }, async () => {
        const verification = await verify(paths, { kernel: vmlinux, machine });
        const wrong = verification.modules.filter(
          ({ problems, comparisons }) =>
            problems.length > 0 || comparisons.some(({ unexplained }) => unexplained > 0),
        );
        assert.deepEqual(wrong, []);
        assert.equal(verification.held, true);
        assert.equal(verification.release, release);
        for (const { name, loads, errno, dmesg, comparisons, paused } of verification.modules) {
          if (name === "short_calls") {
            assert.deepEqual([loads, errno], [false, "ENOEXEC"]);
            assert.match(dmesg.join(), /module short_calls: relocation overflow/);
            continue;
          }
          assert.equal(paused, true, "the kernel has userfaultfd");
          assert.deepEqual(new Set(comparisons.map(({ moment }) => moment)), new Set(MOMENTS));
        }
        // A module of all memories: all of them relocated, then those that stay, off and traced.
        const all = verification.modules.find(({ name }) => name === "memories");
        assert.equal(all?.comparisons.length, hasSeven ? 7 + 4 + 4 : 2 + 1 + 1);
      });
    }

    test("a module whose jumps can't reach loads when it is mended", async (context) => {
      const { file } = mendModule(readFileSync(module("short_calls")));
      const path = join(temporaryDirectory(context), "short_calls.ko");
      writeFileSync(path, file ?? "");
      const { modules: verified, held } = await verify([path], { kernel: vmlinux });
      assert.deepEqual(
        verified.map(({ name, loads, problems }) => [name, loads, problems]),
        [["short_calls", true, []]],
      );
      assert.equal(held, true);
    });

    test("its modules load without jumps, and their memory is farjal's", async (context) => {
      const folder = temporaryDirectory(context);
      const names = thorough
        ? modules.map((path) => basename(path, ".ko"))
        : ["short_calls", "test_static_key_base", "test_static_keys"];
      const paths = names.map((name) => {
        const { file } = mendModule(readFileSync(module(name)), { noJumps: true });
        const path = join(folder, `${name}.ko`);
        writeFileSync(path, file ?? "");
        return path;
      });
      const { modules: verified, held } = await verify(paths, { kernel: vmlinux });
      for (const { name, loads, problems } of verified) {
        assert.deepEqual([name, loads, problems], [name, true, []]);
      }
      assert.equal(held, true);
    });

    test("init data marked as read-only after init is with the other init data", async (context) => {
      // The kernel has no memory for it and warns; a later round of layout_sections() places the section.
      const bytes = readFileSync(module("memories"));
      const words = new Words(bytes, endian);
      const { sections } = readElf(bytes, { relocatable: true });
      const { index = 0, flags = 0 } = sections.find(({ name }) => name === ".init.data") ?? {};
      words.setU32(words.u32(32) + SHDR_SIZE * index + 8, flags | SHF_RO_AFTER_INIT);
      const path = join(temporaryDirectory(context), "memories.ko");
      writeFileSync(path, bytes);
      const { modules: verified, held } = await verify([path], { kernel: vmlinux });
      const warned = /WARNING: .* __layout_sections\+/.test(verified[0]?.dmesg.join("\n") ?? "");
      assert.equal(warned, hasSeven, "where the section has no memory of its own");
      assert.deepEqual(verified[0]?.problems, []);
      assert.equal(held, true);
    });

    test("the files of tracefs and the formats of events are those of farjal's lab", async () => {
      const path = module("memories");
      const linux = Linux.boot({ kernel: await fastImage(readFileSync(vmlinux)) });
      const machine = await Machine.create({ kernel: await readKernel(vmlinux) });
      await machine.insmod(path, { init: true });
      assert.equal(machine.kernelProfile.rules.G2, "built", "the image shows the profiler");
      compareTexts(linux, machine, "memories", () => {
        assert.equal(linux.insmod(readFileSync(path)).errno, null);
      });
    });

    test("the kernel's function_graph has the calls of farjal's trace, nested alike", async () => {
      const path = module("memories");
      const linux = Linux.boot({ kernel: await fastImage(readFileSync(vmlinux)) });
      const kernelTracer = KernelTracer.start(linux, {
        tracer: "function_graph",
        module: "memories",
      });
      assert.equal(linux.insmod(readFileSync(path), "work=5").errno, null);
      const theirs = nesting(kernelTracer.stop());
      const machine = await Machine.create({ kernel: await readKernel(vmlinux) });
      await machine.insmod(path);
      const tracer = machine.trace({ tracer: "function_graph" });
      const { v0 } = machine.call("memories_halves", [5]);
      const ours = nesting([...tracer.text()].join(""));
      assert.ok(ours.length > 8);
      assert.deepEqual(
        theirs.filter((line) => line.startsWith("  ")),
        ours.map((line) => `  ${line}`),
      );
      assert.match(linux.dmesg.join("\n"), new RegExp(`memories_halves\\(5\\) = ${v0}\\b`));
    });
  });
}

/** The lines of a function_graph without times. */
function nesting(text: string): string[] {
  return text.split("\n").flatMap((line) => /^ 0\).{15}\| {2}(.*)$/.exec(line)?.[1] ?? []);
}
