// Mends modules of Debian's kernel source that are built with short calls, and runs them in Debian's own kernel on the
// board beside the long-call builds of the same source. The kernel refuses them as they are built. Mended, with and
// without jumps, fat, vfat and ext4 hold the same files with the same checksums and are traced by the same names, fat
// with the same events, and the kernel's self-tests give the same verdicts.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, suite, test } from "node:test";
import { Linux } from "../../src/board/linux.ts";
import { utf8 } from "../../src/bytes/text.ts";
import { mendModule } from "../../src/index.ts";
import { debian, shortModules, shortSkip } from "../support/debian.ts";
import { debianImage } from "../support/debian-boot.ts";
import { thorough } from "../support/thorough.ts";
import { userland } from "../support/userland.ts";

const TRACING = "/sys/kernel/tracing";
const DISK_SIZE = 8 << 20;
/** A function without callers: an empty filter would mean every function. */
const QUIET = "panic";
type Build = "long" | "mended" | "mended without jumps";
const BUILDS: readonly Build[] = thorough
  ? ["long", "mended", "mended without jumps"]
  : ["long", "mended without jumps"];

/** Self-tests that take seconds of processor time. */
const SLOW = ["test_meminit", "test_rhashtable", "test_string"];
/** Self-tests whose only verdict is the errno. */
const SILENT = ["test_bitops", "test_static_key_base", "test_static_keys"];
/** Lines with a verdict or a count, without those with addresses or times. */
const COUNT = /\b(self-?)?tests?\b|\bkeys\b|table-jumps/i;
const TIME = /Time:|time:|Duration|Modules linked in|taints kernel|verification failed/;
const PASSED = /pass|succeeded|, 0 failed/;

/** Writes 60 files in 6 directories, the first of them traced, and prints their checksums after another mount. */
const FILES = `set -e
mount -t $TYPE /dev/loop0 /mnt
for d in 1 2 3 4 5 6; do
  mkdir /mnt/directory$d
  for f in 0 1 2 3 4 5 6 7 8 9; do
    dd if=/bin/busybox of="/mnt/directory$d/file with a long name $f" bs=$((1 + 900 * f)) skip=$d count=1 2>/dev/null
  done
  echo 0 > ${TRACING}/tracing_on
done
mv /mnt/directory3 "/mnt/the third directory"
rm "/mnt/directory1/file with a long name 1"
umount /mnt
echo 3 > /proc/sys/vm/drop_caches
mount -t $TYPE /dev/loop0 /mnt
find /mnt -type f -print0 | sort -z | xargs -0 md5sum
df /mnt | tail -n 1
umount /mnt
`;

function bytesOf(name: string, build: Build): Uint8Array {
  if (build === "long") return shortModules?.long(name) ?? assert.fail();
  const short = shortModules?.short(name) ?? assert.fail();
  const { file, report } = mendModule(short, { noJumps: build !== "mended" });
  assert.equal(report.verdict, "mended", name);
  return file ?? assert.fail();
}

