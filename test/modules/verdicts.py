#!/usr/bin/env python3
"""Writes verdicts.json: the verdict of a real Linux 6.1 on each little-endian module.

    verdicts.py VMLINUZ BUSYBOX

VMLINUZ is from Debian's linux-image-6.1.0-50-4kc-malta, BUSYBOX (static) from its busybox-static for
mipsel. The script boots the kernel in qemu-system-mipsel. It removes earlier modules before it loads the
next one, the modules of its `depends` first. It needs no network and takes under a minute.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
FOLDERS = (HERE / "built", HERE / "../../src/lab-kernel/built")
# insmod's exit status is errno.
ERRNO = {0: None, 2: "ENOENT", 8: "ENOEXEC", 22: "EINVAL"}
NEEDS = {"imports": "init", "imports_undeclared": "init"}

INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
cd /m
clear_modules() { for m in $(cut -d' ' -f1 /proc/modules); do rmmod -f $m 2>/dev/null; done; }
try() {
  clear_modules; clear_modules
  [ -n "$2" ] && insmod $2-little.ko
  dmesg -c >/dev/null
  insmod $1-little.ko 2>/dev/null
  echo "@rc $1 $?"
  dmesg -c | sed 's/^/@dmesg /'
}
"""


def archive(files):
    """A newc cpio archive of {path: (mode, bytes, device)}."""
    out = b""
    for number, (name, (mode, data, device)) in enumerate([*files.items(), ("TRAILER!!!", (0, b"", (0, 0)))], 1):
        path = name.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(path), 0)
        out += b"070701" + b"".join(b"%08x" % field for field in fields) + path
        out += b"\0" * (-len(out) % 4) + data
        out += b"\0" * (-len(out) % 4)
    return out


def main():
    kernel, busybox = sys.argv[1:]
    modules = {path.name.removesuffix("-little.ko"): path
               for folder in FOLDERS for path in sorted(folder.glob("*-little.ko"))}
    script = INIT + "".join(f"try {name} {NEEDS.get(name, '')}\n" for name in modules) + "poweroff -f\n"
    files = {folder: (0o40755, b"", (0, 0)) for folder in ("bin", "dev", "m", "proc")}
    files["dev/console"] = (0o20600, b"", (5, 1))
    files["dev/null"] = (0o20666, b"", (1, 3))
    files["init"] = (0o100755, script.encode(), (0, 0))
    files["bin/busybox"] = (0o100755, Path(busybox).read_bytes(), (0, 0))
    for name, path in modules.items():
        files[f"m/{name}-little.ko"] = (0o100644, path.read_bytes(), (0, 0))

    with tempfile.NamedTemporaryFile() as initrd:
        initrd.write(archive(files))
        initrd.flush()
        log = subprocess.run(
            ["qemu-system-mipsel", "-M", "malta", "-m", "512", "-cpu", "24Kf", "-nic", "none", "-vga", "none",
             "-nographic", "-no-reboot", "-kernel", kernel, "-initrd", initrd.name, "-append",
             "console=ttyS0 rdinit=/init panic=1 nokaslr quiet loglevel=0"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300).stdout

    verdicts = {}
    for line in log.replace("\r", "").splitlines():
        if match := re.match(r"@rc (\S+) (\d+)", line):
            verdicts[match[1]] = {"errno": ERRNO[int(match[2])], "dmesg": []}
        elif match := re.match(r"@dmesg (?:\[ *[\d.]+\] )?(.*)", line):
            text = match[1]
            # Drop the lines for the first unsigned or out-of-tree module, and rmmod's.
            if not re.search(r"taint|[Vv]erification|: (bye|gone)", text):
                verdicts[list(verdicts)[-1]]["dmesg"].append(text)
    if set(verdicts) != set(modules):
        sys.exit(f"the kernel said nothing of {set(modules) - set(verdicts)}:\n{log}")
    for verdict in verdicts.values():
        # busybox tries a second system call when the first one is refused, so every line occurs twice.
        lines = verdict["dmesg"]
        if verdict["errno"] and lines[: len(lines) // 2] == lines[len(lines) // 2 :]:
            verdict["dmesg"] = lines[: len(lines) // 2]
    (HERE / "verdicts.json").write_text(
        "{\n" + ",\n".join(f" {json.dumps(name)}: {json.dumps(verdict)}" for name, verdict in verdicts.items()) + "\n}\n")


if __name__ == "__main__":
    main()
