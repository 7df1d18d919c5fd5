// Tests the boots of a verified tree with a verifier that answers without a kernel: a module that stops the guest is found
// and the others keep their answers, files that are no modules of this kernel have a result, and the parts of a tree join
// to what one run gives. test/kernels has a real tree.

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { Misuse } from "../../src/errors.ts";
import { GuestFailure } from "../../src/verify/guest.ts";
import { mergeVerified, verifiedFromJson } from "../../src/verify/merge.ts";
import { TreeWork, type VerifiedTree } from "../../src/verify/tree.ts";
import type { VerifiedModule, Verifier } from "../../src/verify/verify.ts";
import {
  assertMisuse,
  builtModule,
  farjal,
  farjalJson,
  temporaryDirectory,
} from "../cli/farjal.ts";

const MODULES = ["leaf", "modern", "plain", "shapes", "greet"];
const PATHS = [...MODULES.map((name) => `${name}.ko`), "text.ko"];

function treeIn(context: TestContext): string {
  const tree = join(temporaryDirectory(context), "tree");
  mkdirSync(tree);
  for (const name of MODULES) copyFileSync(builtModule(name, "little"), join(tree, `${name}.ko`));
  writeFileSync(join(tree, "text.ko"), "no module");
  return tree;
}

const sameModule = (name: string, path: string): VerifiedModule => ({
  ...{ name, path, base: "0xc0000000", errno: null, loads: true, dmesg: [], paused: true },
  ...{ comparisons: [], problems: [] },
});

/** Records its boots; those with a module in `bad` fail. */
function verifier(bad: readonly string[], boots: string[][]): Verifier {
  return {
    release: "6.1.0",
    machine: "board",
    check: (subjects) => {
      if (subjects.some(({ name }) => name === "shapes")) throw new Misuse("another kernel's");
    },
    verify: async (subjects) => {
      const names = subjects.map(({ name }) => name);
      boots.push(names);
      if (names.some((name) => bad.includes(name))) throw new GuestFailure("the guest stopped");
      const modules = subjects.map(({ name, path }) => sameModule(name, path));
      return { release: "6.1.0", modules, held: true };
    },
  };
}

function problemsOf(work: TreeWork): Record<string, readonly string[]> {
  return Object.fromEntries(
    PATHS.map((path) => [path, work.results.get(path)?.module.problems ?? ["none"]]),
  );
}

suite("a verified tree", () => {
  test("has the answers of one boot, and reasons for what isn't booted", async (context) => {
    const boots: string[][] = [];
    const done: number[] = [];
    const work = new TreeWork(verifier([], boots), treeIn(context), (count) => done.push(count));
    await work.verify(PATHS);
    assert.deepEqual(boots, [["leaf", "modern", "plain", "greet"]]);
    const { "shapes.ko": foreign, "text.ko": text, ...others } = problemsOf(work);
    assert.deepEqual(foreign, ["another kernel's"]);
    assert.match(text?.[0] ?? "", /an ELF header/);
    assert.deepEqual(Object.values(others), [[], [], [], []]);
    assert.deepEqual(done, [1, 2, 3, 4, 5, 6]);
  });

  test("finds the module that stops the guest", async (context) => {
    const boots: string[][] = [];
    const work = new TreeWork(verifier(["plain"], boots), treeIn(context), () => {});
    await work.verify(PATHS);
    const { "plain.ko": bad, "leaf.ko": leaf, "greet.ko": greet } = problemsOf(work);
    assert.deepEqual([bad, leaf, greet], [["the guest stopped"], [], []]);
    assert.deepEqual(boots.slice(0, 3), [
      ["leaf", "modern", "plain", "greet"],
      [],
      ["leaf", "modern"],
    ]);
    assert.deepEqual(boots.slice(3), [["plain", "greet"], ["plain"], ["greet"]]);
  });

  test("is given up if the kernel doesn't boot without modules either", async (context) => {
    const failing: Verifier = {
      ...verifier([], []),
      verify: async () => {
        throw new GuestFailure("the guest stopped");
      },
    };
    const work = new TreeWork(failing, treeIn(context), () => {});
    await assert.rejects(work.verify(["leaf.ko", "plain.ko"]), GuestFailure);
  });

  test("is joined from its parts, addresses of both widths included", (context) => {
    const root = temporaryDirectory(context);
    const part = (index: number): unknown => ({
      ...{ release: "6.1.0", total: 2, shard: { index, count: 2 }, places: null, times: [1] },
      subject: { farjal: "1", tree: "t", kernel: "k", machine: "qemu", timings: null },
      modules: [
        {
          ...sameModule(`m${index}`, `m${index}.ko`),
          comparisons: [
            {
              ...{ moment: "off", words: 4, equal: 3, explained: {}, unexplained: index - 1 },
              differences: [
                {
                  address: "0xffffffffc0002000",
                  section: null,
                  ours: "0x00000001",
                  live: "0x80000000",
                },
                { address: "0xc0002000", section: ".text", ours: "0x00000001", live: "0x00000002" },
              ],
            },
          ],
        },
      ],
      held: index === 1,
    });
    const write = (name: string, json: unknown): string => {
      const path = join(root, name);
      writeFileSync(path, JSON.stringify(json));
      return path;
    };
    const [one, two] = [write("1.json", part(1)), write("2.json", part(2))];
    const { code, json } = farjalJson(["verify", "--merge", two, one]);
    assert.equal(code, 1);
    assert.deepEqual([json.held, json.times], [false, [1, 1]]);
    assert.deepEqual(
      json.modules,
      [1, 2].flatMap((index) => (part(index) as VerifiedTree).modules),
    );
    const lacking = farjal(["verify", "--merge", two]);
    assert.deepEqual([lacking.code, lacking.stdout], [2, "1/2\n"]);
    const read = verifiedFromJson("1", part(1));
    assert.equal(
      mergeVerified([{ name: "1", part: { ...read, total: 1, shard: { index: 1, count: 1 } } }])
        .held,
      true,
    );
    const wrong = {
      ...(part(1) as VerifiedTree),
      modules: [{ ...sameModule("m", "m.ko"), base: 7 }],
    };
    assertMisuse(
      farjal(["verify", "--merge", write("3.json", wrong)]),
      /is not what farjal verify prints/,
    );
  });

  test("needs a kernel, and a directory alone", (context) => {
    const tree = treeIn(context);
    const kernel = builtModule("leaf", "little");
    assertMisuse(farjal(["verify", tree]), /name the kernel to boot with --kernel FILE/);
    assertMisuse(farjal(["verify", tree, tree, "--kernel", kernel]), /modules or one directory/);
    const words = ["verify", kernel, "--kernel", kernel, "--shard", "1/2"];
    assertMisuse(farjal(words), /--shard and --timings are for a directory/);
  });
});
