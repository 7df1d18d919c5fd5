// Tests modules and kernels as distributions ship them: compressed, in an unpacked package's tree, on standard input;
// and a System.map with its Module.symvers. Every command that reads a module accepts them.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { repositoryFile } from "../support/repository.ts";
import { assertMisuse, builtModule, farjal, farjalJson, temporaryDirectory } from "./farjal.ts";

const PACKERS = {
  gz: (bytes: Uint8Array) => gzipSync(bytes),
  xz: (bytes: Uint8Array) => packedBy("xz", ["-c", "--check=crc32"], bytes),
  zst: (bytes: Uint8Array) => packedBy("zstd", ["-q", "-c"], bytes),
} as const;
type Ending = keyof typeof PACKERS;

function packedBy(tool: string, words: readonly string[], input: Uint8Array): Uint8Array {
  const { error, status, stdout } = spawnSync(tool, words, { input, maxBuffer: 1 << 24 });
  if (error !== undefined || status !== 0) throw new Error(`${tool} isn't installed`);
  return stdout;
}

const missing = ["xz", "zstd"].find((tool) => spawnSync(tool, ["--version"]).error);
const skip = missing === undefined ? false : `${missing} isn't installed`;

function packed(name: string, ending: Ending): Uint8Array {
  return PACKERS[ending](readFileSync(builtModule(name, "little")));
}

/**
 * A tree as dpkg-deb -x makes it of a kernel's package: init, which imports needs, in other directories, and modern.
 */
function unpackedPackage(context: TestContext) {
  const root = temporaryDirectory(context);
  const release = join(root, "lib/modules/6.1.0-50-4kc-malta");
  const put = (directory: string, name: string, ending: Ending): string => {
    mkdirSync(join(release, "kernel", directory), { recursive: true });
    const path = join(release, "kernel", directory, `${name}.ko.${ending}`);
    writeFileSync(path, packed(name, ending));
    return path;
  };
  return {
    root,
    release,
    init: put("drivers", "init", "xz"),
    imports: put("net/core", "imports", "zst"),
    modern: put("lib", "modern", "gz"),
  };
}

suite("a package's tree of compressed modules", { skip }, () => {
  test("every command finds a module's dependencies by its depends=, without a modules.dep", (context) => {
    const { imports, modern } = unpackedPackage(context);
    for (const command of ["info", "plan", "load", "explain"]) {
      const { code, stderr } = farjal([command, imports]);
      assert.deepEqual([code, stderr], [0, ""], command);
    }
    const plain = farjal(["run", builtModule("modern", "little"), "--call", "work_run", "7"]);
    assert.equal(farjal(["run", modern, "--call", "work_run", "7"]).stdout, plain.stdout);
    const run = farjal(["run", imports, "--call", "imports_run", "1"]);
    assert.match(run.stdout, /^imports_run\(1\) = 0x00000063 \(99\)$/m);
    const trace = farjal(["trace", imports, "--call", "imports_run", "1"]);
    assert.match(trace.stdout, /: init_count <-imports_run$/m);
  });

  test("a sweep takes the package's root and the release's directory", (context) => {
    const { root, release } = unpackedPackage(context);
    for (const directory of [root, release]) {
      const { code, json } = farjalJson(["sweep", directory, "--jobs", "1"]);
      assert.deepEqual([code, json.summary.loads], [0, 3]);
    }
  });

  test("standard input takes any form; its dependencies are named, since it has no directory", (context) => {
    const { init } = unpackedPackage(context);
    for (const ending of ["gz", "xz", "zst"] as const) {
      const input = packed("modern", ending);
      const { code, json } = farjalJson(["info", "-"], { input });
      assert.deepEqual([code, json.name], [0, "modern"], ending);
    }
    const input = packed("imports", "zst");
    const alone = farjal(["load", "-"], { input });
    assert.equal(alone.code, 1);
    assert.match(alone.stdout, /no file was found for init: give it with --with FILE/);
    assert.equal(farjal(["load", "-", "--with", init], { input }).code, 0);
    const words = ["run", "-", "--with", init, "--call", "imports_run", "1"];
    assert.match(farjal(words, { input }).stdout, /= 0x00000063/);
  });

  test("a truncated file or one that is no module is one error, and one module of a sweep", (context) => {
    const { release, modern } = unpackedPackage(context);
    const directory = join(release, "kernel/lib");
    for (const ending of ["gz", "xz", "zst"] as const) {
      const whole = packed("modern", ending);
      const path = join(directory, `cut_${ending}.ko.${ending}`);
      writeFileSync(path, whole.subarray(0, whole.length >>> 1));
      assertMisuse(farjal(["info", path]), new RegExp(`cut_${ending}.*can't be unpacked`));
    }
    assertMisuse(farjal(["load", directory]), /is a directory, not a file/);
    const { code, json } = farjalJson(["sweep", directory, "--jobs", "1"]);
    assert.deepEqual([code, json.summary.loads, json.summary.failed], [1, 1, 3]);
    assert.ok(modern.startsWith(directory));
  });
});

