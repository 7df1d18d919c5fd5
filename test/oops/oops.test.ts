// Oopses that real kernels printed in QEMU (transcripts/, by oops.py), a 6.1 of 32 and one of 64 bits and a 6.12 of either
// byte order: what is read from their text, the lines against addr2line's, what went wrong as faulty.c has it, and texts
// that are cut off or come through syslog.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { openDebugInfo, type SourceFrame, sourcePath } from "../../src/dwarf/debug-info.ts";
import { hex } from "../../src/hex.ts";
import type { ModuleFile } from "../../src/module/file/file.ts";
import { openModule } from "../../src/module/file/source.ts";
import { type Crash, decodeOops, modulesOf } from "../../src/oops/decode.ts";
import { ModuleImage } from "../../src/oops/images.ts";
import { readCrashLog } from "../../src/oops/oops-text.ts";
import { repositoryFile } from "../support/repository.ts";

const FOLDER = repositoryFile("test/oops");
const NAMES = readdirSync(`${FOLDER}/transcripts`).map((file) => file.replace(".txt", ""));
const EXPECTED = JSON.parse(readFileSync(`${FOLDER}/expected.json`, "utf8")) as Record<
  string,
  Record<string, string[]>
>;
const DEBIAN = "6.1.0-50-4kc-malta";
/** The kernels: what the names of their transcripts end in, and the folder of the module that was built for them. */
const KERNELS = [
  { ending: "-6.12-big", folder: "big", release: "6.12.117" },
  { ending: "-6.12-little", folder: "little-6.12", release: "6.12.117" },
  { ending: "-64", folder: "little64", release: "6.1.0-50-5kc-malta" },
  { ending: "", folder: "little", release: DEBIAN },
];
type Kernel = (typeof KERNELS)[number];
const DEFAULT = KERNELS.at(-1) as Kernel;
const files = new Map<string, ModuleFile>();
for (const { folder } of KERNELS) {
  files.set(folder, await openModule(`${FOLDER}/built/${folder}/faulty.ko`));
}

const transcript = (name: string): string =>
  readFileSync(`${FOLDER}/transcripts/${name}.txt`, "latin1");

const kernelOf = (name: string): Kernel =>
  KERNELS.find(({ ending }) => name.endsWith(ending)) ?? DEFAULT;
const faultOf = (name: string): string => name.slice(0, name.length - kernelOf(name).ending.length);

function decode(text: string, { folder }: Kernel = DEFAULT): Crash[] {
  const log = readCrashLog(text);
  const file = files.get(folder) as ModuleFile;
  const image = new ModuleImage("faulty", file, openDebugInfo(file.elf));
  const images = { kernel: null, modules: new Map([["faulty", image]]) };
  return log.oopses.map((oops) => decodeOops(oops, log.moduleLines, images));
}

function first(text: string, kernel: Kernel = DEFAULT): Crash {
  const [crash] = decode(text, kernel);
  assert.ok(crash !== undefined);
  return crash;
}

const printed = (frames: readonly SourceFrame[]): string[] =>
  frames.map((frame) => `${frame.function} ${sourcePath(frame)}:${frame.line}`);

