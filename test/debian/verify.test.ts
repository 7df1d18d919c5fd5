// Proves the loader on a live kernel: `farjal verify` boots Debian's in QEMU. The memory of modules of all kinds must
// equal farjal's in every word that no known difference explains: relocated, loaded, and traced. Linux must refuse
// the same modules of ours, with the same errno and lines. farjal's own board must give the same answers, to the last
// address. Modules that farjal has mended are no exception.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { suite, test } from "node:test";
import { mendModule } from "../../src/index.ts";
import { REASONS } from "../../src/verify/compare.ts";
import { type Verification, verify } from "../../src/verify/verify.ts";
import { debian, debianSkip } from "../support/debian.ts";
import { qemuSkip } from "../support/qemu-malta.ts";
import { Random } from "../support/random.ts";
import { repositoryFile } from "../support/repository.ts";
import { thorough } from "../support/thorough.ts";

/** Seconds; a busy machine takes minutes. */
const LIMIT_S = 900;

/** With their dependencies some sixty modules; the comments give the reason for each. */
const MODULES = [
  ...["crc16", "lz4_compress", "zsmalloc"], // no init function; no call sites in init; small
  ...["usbcore", "cfg80211", "mac80211", "drm"], // large, with static keys, exports and init code
  ...["crc32c_generic", "ext4", "nfsd", "x_tables", "nf_tables", "sctp", "openvswitch"], // per-CPU variables
  "jitterentropy_rng", // -O0: another form of call site
  ...["8021q", "tun", "bridge", "br_netfilter", "loop", "vfat", "dm-mod", "overlay"],
  ...["usbhid", "e1000", "r8169", "snd-pcm", "speakup", "xfs"], // drivers, most of them without their device
];

/** What the board is asked for, which takes longer than QEMU: few modules in a quick run, else every second one. */
const ON_BOARD = thorough ? MODULES.filter((_, index) => index % 2 === 0) : ["crc16", "usbcore"];

/** Modules of test/modules/built. */
const OURS = [
  ...["modern", "shapes", "optimize0", "lost", "greet_versions"],
  ...["jal2009", "weak", "greet_empty", "greet_wrong_layout", "greet_without_printk"],
];
const REFUSED = ["jal2009", "weak", "greet_empty", "greet_wrong_layout", "greet_without_printk"];

/** Modules of test/modules/built with far jumps that export different names, each mended in one way. */
const MENDED = {
  jal2009: {},
  shapes_jal: { noJumps: true },
  frames_jal: {},
  init_jal: { sites: "remove" },
} as const;
/** How many of Debian's modules that have a jump are verified without one. */
const WITHOUT_JUMPS = thorough ? 10 : 2;
/** Modules with more than this number below them are left out, for time. */
const MOST_NEEDED = 6;

function verified(machine: "board" | "qemu", names = MODULES): Promise<Verification> {
  const ours = OURS.map((name) => repositoryFile(`test/modules/built/${name}-little.ko`));
  return verify([...names, ...ours], {
    machine,
    kernel: debian?.vmlinuz ?? "",
    tree: join(dirname(debian?.moduleSymvers ?? ""), "lib", "modules"),
    timeLimit: LIMIT_S,
  });
}

/**
 * A verification without what depends on the machine: how many words of data have been written since loading, and the
 * numbers of input devices (the board has no keyboard).
 */
function withoutState({ modules, ...rest }: Verification): unknown {
  return {
    ...rest,
    modules: modules.map(({ dmesg, comparisons, ...module }) => ({
      ...module,
      dmesg: dmesg.map((line) => line.replace(/\binput\d+$/, "input")),
      comparisons: comparisons.map(({ equal, explained, ...comparison }) => {
        const { [REASONS.data]: data = 0, ...others } = explained;
        return { ...comparison, explained: others, equalOrData: equal + data };
      }),
    })),
  };
}

suite("a live kernel's memory, word by word", { skip: qemuSkip || debianSkip }, () => {
  test("of modules of all kinds is farjal's, and both refuse the same modules", async () => {
    const { modules, held } = await verified("qemu");
    const wrong = modules.filter(
      ({ problems, comparisons }) =>
        problems.length > 0 || comparisons.some(({ unexplained }) => unexplained > 0),
    );
    assert.deepEqual(wrong, []);
    assert.equal(held, true);
    const compared = modules.filter(({ comparisons }) => comparisons.length > 0);
    assert.ok(compared.length >= 40, `${compared.length} modules compared`);
    const traced = compared.filter((one) =>
      one.comparisons.some(({ moment }) => moment === "traced"),
    );
    assert.ok(traced.length >= 40, `${traced.length} modules traced`);
    const words = compared.flatMap(({ comparisons }) => comparisons.map((one) => one.words));
    assert.ok(words.reduce((sum, count) => sum + count, 0) > 4_000_000);
    const refused = modules.filter(({ loads }) => !loads).map(({ name }) => name);
    assert.deepEqual(
      REFUSED.filter((name) => !refused.includes(name)),
      [],
    );
  });

  test("is the same on the board", async () => {
    const [board, qemu] = [await verified("board", ON_BOARD), await verified("qemu", ON_BOARD)];
    assert.equal(board.held, true);
    assert.deepEqual(withoutState(board), withoutState(qemu));
  });
});

suite("a live kernel's memory of mended modules", { skip: debianSkip }, () => {
  test("is explained to the last word", async (context) => {
    const tree = mkdtempSync(join(tmpdir(), "farjal-mended-"));
    context.after(() => rmSync(tree, { recursive: true, force: true }));
    const names: string[] = [];
    const write = (name: string, file: Uint8Array | null): void => {
      assert.ok(file !== null, name);
      writeFileSync(join(tree, `${name}.ko`), file);
    };
    const withoutJumps = (path: string) => mendModule(readFileSync(path), { noJumps: true });
    for (const [name, options] of Object.entries(MENDED)) {
      const bytes = readFileSync(repositoryFile(`test/modules/built/${name}-little.ko`));
      write(name, mendModule(bytes, options).file);
      names.push(join(tree, `${name}.ko`));
    }
    const random = new Random(7);
    const candidates = [...(debian?.modules ?? [])];
    for (let count = 0; count < WITHOUT_JUMPS; ) {
      const [path = assert.fail()] = candidates.splice(random.below(candidates.length), 1);
      const needed = debian?.withNeeded(path) ?? [];
      if (needed.length > MOST_NEEDED || withoutJumps(path).report.verdict !== "mended") continue;
      for (const one of needed) write(basename(one, ".ko"), withoutJumps(one).file);
      names.push(basename(path, ".ko"));
      count += 1;
    }
    const kernel = debian?.vmlinuz ?? "";
    const { modules, held } = await verify(names, { kernel, tree, timeLimit: LIMIT_S });
    const unexplained = modules.filter(
      ({ problems, comparisons }) =>
        problems.length > 0 || comparisons.some((one) => one.unexplained > 0),
    );
    assert.deepEqual(unexplained, []);
    assert.equal(held, true);
    const ours = modules.slice(0, Object.keys(MENDED).length);
    assert.deepEqual(
      ours.map(({ loads }) => loads),
      ours.map(() => true),
    );
    const compared = modules.filter(({ comparisons }) => comparisons.length > 0);
    assert.ok(compared.length >= names.length, `${compared.length} of ${modules.length} compared`);
  });
});
