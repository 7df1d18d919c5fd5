// Runs the real gdb-multiarch against `farjal run --gdb` and `farjal trace --gdb`, in both byte orders: it attaches,
// finds the registers by farjal's description, stops at breakpoints and watchpoints, steps, reads and writes,
// interrupts an endless loop, detaches and kills. Without gdb-multiarch these tests are skipped.

import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { suite, type TestContext, test } from "node:test";
import { readKernel } from "../../src/kernel/read.ts";
import { builtModule, farjalJson, PROGRAM, temporaryDirectory } from "../cli/farjal.ts";
import { ENDIANS } from "../cpu/guest.ts";
import { debian, debianSkip } from "../support/debian.ts";
import { debianImage, elfOf } from "../support/debian-boot.ts";

const GDB = "gdb-multiarch";
const skip =
  spawnSync(GDB, ["--version"]).status === 0 ? false : `${GDB} isn't here (apt install ${GDB})`;
const TEXT = "0xc0000000";
const TIMEOUT = 60_000;

/** Starts `farjal` waiting for gdb on a port that it chooses itself. */
class Waiting {
  readonly port: number;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #text: { out: string; err: string };

  static async start(context: TestContext, ...words: readonly string[]): Promise<Waiting> {
    const [command = "", ...rest] = words;
    const child = spawn(process.execPath, [PROGRAM, command, ...rest, "--gdb", "0"], {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: TIMEOUT,
      env: { ...process.env, NO_COLOR: "1" },
    });
    context.after(() => child.kill());
    const text = { out: "", err: "" };
    child.stdout.setEncoding("utf8").on("data", (more: string) => {
      text.out += more;
    });
    const announced = new Promise<number>((resolve, reject) => {
      child.stderr.setEncoding("utf8").on("data", (more: string) => {
        text.err += more;
        const port = /^waiting for gdb on 127\.0\.0\.1:(\d+)$/m.exec(text.err)?.[1];
        if (port !== undefined) resolve(Number(port));
      });
      child.on("exit", () => reject(new Error(text.err)));
    });
    return new Waiting(child, await announced, text);
  }

  private constructor(
    child: ChildProcessByStdio<null, Readable, Readable>,
    port: number,
    text: { out: string; err: string },
  ) {
    this.#child = child;
    this.port = port;
    this.#text = text;
  }