suite("oopses of a real kernel", () => {
  test("are expected of every transcript", () => {
    assert.deepEqual(NAMES.sort(), Object.keys(EXPECTED).sort());
  });

  for (const [name, answers] of Object.entries(EXPECTED)) {
    test(`${name}: the lines are addr2line's`, () => {
      const { epc, calls } = first(transcript(name), kernelOf(name));
      const places = [...(epc === null ? [] : [epc]), ...calls].filter(({ symbol }) =>
        symbol?.endsWith("[faulty]"),
      );
      const known = new Map(places.map((place) => [hex(place.address).slice(2), place.frames]));
      for (const [address, frames] of Object.entries(answers)) {
        assert.deepEqual(printed(known.get(address) ?? []), frames, address);
      }
    });

    test(`${name}: every line of the text is read`, () => {
      const crash = first(transcript(name), kernelOf(name));
      assert.equal(crash.number, 1);
      assert.equal(crash.cpu, 0);
      assert.equal(crash.release, kernelOf(name).release);
      // All but k0 and k1.
      assert.equal(crash.registers.length, 30);
      assert.equal(crash.registers.find((one) => one.name === "ra")?.value, crash.ra?.address);
      assert.ok(crash.status?.fields.includes("KSU: kernel mode"));
      assert.ok(crash.calls.length > 4);
      assert.deepEqual(crash.notes, []);
    });
  }

  const exceptions: Record<string, string> = {
    null: "TLBL",
    store: "TLBS",
    unaligned: "AdEL",
    "jump-to-nowhere": "TLBL",
    bug: "Bp",
    "wrong-region": "TLBL",
    init: "TLBL",
    interrupt: "TLBS",
    freed: "TLBL",
    // The memory of the module was still mapped: its code ran once more.
    "freed-64": "TLBS",
  };
  for (const name of NAMES) {
    const exception = exceptions[name] ?? exceptions[faultOf(name)];
    test(`${name}: the exception is ${exception}`, () => {
      assert.equal(first(transcript(name), kernelOf(name)).exception?.name, exception);
    });
  }

  test("a null pointer is named with its register", () => {
    for (const { ending } of KERNELS) {
      const name = `null${ending}`;
      assert.match(
        first(transcript(name), kernelOf(name)).findings.join(),
        /^a0 is 0x(0{8}|0{16}),.* 12 bytes.*: a null pointer$/,
      );
    }
  });

  test("an instruction in a delay slot is the one that failed", () => {
    const { code, epc } = first(transcript("init"));
    assert.equal(code.find(({ failed }) => failed)?.address, Number(epc?.address) + 4);
    assert.match(code.find(({ failed }) => failed)?.text ?? "", /^lw\tv0,12\(v0\)$/);
    assert.match(code.find(({ atEpc }) => atEpc)?.text ?? "", /^b\t/);
  });

  test("a bug's break is the word that is marked", () => {
    const { code } = first(transcript("bug"));
    assert.equal(code.find(({ failed }) => failed)?.text, "break\t0xc");
  });

  test("a call of a null function pointer is named with its register", () => {
    for (const { ending } of KERNELS) {
      const name = `jump-to-nowhere${ending}`;
      assert.match(
        first(transcript(name), kernelOf(name)).findings.join(),
        /0x0{8,16}, through v0: a call of a null/,
      );
    }
  });

  for (const { ending } of KERNELS) {
    const name = `wrong-region${ending}`;
    test(`${name}: the function that was meant is named`, () => {
      const { findings, epc } = first(transcript(name), kernelOf(name));
      assert.equal(findings.length, 1);
      const away = hex(epc?.address ?? 0);
      const meant = away.replace(/d(?=.{7}$)/, "c");
      assert.notEqual(meant, away);
      assert.ok(findings[0]?.includes(`epc ${away} is in no module`), findings[0]);
      assert.ok(findings[0]?.includes(`${meant}, the same offset in another`), findings[0]);
      assert.match(findings[0] ?? "", / is add_one\+0x0 \[faulty\]/);
    });
  }

  test("code of a module that is gone is named", () => {
    for (const [name, where] of [
      ["freed", "faulty_timer"],
      ["freed-6.12-little", "faulty_timer"],
      ["freed-64", "faulty_store"],
    ] as const) {
      const { findings, epc } = first(transcript(name), kernelOf(name));
      assert.ok(
        findings.join().includes(`faulty was, the module that was unloaded last (${where}+0x0 `),
        name,
      );
      assert.deepEqual(
        epc?.frames.map((frame) => frame.function),
        [where],
      );
    }
  });

  test("a scanned stack is told from an unwound one, and stale addresses in it are marked", () => {
    const unwound = first(transcript("null")).calls.map(({ found }) => found);
    assert.deepEqual(new Set(unwound), new Set(["frame"]));
    const scanned = first(transcript("wrong-region")).calls;
    const stale = scanned.filter(({ found }) => found === "stale").map(({ symbol }) => symbol);
    assert.deepEqual(stale, ["faulty_start+0x0/0x108 [faulty]"]);
    assert.equal(scanned.filter(({ found }) => found === "frame").length, 0);
  });

  test("the panic that follows an oops is a trace of its own", () => {
    const [oops, panic] = decode(transcript("interrupt"));
    assert.equal(oops?.process, "swapper/0");
    assert.match(
      panic?.lines.join("\n") ?? "",
      /^Kernel panic - not syncing: Fatal exception in interrupt/,
    );
    assert.equal(panic?.epc, null);
    assert.ok((panic?.calls.length ?? 0) > 10);
  });
});

