#!/usr/bin/env python3
"""Writes expected.json: what binutils' addr2line says of every instruction of the files in built/.

By file, section and offset (the address, in a linked file) in hexadecimal: the frames, innermost first, each
`function path:line`. Left out are instructions of which addr2line knows nothing, and those between functions, for which
it names the last symbol and its file without a line.
"""
import json
import pathlib
import re
import subprocess
import tempfile

here = pathlib.Path(__file__).parent
TOOL = {"little": "mipsel-linux-gnu-", "big": "mips-linux-gnu-"}


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def code(prefix, path):
    """Name, address and size of each section of code."""
    listing = run(prefix + "objdump", "-hw", path)
    for line in listing.splitlines():
        match = re.match(r" *\d+ (\S+) +([0-9a-f]+) +([0-9a-f]+) .*\bCODE\b", line)
        if match:
            yield match[1], int(match[3], 16), int(match[2], 16)


def asked(path, prefix, work):
    """A copy that the tools read right, the tool, and where each section begins in the copy.

    addr2line of binutils 2.40 reads no compressed sections of the old form in an object file, and no indexed range lists
    (clang's DWARF 5). LLVM's reads both, but can't tell the sections of an object file apart, so it gets a linked one.
    """
    copy = work / path.name
    run(prefix + "objcopy", "--decompress-debug-sections", path, copy)
    if not path.name.startswith(("clang5", "linked64")):
        return copy, prefix + "addr2line", None
    # LLVM would name functions by their symbols, of several aliases by any.
    symbols = ["--strip-all", "--keep-section=.debug*"]
    if path.name.startswith("linked"):
        run(prefix + "objcopy", *symbols, copy)
        return copy, "llvm-addr2line", 0
    linked, script = work / (path.name + ".linked"), work / "script"
    emulation = "elf64ltsmip" if "64" in path.name else "elf32ltsmip"
    places = [f"{name} {0x100000 * (1 + at):#x} : {{ *({name}) }}" for at, (name, *_) in enumerate(code(prefix, copy))]
    script.write_text("SECTIONS { " + " ".join(places) + " }")
    missing = ["--defsym=_printk=0", "--defsym=__this_module=0", "--entry=0"]
    run(prefix + "ld", "-N", "-m", emulation, "-T", script, *missing, copy, "-o", linked)
    run(prefix + "objcopy", *symbols, linked)
    return linked, "llvm-addr2line", 0x100000


def lines(path, work):
    prefix = TOOL["big" if "-big" in path.name else "little"]
    file, tool, step = asked(path, prefix, work)
    answers = {}
    for index, (section, start, size) in enumerate(code(prefix, path)):
        offsets = range(start, start + size, 4)
        where = ["-j", section] if step is None and start == 0 else []
        base = (1 + index) * step if step else 0
        asking = "\n".join(f"{base + at:#x}" for at in offsets)
        text = run(tool, "-a", "-i", "-f", "-e", file, *where, input=asking)
        blocks = re.split(r"^0x[0-9a-f]+\n", text, flags=re.M)[1:]
        known = {}
        for offset, block in zip(offsets, blocks, strict=True):
            # LLVM prints line 0 as :0, binutils as :?.
            plain = re.sub(r" \(discriminator \d+\)", "", block.rstrip())
            rows = re.sub(r":0$", ":?", plain, flags=re.M).split("\n")
            frames = [f"{name} {place}" for name, place in zip(rows[::2], rows[1::2], strict=True)]
            if frames[0] != "?? ??:?" and not re.fullmatch(r"\S+ [^/]+:\?", frames[0]):
                known[f"{offset:x}"] = frames
        if known:
            answers[section] = known
    return answers


files = sorted(here.glob("built/*"))
with tempfile.TemporaryDirectory() as work:
    expected = {path.name: lines(path, pathlib.Path(work)) for path in files}
(here / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
print({name: sum(map(len, sections.values())) for name, sections in expected.items()})