  /** What farjal prints while it waits. */
  async announced(): Promise<string> {
    while (!/^ {2}\(gdb\) .*\n/m.test(this.#text.err)) await once(this.#child.stderr, "data");
    return this.#text.err;
  }

  async ended(): Promise<{ code: number | null; out: string; err: string }> {
    if (this.#child.exitCode === null) await once(this.#child, "close");
    return { code: this.#child.exitCode, ...this.#text };
  }
}

/** Returns what gdb prints for these commands after it has attached. */
async function gdb(
  waiting: Waiting,
  order: string,
  commands: readonly string[],
  symbols: string | null = `add-symbol-file ${builtModule("modern", order as "little")} ${TEXT}`,
): Promise<string> {
  const all = [
    "set pagination off",
    "set confirm off",
    "set width 0",
    "set architecture mips:isa32r2",
    `set endian ${order}`,
    ...(symbols === null ? [] : [symbols]),
    `target remote 127.0.0.1:${waiting.port}`,
    ...commands,
  ];
  const child = spawn(GDB, ["-nx", "-batch", ...all.flatMap((one) => ["-ex", one])], {
    timeout: TIMEOUT,
    env: { ...process.env, LC_ALL: "C" },
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (more: string) => {
      text += more;
    });
  }
  await once(child, "close");
  return text;
}

for (const order of ENDIANS) {
  const modern = builtModule("modern", order);

  suite(`gdb, ${order}-endian`, { skip }, () => {
    test("stops, steps, inspects, watches, and lets the call finish", async (context) => {
      const run = await Waiting.start(context, "run", modern, "--call", "work_run", "5");
      const said = await gdb(run, order, [
        "info registers",
        "break work_checksum",
        "continue",
        'printf "pc %08x a1 %d\\n", $pc, $a1',
        "x/4xw $pc",
        "x/i $pc",
        "stepi",
        'printf "slot %08x\\n", $pc',
        "stepi",
        'printf "stepped %08x\\n", $pc',
        "backtrace 2",
        "delete",
        "break work_fill",
        "tbreak work_wide",
        "continue",
        "info symbol $pc",
        "finish",
        "continue",
      ]);
      assert.match(said, /\n R24 .* 80000ff0 \n/);
      assert.match(said, /status +lo +hi badvaddr +cause +pc/);
      assert.match(said, /<unavl>/);
      assert.match(said, /Breakpoint 1, 0xc0000034 in work_checksum/);
      assert.match(said, /pc c0000034 a1 12/);
      assert.match(
        said,
        /0xc0000034 <work_checksum>:\t0x10000005\t0x00000000\t0x03e00825\t0x00006025/,
      );
      assert.match(said, /=> 0xc0000034 <work_checksum>:\tb\t0xc000004c/);
      assert.match(said, /slot c0000038/);
      assert.match(said, /stepped c000004c/);
      assert.match(said, /#1 .* in work_copy \(\)/);
      assert.match(said, /work_wide in section \.text/);
      assert.match(said, /^0x[0-9a-f]+ in work_run \(\)\n\[Inferior/m);
      assert.match(said, /\[Inferior 1 \(Remote target\) exited normally\]/);
      const { code, out } = await run.ended();
      assert.equal(code, 0);
      assert.match(out, /^work_run\(5\) = 0x5dde5b4e/m);
    });

    test("watches memory for writes, reads and both", async (context) => {
      const words = ["run", modern, "--call", "work_fill", "out:16", "6", "7"];
      const run = await Waiting.start(context, ...words);
      const said = await gdb(run, order, [
        "set $bytes = $a0",
        "watch *(unsigned char *)($bytes + 2)",
        "awatch *(unsigned char *)($bytes + 4)",
        "continue",
        'printf "first %d\\n", *(unsigned char *)($bytes + 2)',
        "continue",
        'printf "second %d\\n", *(unsigned char *)($bytes + 4)',
        "delete",
        "set var *(unsigned char *)($bytes + 15) = 0xee",
        "continue",
      ]);
      assert.match(said, /Hardware watchpoint 1/);
      assert.match(said, /Hardware access \(read\/write\) watchpoint 2/);
      assert.match(said, /Old value = 0 '\\000'\nNew value = 156/);
      assert.match(said, /first 156/);
      assert.match(said, /second 12/);
      const { code, out } = await run.ended();
      assert.equal(code, 0);
      // work_fill(bytes, 6, 7) as in run.test.ts, and the byte that gdb wrote.
      assert.match(out, /3d e9 9c ed 0c db 00 00 {2}00 00 00 00 00 00 00 ee/);
    });

    test("goes back: to a watchpoint's last write, by steps, and to where the history begins", async (context) => {
      const words = ["run", modern, "--call", "work_fill", "out:64", "40", "7"];
      const run = await Waiting.start(context, ...words);
      const said = await gdb(run, order, [
        "set $bytes = $a0",
        "set $entry = $pc",
        "stepi 60",
        "set $there = $pc",
        "watch *(unsigned char *)($bytes + 2)",
        "reverse-continue",
        'printf "unwritten %d\\n", *(unsigned char *)($bytes + 2)',
        "x/i $pc",
        "stepi",
        'printf "written %d\\n", *(unsigned char *)($bytes + 2)',
        "delete",
        "reverse-stepi",
        "reverse-stepi",
        "stepi 2",
        'printf "again %d\\n", *(unsigned char *)($bytes + 2)',
        "reverse-continue",
        "print $pc == $entry",
        "stepi 60",
        "print $pc == $there",
        "continue",
      ]);
      assert.match(said, /Hardware watchpoint 1: [^\n]*\n\nOld value = [1-9]\d* .*\nNew value = 0/);
      assert.match(said, /unwritten 0\n=> 0x[0-9a-f]+ <work_fill\+\d+>:\tsb\t/);
      assert.match(said, /^written [1-9]/m);
      assert.match(said, /^again [1-9]/m);
      assert.match(said, /No more reverse-execution history/);
      assert.match(said, /\$1 = 1\n/);
      assert.match(said, /\$2 = 1\n/);
      const { code, out } = await run.ended();
      assert.equal(code, 0);
      assert.match(out, /^work_fill\(/m);
    });

    test("changes a register, and the call continues with it", async (context) => {
      const run = await Waiting.start(context, "run", modern, "--call", "work_signed", "-100", "7");
      const said = await gdb(run, order, ["set $a0 = 50", "print/d $a0", "continue"]);
      assert.match(said, /\$1 = 50/);
      const { v0 } = farjalJson(["run", modern, "--call", "work_signed", "50", "7"]).json;
      const { out } = await run.ended();
      assert.match(out, new RegExp(`^work_signed\\(-100, 7\\) = .*\\(${v0}[,)]`, "m"));
    });

    test("stops at the exception's instruction, and the run ends with it", async (context) => {
      const run = await Waiting.start(context, "run", modern, "--call", "work_fill", "0", "5", "7");
      const said = await gdb(run, order, ["continue", "x/i $pc", "print/x $badvaddr", "detach"]);
      assert.match(said, /exception TLBS: a store where nothing is mapped/);
      assert.match(said, /Program received signal SIGSEGV/);
      assert.match(said, /=> 0xc0000268 <work_fill\+72>:\tsb\tv0,-1\(a0\)/);
      assert.match(said, /\$1 = 0x0/);
      const { code, out } = await run.ended();
      assert.equal(code, 1);
      assert.match(out, /did not return: exception TLBS/);
    });

    test("interrupts a loop without end, and kills the call", async (context) => {
      const words = ["run", modern, "--call", "work_fibonacci", "45", "--budget", "1000000000000"];
      const run = await Waiting.start(context, ...words, "--json");
      // gdb's own interrupt comes from a shell command, because gdb itself waits for the target.
      const said = await gdb(run, order, [
        "python import threading, os, signal; threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()",
        "continue",
        "info symbol $pc",
        "kill",
      ]);
      assert.match(said, /Program received signal SIGINT/);
      assert.match(said, /work_fibonacci/);
      const { code, out } = await run.ended();
      assert.equal(code, 1);
      assert.equal(JSON.parse(out).exception.kind, "killed");
    });

    test("debugs a traced call, whose trace stays complete", async (context) => {
      const words = ["trace", modern, "--call", "work_copy", "out:8", '"abcdefg"', "8"];
      const trace = await Waiting.start(context, ...words);
      const said = await gdb(trace, order, ["break work_checksum", "continue", "detach"]);
      assert.match(said, /Breakpoint 1, .* in work_checksum/);
      const { code, out } = await trace.ended();
      assert.equal(code, 0);
      assert.match(out, /work_copy <-host_call\n.*work_checksum <-work_copy/);
    });
  });
}

test("a client that sends nothing is not gdb, and a second client is refused", async (context) => {
  const words = ["run", builtModule("modern", "little"), "--call", "work_signed", "1", "2"];
  const run = await Waiting.start(context, ...words);
  const silent = connect(run.port, "127.0.0.1");
  await once(silent, "connect");
  silent.end();
  await once(silent.resume(), "close");
  const first = connect(run.port, "127.0.0.1");
  first.write("$?#3f");
  const [answer] = await once(first, "data");
  assert.match(String(answer), /^\+(\$T05thread:1;#..)?$/);
  const second = connect(run.port, "127.0.0.1");
  await once(second.resume(), "close");
  first.destroy();
  const { code, out } = await run.ended();
  assert.equal(code, 0);
  assert.match(out, /^work_signed\(1, 2\) = /m);
});

test("a web page's request has no effect, even with a packet in its body", async (context) => {
  const words = ["run", builtModule("modern", "little"), "--call", "work_signed", "1", "2"];
  const run = await Waiting.start(context, ...words);
  const page = connect(run.port, "127.0.0.1");
  page.on("error", () => undefined);
  const answers: Buffer[] = [];
  page.on("data", (bytes: Buffer) => answers.push(bytes));
  page.write("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n$k#6b");
  await once(page, "close");
  assert.deepEqual(answers, []);
  const gdb = connect(run.port, "127.0.0.1");
  gdb.write("+$?#3f");
  assert.match(String((await once(gdb, "data"))[0]), /^\+/);
  gdb.destroy();
  assert.equal((await run.ended()).code, 0);
});

test("a port that is taken is misuse", async (context) => {
  const words = ["run", builtModule("modern", "little"), "--call", "work_signed", "1", "2"];
  const first = await Waiting.start(context, ...words);
  const { status, stderr } = spawnSync(
    process.execPath,
    [PROGRAM, ...words, "--gdb", String(first.port)],
    { encoding: "utf8", timeout: TIMEOUT },
  );
  assert.equal(status, 2);
  assert.match(stderr, /farjal can't listen for gdb on port \d+/);
});

test("gdb finds a stripped module's lines in the file that farjal names", {
  skip,
}, async (context) => {
  const folder = temporaryDirectory(context);
  const stripped = join(folder, "debug.ko");
  const twin = join(folder, "with lines.ko");
  const bytes = readFileSync(builtModule("debug", "little"), "latin1");
  writeFileSync(stripped, bytes.replaceAll(".debug_", ".gone!_"), "latin1");
  writeFileSync(twin, bytes, "latin1");
  const words = ["run", stripped, "--call", "work_run", "5", "--debug-info", twin];
  const run = await Waiting.start(context, ...words);
  const err = await run.announced();
  const [, command = ""] = /^ {2}\(gdb\) (add-symbol-file .*)$/m.exec(err) ?? [];
  assert.ok(command.includes(`'${twin}' 0x`), err);
  const said = await gdb(run, "little", [command, "info line work_fill", "kill"], null);
  assert.match(said, /Line \d+ of "\.?\/?work\.c" starts at address 0xc[0-9a-f]+ <work_fill>/);
});

suite("gdb and a kernel that boots", { skip: skip || debianSkip }, () => {
  test("stops in the kernel, goes back, and lets it boot", async (context) => {
    const kernel = await readKernel(debian?.vmlinuz ?? "");
    const at = (name: string): string => `*0x${kernel.symbol(name)?.address.toString(16)}`;
    const path = join(temporaryDirectory(context), "vmlinux");
    writeFileSync(path, elfOf(await debianImage()));
    const append = "console=ttyS0 nokaslr";
    const boot = await Waiting.start(
      context,
      ...["boot", path, "--append", append, "--memory", "64", "--until", "Linux version"],
    );
    const said = await gdb(
      boot,
      "little",
      [
        "set $first = $pc",
        `break ${at("start_kernel")}`,
        `break ${at("setup_arch")}`,
        "continue",
        "continue",
        "reverse-continue",
        "reverse-stepi",
        "stepi",
        "continue",
        "reverse-continue",
        "reverse-continue",
        "print $pc == $first",
        "delete",
        "detach",
      ],
      null,
    );
    const stops = [...said.matchAll(/^Breakpoint (\d), /gm)].map(([, number]) => number);
    assert.deepEqual(stops, ["1", "2", "1", "1", "2", "1"]);
    assert.match(said, /No more reverse-execution history/);
    assert.match(said, /\$1 = 1\n/);
    const { code, out } = await boot.ended();
    assert.equal(code, 0);
    // What was printed again after going back is shown once.
    assert.equal(out.match(/Linux version/g)?.length, 1);
  });
});
