// Tests Debian's 64-bit modules through the command: loaded and planned against their own kernel, with dependencies
// from their tree. A command that needs a processor must be a wrong call.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { OP_J } from "../../assembly/shared/opcodes.ts";
import { jumpsOfFile, mendModule } from "../../src/index.ts";
import type { AnyKernel } from "../../src/kernel/kernel.ts";
import { readAnyKernel, readKernel64 } from "../../src/kernel/read.ts";
import { farjal, farjalJson } from "../cli/farjal.ts";
import { repositoryFile } from "../support/repository.ts";
import { thorough } from "../support/thorough.ts";

/** A quick run reads one module in so many for jumps. */
const SAMPLED = 20;
const MODULES = ["crc16", "ext4", "usbcore"];

for (const flavour of ["loongson-3", "5kc-malta", "octeon"]) {
  const root = repositoryFile(`.cache/debian/${flavour}`);
  const here = existsSync(join(root, "Module.symvers"));
  const skip = here ? false : `Debian's ${flavour} kernel isn't here: run test/debian/fetch.sh`;

  suite(`64-bit modules of ${flavour}`, { skip }, () => {
    const kernel = here
      ? join(
          root,
          "boot",
          ...readdirSync(join(root, "boot")).filter((name) => /^vmlinu/.test(name)),
        )
      : "";
    const tree = join(root, "lib/modules");
    const path = (name: string): string => {
      const found = readdirSync(tree, { recursive: true, encoding: "utf8" }).find((file) =>
        file.endsWith(`/${name}.ko`),
      );
      assert.ok(found, name);
      return join(tree, found);
    };

    test("the kernel exports what Module.symvers says, with the same checksums", async () => {
      const facts = ({ exports }: AnyKernel) =>
        [...exports.values()]
          .map(({ name, crc, gplOnly, namespace }) => ({ name, crc, gplOnly, namespace }))
          .sort((a, b) => (a.name < b.name ? -1 : 1));
      const read = await readKernel64(kernel);
      assert.equal(read.source, flavour === "octeon" ? "vmlinux" : "vmlinuz");
      assert.ok(read.exports.size > 9000);
      assert.deepEqual(facts(read), facts(await readAnyKernel(join(root, "Module.symvers"))));
      for (const { name, address } of read.exports.values()) {
        const symbol = read.symbol(name);
        if (symbol !== undefined) assert.equal(address, symbol.address, name);
      }
    });

    test("no module has a far jump: nothing needs mending, and each j stays in its block", () => {
      const files = readdirSync(tree, { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ko"))
        .sort()
        .filter((_, index) => thorough || index % SAMPLED === 0);
      let jumps = 0;
      for (const file of files) {
        const bytes = readFileSync(join(tree, file));
        assert.equal(mendModule(bytes).report.verdict, "nothing", file);
        for (const { word, reaches } of jumpsOfFile(bytes, 0xc0000000)) {
          assert.deepEqual([word >>> 26, reaches], [OP_J, true], file);
          jumps += 1;
        }
      }
      assert.ok(jumps > 0, `no jump in ${files.length} modules`);
    });

    for (const name of MODULES) {
      test(`${name} loads without a message, and needs no trampoline`, () => {
        const words = [path(name), "--kernel", kernel];
        const { code, json } = farjalJson(["load", ...words]);
        assert.equal(code, 0, json.explanation);
        assert.deepEqual([json.verdict, json.dmesg], ["loads", []]);
        assert.equal(json.core.base, "0xffffffffc0000000");
        assert.equal(json.sections[".text"], "0xffffffffc0000000");
        const { code: planned, json: plan } = farjalJson(["plan", ...words]);
        assert.deepEqual([planned, plan.trampolines], [0, []]);
      });
    }

    test("a sweep of a hundredth part refuses none", () => {
      const words = ["sweep", tree, "--kernel", kernel, "--shard", "57/100", "--jobs", "1"];
      const { code, json } = farjalJson(words);
      assert.deepEqual([code, json.summary.refused, json.summary.failed], [0, 0, 0]);
      assert.ok(json.summary.loads >= 27);
      assert.ok(json.summary.relocations.R_MIPS_HI16 > 1000);
      for (const { dmesg } of json.results) assert.deepEqual(dmesg, []);
    });

    test("explain divides usb-storage's imports into the kernel's and those of the modules that it needs", () => {
      const { code, json } = farjalJson(["explain", path("usb-storage"), "--kernel", kernel]);
      assert.deepEqual([code, json.verdict], [0, "loads"]);
      const owners = new Set(json.imports.map((one: { module: string | null }) => one.module));
      assert.deepEqual(
        [...owners].toSorted((a, b) => String(a ?? "").localeCompare(String(b ?? ""))),
        [null, "usbcore"], // these kernels have SCSI built in
      );
      assert.ok(json.imports.every((one: { from: string }) => /kernel|module/.test(one.from)));
      assert.ok(json.callSites.every((one: { form: string; lost: null }) => one.form !== null));
    });

    test("a command that needs a processor is a wrong call", () => {
      for (const option of ["--init", "--list", "--param=x=1"]) {
        const { code, stderr } = farjal(["load", path("crc16"), "--kernel", kernel, option]);
        assert.equal(code, 2);
        assert.match(stderr, /no 64-bit processor/);
      }
    });
  });
}
