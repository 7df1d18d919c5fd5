#!/usr/bin/env python3
"""Writes expected.json: what the built modules do on a processor that isn't farjal's.

The script links each module with the built lab kernel and run.c into a static program for qemu-mips or
qemu-mipsel. Results must be the same in every form of call and in both byte orders. The events are those
that the lab's own ftrace_caller reports from the real call sites. Their addresses must be those of
__mcount_loc, except the one that recordmcount loses.
"""

import json
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
LAB = HERE / "../../src/lab-kernel/built"
ORDERS = {
    "little": ("mipsel-linux-gnu-", "elf32ltsmip", "qemu-mipsel"),
    "big": ("mips-linux-gnu-", "elf32btsmip", "qemu-mips"),
}

WORK = ["jal2009", "jal2009ra", "modern", "modern_nora", "plain", "plain_short", "optimize0", "optimize0_nora",
        "optimize0_jal"]
SHAPES = ["shapes", "shapes_nora", "shapes_jal"]
FRAMES = ["frames", "frames_nora", "frames_jal"]
DEMO = ["demo", "demo-modern", "demo-plain"]
INIT = ["init", "init_jal"]

# (modules, function, arguments, width of the result)
CALLS = (
    [(WORK, "work_run", [n], 32) for n in (0, 1, 2, 3, 50, 1000, 123456789, 4294967295)]
    + [(WORK, "work_fibonacci", [n], 32) for n in (0, 1, 2, 10, 15)]
    + [(WORK, "work_text", [n], 32) for n in (0, 7, 10, 4294967295)]
    + [(WORK, "work_signed", [a & 0xFFFFFFFF, b & 0xFFFFFFFF], 32)
       for a, b in ((100, 7), (-100, 7), (100, -7), (-100, -7), (5, 0), (-2147483648, 3))]
    + [(WORK, "work_wide", [a, b], 64) for a, b in ((0, 0), (1, 0), (0, 1), (0xDEADBEEF, 0x01234567),
                                                  (0xFFFFFFFF, 0xFFFFFFFF))]
    + [(SHAPES, "shapes_run", [n], 32) for n in (0, 1, 2, 5, 19, 77, 1000003)]
    + [(SHAPES, name, [n], 32) for name, numbers in {
        "shapes_leaf": (0, 9), "shapes_leaf_with_frame": (0, 4), "shapes_caller": (0, 5), "shapes_tail": (6,),
        "shapes_tail_after_call": (6,), "shapes_recurse": (0, 4, 60), "shapes_odd": (0, 3, 10),
        "shapes_pointers": (0, 1, 2, 17), "shapes_many_arguments": (5,), "shapes_varargs": (5,),
        "shapes_alloca": (0, 3, 199), "shapes_wide_caller": (4, 0xFFFFFFFF),
    }.items() for n in numbers]
    + [(FRAMES, name, [n], 32) for name in ("frames_big", "frames_huge") for n in (1, 255)]
    + [(SHAPES, "shapes_wide", [9, 0, 0x89ABCDEF, 0x01234567], 64)]
    + [(INIT, name, arguments, 32) for name, arguments in (
        ("init_keys", []), ("init_weak", []), ("init_zeroed", []), ("init_parameters", []), ("init_count", []),
        ("init_lookup", [0]), ("init_lookup", [4]), ("init_lookup", [5]))]
    + [(["lost"], "lost_leaf", [8], 32)]
    + [(DEMO, "demo_run", [n], 32) for n in (0, 1, 4, 8, 20)]
)

# Calls whose events are recorded: short ones that show each form.
TRACES = (
    [(module, "work_run", [1]) for module in WORK if not module.startswith("plain")]
    + [(module, name, [n]) for module in SHAPES for name, n in (
        ("shapes_tail_after_call", 6), ("shapes_recurse", 3), ("shapes_odd", 3), ("shapes_pointers", 2),
        ("shapes_many_arguments", 5), ("shapes_varargs", 5), ("shapes_alloca", 2),
        ("shapes_wide_caller", 4))]
    + [(module, name, [1]) for module in FRAMES for name in ("frames_big", "frames_huge")]
    + [(module, "demo_run", [4]) for module in ("demo", "demo-modern")]
    + [("lost", "init_module", [])]
)
# function_graph needs the address of the saved ra.
GRAPHS = [trace for trace in TRACES if trace[0] in (
    "jal2009ra", "modern", "optimize0", "optimize0_jal", "shapes", "frames", "frames_jal",
    "demo-modern")]