suite("a System.map with its Module.symvers", () => {
  const MAP =
    "80100000 T _text\n80100400 T _mcount\n80100800 T memcpy\n80100c00 T strlen\n80101000 T local\n";
  const MORE = "80101400 T __kmalloc\n80101800 T kfree\n";
  const line = (crc: string, name: string, kind = "") =>
    `0x${crc}\t${name}\tvmlinux\tEXPORT_SYMBOL${kind}\t\n`;

  const files = (context: TestContext, symvers: string, symbols = MAP + MORE) => {
    const directory = temporaryDirectory(context);
    const [map, list] = [join(directory, "System.map"), join(directory, "Module.symvers")];
    writeFileSync(map, symbols);
    writeFileSync(list, symvers);
    return ["--kernel", map, "--symvers", list] as const;
  };
  const LISTED = ["_mcount", "memcpy", "strlen", "kfree"].map((name) => line("00000000", name));

  test("Module.symvers gives the exports and their names, System.map the addresses", (context) => {
    const kernel = files(context, LISTED.join("") + line("12345678", "__kmalloc", "_GPL"));
    const { code, json } = farjalJson(["explain", builtModule("modern", "little"), ...kernel]);
    assert.equal(code, 0);
    assert.deepEqual(
      json.imports.map(({ name, address, gpl }: Record<string, unknown>) => [name, address, gpl]),
      [
        ["__kmalloc", "0x80101400", true],
        ["_mcount", "0x80100400", false],
        ["kfree", "0x80101800", false],
        ["memcpy", "0x80100800", false],
        ["strlen", "0x80100c00", false],
      ],
    );
  });

  test("an export that is no symbol of the map still has a place", (context) => {
    const all = [...LISTED, line("00000000", "__kmalloc")].join("");
    const module = builtModule("modern", "little");
    const { code, json } = farjalJson(["explain", module, ...files(context, all, MAP)]);
    assert.equal(code, 0);
    const named = new Map(
      json.imports.map(({ name, address, from }: Record<string, string>) => [
        name,
        MAP.includes(` ${name}\n`) ? `${address} ${from}` : from,
      ]),
    );
    assert.deepEqual(
      ["strlen", "kfree"].map((name) => named.get(name)),
      ["0x80100c00 lab", "lab"],
    );
    const wide = repositoryFile("test/modules/built64/modern-big.ko");
    const map = MAP.replaceAll(/^8/gm, "ffffffff8");
    const still = farjalJson(["explain", wide, ...files(context, all, map)]);
    assert.deepEqual(
      still.json.imports.map(({ from }: { from: string }) => from),
      ["stub", "kernel", "stub", "kernel", "kernel"],
    );
  });

  test("a symbol that isn't exported isn't available, even if the map has it", (context) => {
    const without = files(context, LISTED.join(""));
    const { code, stdout } = farjal(["load", builtModule("modern", "little"), ...without]);
    assert.equal(code, 1);
    assert.match(stdout, /Unknown symbol __kmalloc \(err -2\)/);
    assert.match(stdout, /__kmalloc is in the kernel at 0x80101400, but isn't exported/);
  });

  test("files that don't belong together are wrong calls", (context) => {
    const module = builtModule("modern", "little");
    const [, map, , symvers] = files(context, LISTED.join(""));
    const other = files(context, line("00000000", "something_else"));
    assertMisuse(farjal(["load", module, ...other]), /not one of its exports is a symbol/);
    assertMisuse(farjal(["load", module, "--symvers", symvers]), /name that with --kernel/);
    const twice = ["--kernel", symvers, "--symvers", symvers];
    assertMisuse(farjal(["load", module, ...twice]), /a Module.symvers itself/);
    const maps = ["--kernel", map, "--symvers", map];
    assertMisuse(farjal(["load", module, ...maps]), /this is no Module.symvers/);
  });
});
