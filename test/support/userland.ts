// An initramfs with Debian's busybox: the userland in which tests of a real kernel run a shell. Other files are added
// by their paths.

import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { type InitramfsEntry, initramfs } from "../../src/board/initramfs.ts";
import { busybox } from "./debian.ts";

/** Process 1: with the usual file systems mounted, it runs /script if there is one, and then a shell on the console. */
const INIT = `#!/bin/sh
/bin/busybox mkdir -p /proc /sys /dev /tmp /sbin /usr/bin /usr/sbin
/bin/busybox --install -s
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
[ -e /script ] && . /script
exec setsid cttyhack sh
`;

/** @param files more files, by their absolute paths. */
export function userland(files: Readonly<Record<string, Uint8Array>> = {}): Uint8Array {
  const directories = new Set(["bin", "dev"]);
  for (const path of Object.keys(files)) {
    for (let up = dirname(path); up !== "/"; up = dirname(up)) directories.add(up.slice(1));
  }
  return initramfs([
    ...[...directories].sort().map((name): InitramfsEntry => ({ name, kind: "directory" })),
    { name: "dev/console", kind: "device", major: 5, minor: 1 },
    { name: "bin/busybox", kind: "file", bytes: readFileSync(busybox ?? ""), executable: true },
    { name: "bin/sh", kind: "link", target: "busybox" },
    { name: "init", kind: "file", bytes: Buffer.from(INIT), executable: true },
    ...Object.entries(files).map(
      ([path, bytes]): InitramfsEntry => ({ name: path.slice(1), kind: "file", bytes }),
    ),
  ]);
}
