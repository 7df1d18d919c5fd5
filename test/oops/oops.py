#!/usr/bin/env python3
"""Writes transcripts/: what a real Linux prints when faulty.ko faults. And expected.json: what addr2line says of it.

    oops.py little VMLINUZ [NAME...]
    oops.py big VMLINUX [NAME...]

VMLINUZ is from Debian's linux-image-6.1.0-50-4kc-malta, VMLINUX a big-endian 6.12.117 for Malta, without SMP and
MODVERSIONS. The script builds faulty.ko and the guest's process 1 (guest.c) and boots the kernel in qemu-system-mips(el),
once for each fault. A transcript begins with the module's first line. Needs gcc-mipsel-linux-gnu, gcc-mips-linux-gnu,
qemu-system-mips.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE / "../modules"))
from verdicts import archive  # noqa: E402

FAULTS = {
    "null": 1, "store": 2, "unaligned": 3, "jump-to-nowhere": 4, "bug": 5, "wrong-region": 6, "init": 7,
    "interrupt": 8, "freed": 9,
}


SYSTEM = {"little": "qemu-system-mipsel", "big": "qemu-system-mips"}
TOOL = {"little": "mipsel-linux-gnu-", "big": "mips-linux-gnu-"}


def order_of(name):
    return "big" if name.endswith("-big") else "little"


def boot(order, kernel, files):
    with tempfile.NamedTemporaryFile() as initrd:
        initrd.write(archive(files))
        initrd.flush()
        command = [SYSTEM[order], "-M", "malta", "-cpu", "24Kc", "-m", "256", "-nic", "none", "-vga", "none",
               "-nographic", "-no-reboot",
                   "-kernel", kernel, "-initrd", initrd.name, "-append", "console=ttyS0 panic=-1 nokaslr rdinit=/init"]
        return subprocess.run(command, capture_output=True, timeout=300, stdin=subprocess.DEVNULL).stdout


def frames(order, symbol, offset):
    """addr2line's answer for an offset in a function of faulty.ko: `function path:line`, innermost first."""
    module = HERE / f"built/{order}/faulty.ko"
    table = subprocess.run([TOOL[order] + "objdump", "-t", module], check=True, capture_output=True, text=True).stdout
    start, section = re.search(rf"^([0-9a-f]+) .* (\S+)\t[0-9a-f]+ {symbol}$", table, re.M).groups()
    rows = subprocess.run(
        [TOOL[order] + "addr2line", "-i", "-f", "-e", module, "-j", section, hex(int(start, 16) + offset)],
        check=True, capture_output=True, text=True).stdout.split("\n")
    return [f"{name} {re.sub(r' .discriminator .*', '', place)}" for name, place in zip(rows[::2], rows[1::2])]


def expected(name, text):
    """The lines of epc and of each call in the module, by the address that the kernel printed."""
    order = order_of(name)
    delay = 4 if re.search(r"Cause : [89a-f]", text) else 0
    epc = re.search(r"epc   : (\S+) (\w+)\+0x(\w+)/\S+ \[faulty\]", text)
    answers = {} if epc is None else {epc[1]: frames(order, epc[2], int(epc[3], 16) + delay)}
    for address, symbol, offset in re.findall(r"\[<(\w+)>\] (\w+)\+0x(\w+)/\S+ \[faulty\]", text):
        if address not in answers:
            answers[address] = frames(order, symbol, max(0, int(offset, 16) - 8))
    return answers


def main():
    order, kernel, *names = sys.argv[1:]
    subprocess.run([HERE / "build.sh"], check=True)
    with tempfile.TemporaryDirectory() as work:
        init = pathlib.Path(work) / "init"
        flags = "-O2 -ffreestanding -nostdlib -static -fno-pic -mno-abicalls -G 0 -mabi=32 -march=mips32r2 -msoft-float"
        subprocess.run([TOOL[order] + "gcc", *flags.split(), HERE / "guest.c", "-o", init], check=True)
        files = {folder: (0o40755, b"", (0, 0)) for folder in ("dev", "proc")}
        files["dev/console"] = (0o20600, b"", (5, 1))
        files["init"] = (0o100755, init.read_bytes(), (0, 0))
        files["faulty.ko"] = (0o100644, (HERE / f"built/{order}/faulty.ko").read_bytes(), (0, 0))
    (HERE / "transcripts").mkdir(exist_ok=True)
    for name in names or FAULTS:
        files["argument"] = (0o100644, f"fault={FAULTS[name]}".encode(), (0, 0))
        console = boot(order, kernel, files).decode("latin1").replace("\r", "")
        begin = re.search(r"^.*faulty: fault", console, re.M)
        if begin is None:
            sys.exit(f"{name}: the module didn't load:\n{console[-2000:]}")
        (HERE / "transcripts" / f"{name}{'-6.12-big' if order == 'big' else ''}.txt").write_text(console[begin.start():])
    texts = {path.stem: path.read_text() for path in sorted((HERE / "transcripts").iterdir())}
    (HERE / "expected.json").write_text(
        json.dumps({name: expected(name, text) for name, text in texts.items()}, indent=1) + "\n")


main()
