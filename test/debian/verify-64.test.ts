// Proves the loader on a live 64-bit kernel, Debian's 6.12.95 for 5kc-malta from its backports: `farjal verify` boots it
// in qemu-system-mips64el. The memory of modules of all kinds, each in up to seven blocks, must equal farjal's in every
// word that no known difference explains: relocated, loaded and traced; so must the addresses of their sections, their
// lines, and the text of their traces.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { MOMENTS } from "../../src/verify/records.ts";
import { verify } from "../../src/verify/verify.ts";
import { farjal } from "../cli/farjal.ts";
import { repositoryFile } from "../support/repository.ts";
import { thorough } from "../support/thorough.ts";

/** Seconds; a busy machine takes minutes. */
const LIMIT_S = 900;
const QEMU = "qemu-system-mips64el";
const root = repositoryFile(".cache/debian/5kc-malta-backports");
const tree = join(root, "lib", "modules");

/** With their dependencies some seventy modules; the comments give the reason for each. */
const ALL = [
  ...["crc16", "lz4_compress"], // no init function; small
  ...["usbcore", "cfg80211", "mac80211", "drm"], // large, with static keys, exports and init code
  ...["crc32c_generic", "ext4", "nfsd", "x_tables", "nf_tables", "sctp", "openvswitch"], // per-CPU variables
  ...["8021q", "tun", "bridge", "br_netfilter", "loop", "vfat", "dm-mod", "overlay"],
  ...["usbhid", "e1000", "r8169", "snd-pcm", "speakup", "xfs", "raid6_pq", "nfc"],
  "test_static_keys",
];
const MODULES = thorough ? ALL : ["crc16", "usbcore", "test_static_keys"];

const skip = existsSync(join(root, "Module.symvers"))
  ? spawnSync(QEMU, ["--version"]).error && `${QEMU} isn't installed`
  : "Debian's newer 5kc-malta kernel isn't here: run test/debian/fetch.sh";

suite("a live 64-bit kernel's memory, word by word", { skip: skip ?? false }, () => {
  const kernel = (): string => {
    const names = readdirSync(join(root, "boot"));
    return join(root, "boot", names.find((name) => name.startsWith("vmlinuz-")) ?? "");
  };

  test("of modules of all kinds is farjal's", async () => {
    const { modules, held, release } = await verify(MODULES, {
      kernel: kernel(),
      tree,
      timeLimit: LIMIT_S,
    });
    const wrong = modules.filter(
      ({ problems, comparisons }) =>
        problems.length > 0 || comparisons.some(({ unexplained }) => unexplained > 0),
    );
    assert.deepEqual(wrong, []);
    assert.equal(held, true);
    assert.match(release ?? "", /^6\.\d+\.\d+\+deb12-5kc-malta$/);
    for (const { name, errno, comparisons, paused, base } of modules) {
      assert.equal(paused, true, name);
      assert.match(base ?? "", /^0xffffffffc[0-9a-f]{7}$/, name);
      const moments = errno === null ? MOMENTS : ["relocated"];
      assert.deepEqual(new Set(comparisons.map(({ moment }) => moment)), new Set(moments), name);
    }
    const loaded = modules.filter(({ errno }) => errno === null);
    assert.ok(loaded.length >= (thorough ? 40 : 5), `${loaded.length} modules loaded`);
  });

  test("needs QEMU, and modules for 64 bits", () => {
    const [release = ""] = readdirSync(tree);
    const crc16 = join(tree, release, "kernel", "lib", "crc16.ko.xz");
    const onBoard = farjal(["verify", crc16, "--kernel", kernel(), "--machine", "board"]);
    assert.equal(onBoard.code, 2);
    assert.match(onBoard.stderr, /is a 64-bit kernel, and farjal's board has a 32-bit processor/);
    const narrow = repositoryFile("test/modules/built/modern-little.ko");
    const other = farjal(["verify", narrow, "--kernel", kernel()]);
    assert.equal(other.code, 2);
    assert.match(other.stderr, /modern-little\.ko is for a 32-bit kernel, and .* is 64-bit/);
  });
});