/** The bytes of an empty ext4 with a journal. */
function emptyExt4(): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "farjal-ext4-"));
  try {
    const path = join(folder, "disk");
    writeFileSync(path, new Uint8Array(DISK_SIZE));
    const { status, stderr } = spawnSync("mke2fs", ["-q", "-t", "ext4", "-b", "1024", path]);
    assert.equal(status, 0, String(stderr));
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const mke2fsSkip = spawnSync("mke2fs", ["-V"]).error ? "mke2fs isn't installed" : false;

suite("modules of Debian's kernel source, built short", { skip: shortSkip }, () => {
  let snapshot: Uint8Array;

  before(async () => {
    const linux = Linux.boot({ kernel: await debianImage(), initrd: userland() });
    assert.equal(linux.run("/bin/busybox --install -s").status, 0);
    snapshot = linux.save();
  });

  const insert = (linux: Linux, bytes: Uint8Array): readonly string[] => {
    const { errno, dmesg } = linux.insmod(bytes);
    assert.equal(errno, null, dmesg.join("\n"));
    return dmesg;
  };
  const insertDebian = (linux: Linux, ...names: readonly string[]): void => {
    for (const name of names) {
      insert(linux, readFileSync(debian?.module(name) ?? ""));
    }
  };
  const refused = (linux: Linux, name: string): void => {
    const { errno, dmesg } = linux.insmod(shortModules?.short(name) ?? assert.fail());
    assert.equal(errno, "ENOEXEC", name);
    assert.equal(dmesg.at(-1), `module ${name}: relocation overflow`);
  };
  /** What a file system's modules do with 60 files, and how they are traced. */
  const use = (
    build: Build,
    type: string,
    modules: readonly string[],
    needed: readonly string[],
    disk: Uint8Array | null,
  ) => {
    const linux = Linux.restore(snapshot);
    insertDebian(linux, "loop", ...needed);
    linux.run("mkdir -p /mnt");
    linux.write("/disk", disk ?? new Uint8Array(DISK_SIZE));
    if (disk === null) assert.equal(linux.run(`mkdosfs /disk`).status, 0);
    assert.equal(linux.run("losetup /dev/loop0 /disk").status, 0);
    linux.write(`${TRACING}/set_ftrace_filter`, QUIET);
    if (build !== "long") refused(linux, modules[0] ?? "");
    for (const module of modules) {
      linux.write(`${TRACING}/set_ftrace_filter`, `:mod:${module}`, { append: true });
      insert(linux, bytesOf(module, build));
    }
    linux.write(`${TRACING}/current_tracer`, "function");
    const { status, output } = linux.run(`TYPE=${type}\n${FILES}`);
    assert.equal(status, 0, output);
    const events = utf8(linux.read(`${TRACING}/trace`));
    linux.write(`${TRACING}/current_tracer`, "nop");
    const traceable = utf8(linux.read(`${TRACING}/available_filter_functions`));
    for (const module of modules.toReversed()) assert.equal(linux.rmmod(module).errno, null);
    return {
      output,
      // RCU frees inodes at no fixed time.
      events: [...events.matchAll(/: (\S+ <-(?!rcu_)\S+)$/gm)].map(([, event]) => event),
      functions: traceable
        .split("\n")
        .filter((line) => modules.some((module) => line.endsWith(` [${module}]`))),
    };
  };

  test("fat and vfat hold the same files, and are traced with the same events", () => {
    const needed = ["nls_cp437", "nls_ascii", "nls_utf8"];
    const [long, ...mended] = BUILDS.map((build) =>
      use(build, "vfat", ["fat", "vfat"], needed, null),
    );
    assert.equal(long?.output.match(/^[0-9a-f]{32} /gm)?.length, 59, long?.output);
    assert.ok((long?.events.length ?? 0) > 1000, `${long?.events.length} events`);
    for (const one of mended) {
      assert.equal(one.output, long?.output);
      assert.deepEqual(one.functions, long?.functions);
      assert.deepEqual(one.events, long?.events);
    }
  });

  test("ext4 holds the same files, and is traced by the same names", { skip: mke2fsSkip }, () => {
    const disk = emptyExt4();
    const needed = ["crc32c_generic", "crc16", "mbcache", "jbd2"];
    const [long, ...mended] = BUILDS.map((build) => use(build, "ext4", ["ext4"], needed, disk));
    assert.equal(long?.output.match(/^[0-9a-f]{32} /gm)?.length, 59, long?.output);
    assert.ok((long?.functions.length ?? 0) > 800, `${long?.functions.length} functions`);
    for (const one of mended) {
      assert.deepEqual(one.output, long?.output);
      assert.deepEqual(one.functions, long?.functions);
    }
  });

  test("the kernel's self-tests give the same verdicts", () => {
    const tests = (shortModules?.tests ?? []).filter((name) => thorough || !SLOW.includes(name));
    const verdicts = (build: Build) => {
      const linux = Linux.restore(snapshot);
      // test_static_keys, a later name, imports from test_static_key_base.
      return tests.toSorted().map((name) => {
        const { errno, dmesg } = linux.insmod(bytesOf(name, build));
        return { name, errno, lines: dmesg.filter((line) => COUNT.test(line) && !TIME.test(line)) };
      });
    };
    const [long, ...mended] = BUILDS.map(verdicts);
    for (const one of mended) assert.deepEqual(one, long);
    const passed = (long ?? []).filter(({ lines }) => lines.some((line) => PASSED.test(line)));
    assert.ok(passed.length >= tests.length - SILENT.length, JSON.stringify(long));
  });
});