suite("texts of oopses", () => {
  for (const name of NAMES) {
    test(`${name}: may be cut off anywhere`, () => {
      const text = transcript(name);
      for (let at = 0; at < text.length; at += 307) {
        for (const part of [text.slice(0, at), text.slice(at)]) {
          const [crash] = decode(part, kernelOf(name));
          // What precedes an oops decides nothing: the registers are read alike.
          if (part.includes("$ 0   :") && /epc {3}: [0-9a-f]{8} /.test(part)) assert.ok(crash?.epc);
        }
      }
    });
  }

  test("may end with the line before the registers, which has epc and ra", () => {
    const lines = NAMES.flatMap((name) => {
      const line = transcript(name)
        .split("\n")
        .find((one) => one.includes(", epc == "));
      return line === undefined ? [] : [[name, line] as const];
    });
    assert.ok(lines.length > 5);
    for (const [name, line] of lines) {
      const whole = first(transcript(name), kernelOf(name));
      const cut = first(line, kernelOf(name));
      assert.equal(cut.title, "Oops");
      for (const key of ["epc", "ra"] as const) {
        assert.equal(cut[key]?.address, whole[key]?.address, `${name}: ${key}`);
      }
    }
  });

  test("may come through syslog, with levels, callers or no times", () => {
    const text = transcript("null");
    const whole = first(text);
    const plain = text.replace(/^\[ *[\d.]+\] ?/gm, "");
    const forms = [
      plain,
      text.replace(/^/gm, "<4>"),
      text.replace(/^(\[ *[\d.]+\]) ?/gm, "$1[   T74] "),
      text.replace(/^/gm, "Nov 30 12:00:00 OpenWrt kernel: "),
      text.replace(/^/gm, "Mon Nov 30 12:00:00 2026 kern.alert kernel: "),
      text.replace(/^/gm, "2026-11-30T12:00:00.123456+01:00 host kernel: "),
      text.replaceAll("\n", "\r\n"),
    ];
    for (const form of forms) assert.deepEqual(first(form), whole, form.slice(0, 200));
  });

  test("a kernel without kallsyms prints no symbols: lines of /proc/modules place the module", () => {
    const text = transcript("null").replace(/ \w+\+0x\w+\/0x\w+ \[faulty\]/g, "");
    const [line = ""] = /^faulty .*$/m.exec(text) ?? [];
    const { epc } = first(`${line}\n${text.replace(line, "")}`);
    assert.equal(epc?.symbol, "faulty_null+0x0 [faulty]");
    assert.deepEqual(printed(epc?.frames ?? []), EXPECTED["null"]?.["c00a3030"]);
  });

  test("have other lines around them in 4.14 and in 6.18", () => {
    const text = transcript("null");
    const whole = first(text);
    // 4.14: show_regs_print_info() of kernel/printk/printk.c adds a line, and show_registers() of traps.c prints *HwTLS
    // where that register isn't what the thread has.
    const old = text
      .replace(/6\.1\.0-50-4kc-malta.*/, "4.14.267 #0")
      .replace(/^(\[.*\] )(CPU: 0 PID.*)$/m, "$1$2\n$1task: 82067c90 task.stack: 82066000")
      .replace(/^(\[.*\] )(Process init.*)$/m, "$1$2\n$1*HwTLS: 77fe5490");
    assert.deepEqual(first(old), { ...whole, release: "4.14.267" });
    // 6.18: release 6 of the architecture has no Hi and Lo, and dump_stack_print_info() of lib/dump_stack.c ends with the
    // model of preemption.
    const now = text
      .replace(
        /PID: (\d+) (.*)6\.1\.0-50-4kc-malta.*/,
        "UID: 0 PID: $1 $26.18.3 #1 PREEMPT(undef) ",
      )
      .replace(/^.*\] (Hi|Lo) {4}:.*\n/gm, "");
    assert.ok(now.includes("UID: 0 PID: 74") && !now.includes("Hi "));
    assert.deepEqual(first(now), { ...whole, release: "6.18.3" });
  });

  test("name the modules whose files are needed, and those of another build", () => {
    const log = readCrashLog(transcript("null"));
    const [oops] = log.oopses;
    assert.ok(oops !== undefined);
    assert.deepEqual([...modulesOf(oops, log.moduleLines)], ["faulty"]);
    // Of all modules that lsmod lists, only those that an address needs: here by its offset in its region.
    const astray = readCrashLog(
      `${transcript("wrong-region")
        .replaceAll(" [faulty]", "")
        .replace(/ \w+\+0x\w+\/0x\w+$/gm, "")}` +
        "other 4096 0 - Live 0xc0100000\nnearby 4096 0 - Live 0xe00a3000\n",
    );
    assert.deepEqual([...modulesOf(astray.oopses[0] ?? oops, astray.moduleLines)].sort(), [
      "faulty",
      "nearby",
    ]);
    const other = transcript("null").replaceAll("faulty_null+0x0/0xc", "faulty_null+0x0/0x1c");
    assert.match(first(other).notes.join(), /the file of faulty is of another build/);
    const patched = transcript("null").replace("24420001", "24420002");
    assert.match(first(patched).notes.join(), /Code: differs from the file of faulty/);
  });

  test("without an oops have none", () => {
    for (const text of ["", "hello\n", "Code: nothing\n", "epc   : zzz\n", "[<80100000>"]) {
      assert.deepEqual(readCrashLog(text).oopses, []);
    }
  });
});
