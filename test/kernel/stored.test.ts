// Tests the cache of kernels: what comes out is what was read, a damaged entry is read and written again, the directory
// is bounded, and no entry is half written.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { FileCache, userCache } from "../../src/host/file-cache.ts";
import { KernelCache } from "../../src/host/kernel-cache.ts";
import type { AnyKernel, KernelFacts } from "../../src/kernel/kernel.ts";
import { kernelFrom, portableKernel } from "../../src/kernel/portable.ts";
import { decodeKernel, encodeKernel, readStored } from "../../src/kernel/stored.ts";

const FACTS: KernelFacts = {
  source: "vmlinuz",
  bits: 32,
  endian: "big",
  symbols: [
    { name: "_text", address: 0x80100000, type: "T" },
    { name: "odd\nname ü", address: 0x80100010, type: "d" },
  ],
  exports: new Map([
    ["a", { name: "a", address: 0x80100010, crc: 0xffffffff, gplOnly: true, namespace: "N" }],
    ["b", { name: "b", address: null, crc: null, gplOnly: false, namespace: null }],
  ]),
  exportsKnown: true,
  moduleExports: new Map(),
  hasData: false,
  image: { address: 0x80100000, bytes: Uint8Array.of(1, 2, 3, 4, 5) },
  release: "6.1.0",
  vermagic: "6.1.0 MIPS32_R2 32BIT ",
};
const wide = (address: number): bigint => BigInt.asUintN(64, BigInt(address | 0));
const WIDE: KernelFacts<bigint> = {
  ...FACTS,
  bits: 64,
  symbols: FACTS.symbols.map((one) => ({ ...one, address: wide(one.address) })),
  exports: new Map([...FACTS.exports].map(([name, one]) => [name, { ...one, address: 1n }])),
  image: { address: wide(0x80100000), bytes: new Uint8Array(9) },
};
const KERNELS = [FACTS, WIDE, { ...FACTS, image: null }].map((facts) => kernelFrom(facts));

function directory(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "farjal-cache-"));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const values = (kernel: AnyKernel | null) => kernel && portableKernel(kernel);

test("a stored kernel is the kernel that was read", () => {
  for (const kernel of KERNELS) {
    const read = values(decodeKernel(encodeKernel(kernel)));
    assert.deepEqual(read, values(kernel));
  }
});

test("an entry with any byte changed, missing or added counts as absent", () => {
  const bytes = encodeKernel(kernelFrom(FACTS));
  for (let at = 0; at < bytes.length; at += 7) {
    const changed = Uint8Array.from(bytes);
    changed[at] = (changed[at] as number) ^ 0x20;
    assert.equal(decodeKernel(changed), null, `byte ${at}`);
    assert.equal(decodeKernel(bytes.subarray(0, at)), null, `${at} bytes`);
  }
  assert.equal(decodeKernel(Uint8Array.of(...bytes, 0)), null);
});

test("a file is read once, and again after its entry was damaged", async (context) => {
  const path = directory(context);
  const store = new KernelCache("1.2.3", path);
  const [kernel] = KERNELS as [AnyKernel];
  let reads = 0;
  const read = (file: Uint8Array, from = store) =>
    readStored(file, from, async () => {
      reads += 1;
      return kernel;
    });
  const file = Uint8Array.of(1, 2, 3);
  for (let time = 0; time < 3; time++) {
    assert.deepEqual(values(await read(file)), values(kernel));
  }
  assert.equal(reads, 1);
  const [entry = ""] = readdirSync(path);
  await read(Uint8Array.of(1, 2, 4));
  assert.equal(reads, 2);
  // Another version of farjal has entries of its own.
  await read(file, new KernelCache("1.2.4", path));
  assert.equal(reads, 3);
  const whole = readFileSync(join(path, entry));
  for (const damage of [whole.subarray(0, 20), Buffer.alloc(0), Buffer.from("x".repeat(999))]) {
    writeFileSync(join(path, entry), damage);
    const before: number = reads;
    await read(file);
    await read(file);
    assert.equal(reads, before + 1);
    assert.ok(decodeKernel(readFileSync(join(path, entry))) !== null);
  }
});

test("the cache keeps the newest entries within its limits, and nothing else", (context) => {
  const path = directory(context);
  const cache = new FileCache(path, { suffix: ".entry", mostFiles: 3, mostBytes: 100 });
  writeFileSync(join(path, "another"), "file");
  for (let key = 0; key < 6; key++) assert.equal(cache.put(String(key), new Uint8Array(10)), true);
  assert.equal(readdirSync(path).filter((name) => name.endsWith(".entry")).length, 3);
  assert.equal(cache.put("large", new Uint8Array(99)), true);
  assert.equal(cache.get("large")?.length, 99);
  assert.deepEqual(readdirSync(path).sort(), ["another", "large.entry"]);
});

test("a cache that can't be written is done without", (context) => {
  const file = join(directory(context), "file");
  writeFileSync(file, "");
  const cache = new KernelCache("1", join(file, "below"));
  assert.equal(cache.put("key", new Uint8Array(1)), false);
  assert.equal(cache.get("key"), undefined);
  assert.equal(existsSync(join(file, "below")), false);
});

test("the cache is the user's, as XDG says", () => {
  assert.equal(userCache("images", { XDG_CACHE_HOME: "/tmp/x" }), "/tmp/x/farjal/images");
  assert.match(userCache("images", { XDG_CACHE_HOME: "relative" }), /\/\.cache\/farjal\/images$/);
});
