// Uses a stock kernel as referee: Debian's, in QEMU, with a userland of our own (referee/guest.c). The kernel refuses
// the module as built in 2009, with its own line. It loads the module mended with jumps, mended without jumps, and
// made from a copy that never had a table of call sites. Each computes, and the kernel's own ftrace traces each like
// the compiler's long-call build: the same functions listed, the same events and graphs except for times. Each can be
// unloaded again.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { initramfs } from "../../src/board/initramfs.ts";
import { mendModule } from "../../src/mend/mend.ts";
import { debian, debianSkip } from "../support/debian.ts";
import { repositoryFile } from "../support/repository.ts";

const QEMU = "qemu-system-mipsel";
const LIMIT_MS = 300_000;
const TRACING = "/sys/kernel/tracing";
const ENOEXEC = -8;

function skip(): string | false {
  return spawnSync(QEMU, ["--version"]).error ? `${QEMU} isn't installed` : debianSkip;
}

function built(name: string): Buffer {
  return readFileSync(repositoryFile(`test/mend/referee/built/${name}`));
}

function mended(name: string, noJumps = false): Uint8Array {
  const { file, report } = mendModule(built(name), { noJumps });
  assert.equal(report.verdict, "mended");
  return file as Uint8Array;
}

/** Boots the kernel with these modules, makes the guest run the script, and returns the console output. */
async function consoleOf(
  modules: Readonly<Record<string, Uint8Array>>,
  script: readonly string[],
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "farjal-referee-"));
  try {
    const initrd = join(folder, "initramfs");
    const archive = initramfs([
      ...["proc", "sys", "dev"].map((name) => ({ name, kind: "directory" }) as const),
      { name: "dev/console", kind: "device", major: 5, minor: 1 },
      { name: "init", kind: "file", bytes: built("guest"), executable: true },
      { name: "script", kind: "file", bytes: Buffer.from(`${script.join("\n")}\n`) },
      ...Object.entries(modules).map(([name, bytes]) => ({ name, kind: "file", bytes }) as const),
    ]);
    writeFileSync(initrd, archive);
    const child = spawn(
      QEMU,
      [
        ...["-M", "malta", "-cpu", "24Kf", "-m", "128", "-nic", "none", "-vga", "none"],
        ...["-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot"],
        ...["-kernel", debian?.vmlinuz ?? "", "-initrd", initrd],
        ...["-append", "console=ttyS0 rdinit=/init nokaslr panic=-1 loglevel=5 cryptomgr.notests"],
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let output = "";
    child.stdout.on("data", (text: Buffer) => {
      output += text.toString("latin1");
    });
    const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
    await new Promise((resolve) => child.on("close", resolve));
    clearTimeout(limit);
    assert.match(output, /^end of script/m, output.slice(-2000));
    return output.replaceAll("\r", "");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Answer {
  readonly asked: string;
  readonly answer: string;
}

/** The parts of the console output after each `$ ` line, by that line. */
function answers(output: string): Answer[] {
  return output
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf("\n");
      return { asked: part.slice(0, end).trim(), answer: part.slice(end + 1) };
    });
}

const FILTER = `${TRACING}/set_ftrace_filter`;
const TRACER = `${TRACING}/current_tracer`;
/** A function without callers: an empty filter would mean every function. */
const QUIET = "panic";
/** Events and graph lines of the module, after times and marks. */
const EVENT = /^ .*\d: (\S+ <-\S+)$/gm;
const GRAPH = /^ *\d+\).*\| ( *(?:\S+ \[traced\]\(\)(?: \{|;)|\}).*)$/gm;

/** The script for one module. */
function questions(file: string): string[] {
  const traced = (tracer: string, ...work: readonly string[]): string[] => [
    `w ${FILTER} ${QUIET}`,
    `a ${FILTER} :mod:traced`,
    `w ${TRACER} ${tracer}`,
    ...work,
    `r ${TRACING}/trace`,
    `w ${TRACER} nop`,
  ];
  return [
    ...traced("function", `l /${file}`),
    ...traced("function", "u traced"),
    ...traced("function_graph", `l /${file}`),
    `g ${TRACING}/available_filter_functions [traced]`,
    "u traced",
    // A graph of another function, with this module's sites switched off: a call that isn't listed would be followed.
    `w ${FILTER} vfs_read`,
    `w ${TRACER} function_graph`,
    `l /${file}`,
    "u traced",
    `w ${TRACER} nop`,
  ];
}

/** The output without the parts that differ from run to run and from build to build. */
function judgement(list: readonly Answer[]) {
  const text = list.map(({ answer }) => answer).join("");
  const traces = list.filter(({ asked }) => asked.endsWith("/trace")).map(({ answer }) => answer);
  const found = (pattern: RegExp, where: string): string[] =>
    [...where.matchAll(pattern)].map(([, line = ""]) => line);
  return {
    results: found(/^.*(traced: .*)$/gm, text),
    refused: list.filter(({ asked, answer }) => /^[lu] /.test(asked) && !/^= 0$/m.test(answer)),
    // For an unloaded module, the kernel prints addresses.
    events: traces
      .slice(0, 2)
      .flatMap((trace) => found(EVENT, trace))
      .map((event) => event.replaceAll(/0x[0-9a-f]+/g, "an address")),
    graph: found(GRAPH, traces[2] ?? ""),
    // A line of the kernel's own may stand before or after on the console.
    functions: found(
      /(\w+ \[traced\])/g,
      list.find(({ asked }) => asked.startsWith("g "))?.answer ?? "",
    ),
  };
}

suite("a stock kernel", { skip: skip() }, () => {
  test("refuses the module of 2009, and loads and traces the mended ones", async () => {
    const modules = {
      "short.ko": built("short.ko"),
      "long.ko": built("long.ko"),
      "mended.ko": mended("short.ko"),
      "nojumps.ko": mended("short.ko", true),
      "untabled.ko": mended("untabled.ko"),
    };
    const [, ...names] = Object.keys(modules);
    const output = await consoleOf(modules, ["l /short.ko", ...names.flatMap(questions)]);
    const [first, ...rest] = answers(output);
    assert.match(first?.answer ?? "", new RegExp(`^= ${ENOEXEC}$`, "m"));
    assert.match(first?.answer ?? "", /traced: relocation overflow/);
    assert.doesNotMatch(output, /Oops|WARNING|Unhandled|BUG/);
    const each = questions("").length;
    assert.equal(rest.length, each * names.length);
    const [long, ...others] = names.map((_, index) =>
      judgement(rest.slice(index * each, (index + 1) * each)),
    );
    assert.deepEqual(long?.refused, []);
    assert.equal(long?.results.length, 6, JSON.stringify(long?.results));
    assert.ok((long?.functions.length ?? 0) > 8, JSON.stringify(long?.functions));
    assert.ok((long?.events.length ?? 0) > 50, `${long?.events.length} events`);
    assert.ok((long?.graph.length ?? 0) > 50, `${long?.graph.length} graph lines`);
    for (const [index, one] of others.entries()) assert.deepEqual(one, long, names[index + 1]);
  });
});
