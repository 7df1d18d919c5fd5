#!/usr/bin/env python3
"""Writes transcripts/: what a real Linux prints when faulty.ko faults. And expected.json: what addr2line says of it.

    oops.py little VMLINUZ [NAME...]
    oops.py little64 VMLINUZ [NAME...]
    oops.py little-6.12 VMLINUX [NAME...]
    oops.py big VMLINUX [NAME...]

VMLINUZ is from Debian's linux-image-6.1.0-50-4kc-malta or -5kc-malta, VMLINUX a 6.12.117 for Malta without SMP. The script builds faulty.ko and the guest's process 1 (guest.c) and boots the kernel in qemu-system-mips(el),
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


# A kind of kernel: the ending of its transcripts, the program that runs it, its processor, and the tools for its module.
KINDS = {
    "little": ("", "qemu-system-mipsel", "24Kc", "mipsel-linux-gnu-"),
    "little64": ("-64", "qemu-system-mips64el", "5KEc", "mipsel-linux-gnu-"),
    "little-6.12": ("-6.12-little", "qemu-system-mipsel", "24Kc", "mipsel-linux-gnu-"),
    "big": ("-6.12-big", "qemu-system-mips", "24Kc", "mips-linux-gnu-"),
}


def kind_of(name):
    return next(kind for kind, (ending, *_) in reversed(KINDS.items()) if name.endswith(ending))


def boot(kind, kernel, files):
    _, system, cpu, _ = KINDS[kind]
    with tempfile.NamedTemporaryFile() as initrd:
        initrd.write(archive(files))
        initrd.flush()
        command = [system, "-M", "malta", "-cpu", cpu, "-m", "256", "-nic", "none", "-vga", "none",
               "-nographic", "-no-reboot",
                   "-kernel", kernel, "-initrd", initrd.name, "-append", "console=ttyS0 panic=-1 nokaslr rdinit=/init"]
        return subprocess.run(command, capture_output=True, timeout=300, stdin=subprocess.DEVNULL).stdout


def frames(kind, symbol, offset):
    """addr2line's answer for an offset in a function of faulty.ko: `function path:line`, innermost first."""
    module, tool = HERE / f"built/{kind}/faulty.ko", KINDS[kind][3]
    table = subprocess.run([tool + "objdump", "-t", module], check=True, capture_output=True, text=True).stdout
    start, section = re.search(rf"^([0-9a-f]+) .* (\S+)\t[0-9a-f]+ {symbol}$", table, re.M).groups()
    rows = subprocess.run(
        [tool + "addr2line", "-i", "-f", "-e", module, "-j", section, hex(int(start, 16) + offset)],
        check=True, capture_output=True, text=True).stdout.split("\n")
    return [f"{name} {re.sub(r' .discriminator .*', '', place)}" for name, place in zip(rows[::2], rows[1::2])]


def expected(name, text):
    """The lines of epc and of each call in the module, by the address that the kernel printed."""
    kind = kind_of(name)
    delay = 4 if re.search(r"Cause : [89a-f]", text) else 0
    epc = re.search(r"epc   : (\S+) (\w+)\+0x(\w+)/\S+ \[faulty\]", text)
    answers = {} if epc is None else {epc[1]: frames(kind, epc[2], int(epc[3], 16) + delay)}
    for address, symbol, offset in re.findall(r"\[<(\w+)>\] (\w+)\+0x(\w+)/\S+ \[faulty\]", text):
        if address not in answers:
            answers[address] = frames(kind, symbol, max(0, int(offset, 16) - 8))
    return answers


def main():
    kind, kernel, *names = sys.argv[1:]
    subprocess.run([HERE / "build.sh"], check=True)
    with tempfile.TemporaryDirectory() as work:
        init = pathlib.Path(work) / "init"
        flags = "-O2 -ffreestanding -nostdlib -static -fno-pic -mno-abicalls -G 0 -mabi=32 -march=mips32r2 -msoft-float"
        subprocess.run([KINDS[kind][3] + "gcc", *flags.split(), HERE / "guest.c", "-o", init], check=True)
        files = {folder: (0o40755, b"", (0, 0)) for folder in ("dev", "proc")}
        files["dev/console"] = (0o20600, b"", (5, 1))
        files["init"] = (0o100755, init.read_bytes(), (0, 0))
        files["faulty.ko"] = (0o100644, (HERE / f"built/{kind}/faulty.ko").read_bytes(), (0, 0))
    (HERE / "transcripts").mkdir(exist_ok=True)
    for name in names or FAULTS:
        files["argument"] = (0o100644, f"fault={FAULTS[name]}".encode(), (0, 0))
        console = boot(kind, kernel, files).decode("latin1").replace("\r", "")
        begin = re.search(r"^.*faulty: fault", console, re.M)
        if begin is None:
            sys.exit(f"{name}: the module didn't load:\n{console[-2000:]}")
        (HERE / "transcripts" / f"{name}{KINDS[kind][0]}.txt").write_text(console[begin.start():])
    texts = {path.stem: path.read_text() for path in sorted((HERE / "transcripts").iterdir())}
    (HERE / "expected.json").write_text(
        json.dumps({name: expected(name, text) for name, text in texts.items()}, indent=1) + "\n")


main()