class Program:
    """One module, linked with the lab and run.c."""

    def __init__(self, module, order, work):
        tools, emulation, self.emulator = ORDERS[order]
        self.module, self.order = module, order
        folder = LAB if module.startswith("demo") else HERE / "built"
        joined, self.path = work / f"{module}-{order}.o", work / f"{module}-{order}"
        subprocess.run([f"{tools}ld", "-r", "-m", emulation, "-o", joined, folder / f"{module}-{order}.ko",
                        LAB / f"lab-{order}.o"], check=True)
        subprocess.run([f"{tools}objcopy", "--prefix-symbols=guest_", joined], check=True)
        subprocess.run([f"{tools}gcc", "-O1", "-fno-pie", "-static", "-no-pie", "-o", self.path,
                        HERE / "run.c", joined], check=True, stderr=subprocess.DEVNULL)
        own = {line.split()[-1] for line in subprocess.run(
            [f"{tools}nm", "--defined-only", folder / f"{module}-{order}.ko"],
            check=True, capture_output=True, text=True).stdout.splitlines()}
        self.address, self.functions = {}, []
        for line in subprocess.run([f"{tools}nm", "-p", "-S", self.path], check=True, capture_output=True,
                                   text=True).stdout.splitlines():
            fields = line.split()
            name = fields[-1].removeprefix("guest_")
            if len(fields) == 4 and fields[-1] != name and name in own and fields[2] in "tT":
                self.address[name] = int(fields[0], 16)
                self.functions.append((int(fields[0], 16), int(fields[1], 16), name))

        table = work / "mcount_loc"
        table.unlink(missing_ok=True)
        subprocess.run([f"{tools}objcopy", "-O", "binary", "-j", "__mcount_loc", self.path, table], check=True)
        words = table.read_bytes()
        self.sites = set(struct.unpack(f"{'<' if order == 'little' else '>'}{len(words) // 4}I", words))

    def place(self, address):
        """`function+0xoffset` for an address in the module, `outside` for any other."""
        for start, size, name in self.functions:
            if start <= address < start + size:
                return f"{name}+0x{address - start:x}"
        return "outside"

    def run(self, tracer, function, arguments, init=None):
        """(v0, v1), and the events as lists of words."""
        command = [self.emulator, "-cpu", "24Kf", self.path, tracer, f"{self.address[init] if init else 0:x}",
                   f"{self.address[function]:x}", *map(str, arguments)]
        lines = [line.split() for line in subprocess.run(
            command, check=True, capture_output=True, text=True).stdout.splitlines()]
        results = [line for line in lines if line[0] == "result"]
        if len(results) != 1 or any(line[0] == "stop" for line in lines):
            sys.exit(f"{self.module}-{self.order}: {function}{arguments}: {lines[-1:]}")
        return [int(word, 16) for word in results[0][1:]], lines

    def value(self, words, width):
        v0, v1 = words
        if width == 32:
            return v0
        return f"0x{(v1 << 32 | v0) if self.order == 'little' else (v0 << 32 | v1):016x}"

    def events(self, function, arguments):
        _, lines = self.run("function", function, arguments)
        unlisted = {int(line[1], 16) for line in lines if line[0] == "call"} - self.sites
        if unlisted and not (self.module == "lost" and len(unlisted) == 1):
            sys.exit(f"{self.module}-{self.order}: {[self.place(ip) for ip in unlisted]} not in __mcount_loc")
        return [f"{self.place(int(line[1], 16))} <- {self.place(int(line[2], 16))}"
                for line in lines if line[0] == "call"]

    def graph(self, function, arguments):
        """`a { b c { d } }`: each function with the functions it called."""
        _, lines = self.run("function_graph", function, arguments)
        text = ""
        for line in lines:
            if line[0] == "enter":
                text += re.sub(r"\+.*", "", self.place(int(line[1], 16))) + " { "
            elif line[0] == "leave":
                text += "} "
        return text.strip().replace(" { }", "")


def main():
    calls, traces, graphs = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        programs = {}

        def program(module, order):
            key = module, order
            if key not in programs:
                programs[key] = Program(module, order, Path(folder))
            return programs[key]

        for modules, function, arguments, width in CALLS:
            values = {}
            for module in modules:
                for order in ORDERS:
                    given = arguments
                    if width == 64 and len(arguments) == 4 and order == "big":
                        given = arguments[:2] + arguments[:1:-1]
                    built = program(module, order)
                    words, _ = built.run("none", function, given)
                    values[f"{module}-{order}"] = built.value(words, width)
            if len(set(values.values())) != 1:
                sys.exit(f"{function}{arguments} differs: {values}")
            calls.append({"modules": modules, "function": function, "arguments": arguments,
                          "result": next(iter(values.values()))})
        for order in ORDERS:
            for module, function, arguments in TRACES:
                traces.append({"module": f"{module}-{order}", "function": function, "arguments": arguments,
                               "events": program(module, order).events(function, arguments)})
            for module, function, arguments in GRAPHS:
                graphs.append({"module": f"{module}-{order}", "function": function, "arguments": arguments,
                               "graph": program(module, order).graph(function, arguments)})
    lists = {"calls": calls, "traces": traces, "graphs": graphs}
    text = ",\n".join(f' "{name}": [\n  ' + ",\n  ".join(map(json.dumps, entries)) + "\n ]" for name, entries in lists.items())
    (HERE / "expected.json").write_text("{\n" + text + "\n}\n")


main()
