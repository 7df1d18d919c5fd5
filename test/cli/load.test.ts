// Tests `farjal load`: the addresses of blocks and sections, the bytes that -o writes, and dependencies found and
// placed.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  assertMisuse,
  builtModule,
  farjal,
  farjalJson,
  ORDERS,
  PROGRAM,
  temporaryDirectory,
} from "./farjal.ts";

for (const order of ORDERS) {
  test(`load lays a ${order}-endian module out and keeps its bytes`, (context) => {
    const output = join(temporaryDirectory(context), "core.bin");
    const { code, json } = farjalJson(["load", builtModule("modern", order), "-o", output]);
    assert.equal(code, 0);
    assert.deepEqual([json.verdict, json.errno], ["loads", null]);
    assert.equal(json.core.base, "0xc0000000");
    assert.equal(json.sections[".text"], "0xc0000000");
    const bytes = readFileSync(output);
    assert.equal(bytes.length, json.core.size);
    assert.equal(createHash("sha256").update(bytes).digest("hex"), json.sha256);
    // The first instruction of the first call site, switched off: b +24.
    const site = Number(json.sections.__mcount_loc) - 0xc0000000;
    const word = (at: number) =>
      order === "little" ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
    const first = word(site) - 0xc0000000;
    assert.deepEqual([word(first), word(first + 4)], [0x10000005, 0]);
  });
}

test("load puts both blocks at the given addresses, and by default init after a guard page", () => {
  const module = builtModule("init", "little");
  const { json } = farjalJson(["load", module, "--base", "c4000000", "--init-base", "0xc8000000"]);
  assert.deepEqual([json.core.base, json.init.base], ["0xc4000000", "0xc8000000"]);
  assert.equal(json.sections[".init.text"], "0xc8000000");
  const { json: second } = farjalJson(["load", module, "--base", "c4000000"]);
  const pages = Math.ceil(second.core.size / 4096) + 1;
  assert.equal(Number(second.init.base), 0xc4000000 + pages * 4096);
});

test("load refuses as Linux does, word for word", () => {
  const { code, json } = farjalJson(["load", builtModule("weak", "big"), "--far-jumps", "refuse"]);
  assert.equal(code, 1);
  assert.deepEqual([json.verdict, json.errno], ["refused", "ENOEXEC"]);
  assert.equal(json.dmesg.at(-1), "module weak: relocation overflow");
  assert.deepEqual([json.core, json.init, json.sections, json.sha256], [null, null, {}, null]);
});

for (const order of ORDERS) {
  const old = builtModule("jal2009", order);

  test(`load gives Linux's verdict, and farjal's apart from it, ${order}-endian`, (context) => {
    const output = join(temporaryDirectory(context), "core.bin");
    const judged = farjalJson(["load", old, "-o", output]);
    assert.deepEqual(
      [judged.code, judged.json.linux, judged.json.errno],
      [1, "refused", "ENOEXEC"],
    );
    assert.equal(judged.json.dmesg.at(-1), "module jal2009: relocation overflow");
    assert.equal(judged.json.verdict, "loads");
    assert.deepEqual(judged.json.mend, {
      how: "trampolines",
      changes: 0,
      farJumps: 14,
      trampolines: 5,
      asked: false,
    });
    assert.equal(existsSync(output), false);
    const { stdout } = farjal(["load", old]);
    assert.match(stdout, /^module jal2009: relocation overflow\nENOEXEC \(insmod: /m);
    assert.match(
      stdout,
      /^Linux refuses jal2009\nfarjal mends jal2009 and loads it, with 5 tramp/m,
    );
    const told = farjalJson(["load", old, "--far-jumps", "trampoline", "-o", output]);
    assert.deepEqual([told.code, told.json.linux, told.json.verdict], [0, "refused", "loads"]);
    assert.equal(existsSync(output), true);
    const rewritten = farjalJson(["load", old, "--far-jumps", "rewrite"]);
    assert.deepEqual([rewritten.code, rewritten.json.linux], [0, "refused"]);
    assert.deepEqual([rewritten.json.mend.how, rewritten.json.mend.changes], ["rewriting", 14]);
    const refused = farjalJson(["load", old, "--far-jumps", "refuse"]);
    assert.deepEqual(
      [refused.code, refused.json.linux, refused.json.verdict, refused.json.mend.how],
      [1, "refused", "refused", "none"],
    );
    const near = farjalJson(["load", old, "--base", "82000000"]);
    assert.deepEqual([near.code, near.json.linux, near.json.mend], [0, "loads", null]);
  });

  test(`an overflow's remedies can be pasted, the cheapest first, ${order}-endian`, (context) => {
    const directory = temporaryDirectory(context);
    const module = join(directory, "it's old.ko");
    copyFileSync(old, module);
    const { stdout } = farjal(["load", module]);
    const [, build, mend, load] =
      /first:\n {2}1\..*\n +(.*)\n {2}2\..*\n +(.*)\n {2}3\..*\n +(.*)\n/.exec(stdout) ?? [];
    assert.match(build ?? "", /KCFLAGS=-mlong-calls/);
    for (const [command, result] of [
      [mend, "it's old-mended.ko"],
      [load, null],
    ] as const) {
      const script = (command ?? "").replace(/^farjal/, `"${process.execPath}" "${PROGRAM}"`);
      const { status, stderr } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
      assert.equal(status, 0, stderr);
      if (result === null) continue;
      assert.equal(farjalJson(["load", join(directory, result)]).json.linux, "loads");
    }
  });
}

test("a dependency's far jumps count, and stubs don't make Linux load a module", () => {
  const words = ["load", builtModule("imports", "little")];
  const dependency = farjalJson([...words, "--with", builtModule("init_jal", "little")]);
  assert.deepEqual([dependency.code, dependency.json.linux], [1, "refused"]);
  assert.equal(dependency.json.verdict, "loads");
  const stubs = farjalJson([...words, "--stub-missing"]);
  assert.deepEqual([stubs.code, stubs.json.linux, stubs.json.errno], [0, "refused", "ENOENT"]);
  const none = farjalJson(words);
  assert.deepEqual([none.code, none.json.linux, none.json.verdict], [1, "refused", "refused"]);
});

test("run, trace and plan mend, and say so", () => {
  const old = builtModule("jal2009", "big");
  for (const command of ["run", "trace"]) {
    const call = [command, old, "--call", "work_run", "3"];
    const { code, json } = farjalJson(call);
    assert.deepEqual([code, json.linux, json.mend.trampolines], [0, "refused", 5]);
    assert.match(
      farjal(call).stderr,
      /^note: Linux refuses jal2009 as it is; farjal loads it with 5 /m,
    );
  }
  const modern = farjalJson(["run", builtModule("modern", "big"), "--call", "work_run", "3"]);
  assert.deepEqual([modern.json.linux, modern.json.mend], ["loads", null]);
  assert.equal(farjalJson(["plan", old]).json.linux, "refused");
  assert.match(
    farjal(["plan", old]).stdout,
    /^Linux refuses jal2009: module jal2009: relocation overflow$/m,
  );
  assert.match(
    farjal(["explain", old]).stdout,
    /^Linux refuses it as it is; this is how farjal loads/m,
  );
});

test("load leaves no file behind when there is nothing to write", (context) => {
  const directory = temporaryDirectory(context);
  const output = join(directory, "core.bin");
  const refused = ["load", builtModule("jal2009", "big"), "--far-jumps", "refuse", "-o", output];
  assert.equal(farjal(refused).code, 1);
  assert.deepEqual(readdirSync(directory), []);
  assertMisuse(
    farjal(["load", builtModule("modern", "big"), "-o", join(directory, "no", "core.bin")]),
    /core\.bin can't be written: no such file or directory/,
  );
  mkdirSync(output);
  assertMisuse(farjal(["load", builtModule("modern", "big"), "-o", output]), /can't be written/);
  assert.deepEqual(readdirSync(directory), ["core.bin"]);
});

test("dependencies are loaded first, from beside the module", (context) => {
  const directory = temporaryDirectory(context);
  const importer = join(directory, "imports.ko");
  copyFileSync(builtModule("imports", "little"), importer);
  copyFileSync(builtModule("init", "little"), join(directory, "init.ko"));
  const { code, json } = farjalJson(["load", importer]);
  assert.equal(code, 0, json.explanation);
  assert.equal(json.core.base, "0xc0000000", "the base is the named module's");
  const { json: call } = farjalJson(["run", importer, "--call", "imports_run", "2"]);
  // init_count() makes 41, init_lookup(2) is 100 + 7, and init_counter is 41 by then, or 40 before.
  assert.ok([41 + 107 + 41, 41 + 107 + 40].includes(call.v0), String(call.v0));
});

test("dependencies are loaded first, from anywhere in the modules tree, '-' and '_' alike", (context) => {
  const root = temporaryDirectory(context);
  mkdirSync(join(root, "kernel", "net"), { recursive: true });
  mkdirSync(join(root, "kernel", "drivers", "base"), { recursive: true });
  const importer = join(root, "kernel", "net", "imports.ko");
  copyFileSync(builtModule("imports", "big"), importer);
  copyFileSync(builtModule("init", "big"), join(root, "kernel", "drivers", "base", "init.ko"));
  writeFileSync(join(root, "modules.order"), "");
  assert.equal(farjal(["load", importer]).code, 0);
});

test("a dependency that isn't found is named, with a hint", (context) => {
  const importer = join(temporaryDirectory(context), "imports.ko");
  copyFileSync(builtModule("imports", "little"), importer);
  assert.ok(existsSync(importer));
  const { code, json } = farjalJson(["load", importer]);
  assert.equal(code, 1);
  assert.equal(json.errno, "ENOENT");
  assert.ok(json.dmesg.includes("imports: Unknown symbol init_count (err -2)"));
  assert.match(json.explanation, /no file was found for init: give it with --with FILE/);
  assert.equal(farjal(["load", importer, "--with", builtModule("init", "little")]).code, 0);
});

test("a module from standard input takes its dependencies from --with", () => {
  const input = readFileSync(builtModule("imports", "little"));
  assert.equal(farjal(["load", "-"], { input }).code, 1);
  assert.equal(farjal(["load", "-", "--with", builtModule("init", "little")], { input }).code, 0);
});

test("a dependency that is refused is named", () => {
  const words = [
    "load",
    builtModule("imports", "little"),
    "--with",
    builtModule("init_jal", "little"),
  ];
  const { code, json } = farjalJson([...words, "--far-jumps", "refuse"]);
  assert.equal(code, 1);
  assert.match(json.explanation, /init_jal-little\.ko, which is loaded first: the jump at/);
});

test("load --list prints what lsmod would", () => {
  const words = ["load", builtModule("imports", "big"), "--with", builtModule("init", "big")];
  const { code, json } = farjalJson([...words, "--init"]);
  assert.equal(code, 0);
  const [imports, init] = json.modules;
  assert.deepEqual(init, {
    name: "init",
    size: init.size,
    references: 1,
    users: ["imports"],
    state: "LIVE",
    base: "0xc8000000",
  });
  const right = (size: number) => String(size).padStart(8);
  assert.equal(
    farjal([...words, "--init", "--list"]).stdout,
    `Module                  Size  Used by
imports             ${right(imports.size)}  0
init                ${right(init.size)}  1 imports
`,
  );
});

test("load --param sets parameters, and refuses what doesn't fit in the kernel's words", () => {
  const words = ["load", builtModule("init", "little"), "--init", "--param"];
  const set = farjal([...words, "label=two words", "--param", "level=7"]);
  assert.equal(set.code, 0);
  const { json } = farjalJson([...words, "level=7", "--param", "nosuch"]);
  assert.deepEqual(json.dmesg.slice(-2), [
    "init: unknown parameter 'nosuch' ignored",
    "init: level 7, mask 0xff, label unset",
  ]);
  const bad = farjalJson([...words, "level=seven"]);
  assert.deepEqual([bad.code, bad.json.errno], [1, "EINVAL"]);
  assert.equal(bad.json.dmesg.at(-1), "init: `seven' invalid for parameter `level'");
  assert.equal(bad.json.explanation.split(",")[0], "init takes quiet (bool)");
  const failed = farjalJson([...words, "level=-1"]);
  assert.deepEqual([failed.code, failed.json.errno], [1, "EINVAL"]);
  const called = farjalJson([
    "run",
    builtModule("init", "little"),
    "--call",
    "init_parameters",
    "--param",
    "level=0",
    "--param",
    "mask=1",
  ]);
  assert.equal(called.json.v0, 10);
});

test("--endian gives the machine another byte order than the module's", () => {
  const { code, json } = farjalJson(["load", builtModule("modern", "little"), "--endian", "big"]);
  assert.equal(code, 1);
  assert.equal(json.errno, "ENOEXEC");
  assert.match(json.explanation, /little-endian/);
});

test("load --unload ends modules as rmmod does, or says why they stay", (context) => {
  const directory = temporaryDirectory(context);
  for (const name of ["init", "imports"]) {
    copyFileSync(builtModule(name, "little"), join(directory, `${name}.ko`));
  }
  const path = join(directory, "imports.ko");
  const used = farjalJson(["load", path, "--init", "--unload", "init"]);
  assert.deepEqual([used.code, used.json.verdict, used.json.errno], [1, "refused", "EAGAIN"]);
  assert.match(used.json.explanation, /^Module init is in use by: imports/);
  const gone = farjalJson(["load", path, "--unload", "imports", "--unload", "init"]);
  assert.deepEqual([gone.code, gone.json.modules], [0, []]);
  const twice = farjalJson(["load", path, "--unload", "imports", "--unload", "imports"]);
  assert.deepEqual([twice.code, twice.json.errno], [1, "ENOENT"]);
  const stays = farjalJson(["load", builtModule("lost", "little"), "--init", "--unload", "lost"]);
  assert.deepEqual([stays.code, stays.json.errno], [1, "EBUSY"]);
  const { code, stdout } = farjal(["load", path, "--unload", "imports"]);
  assert.equal(code, 0);
  assert.match(stdout, /\nimports is unloaded\n$/);
});

test("a signature is reported, with a note that it isn't verified", (context) => {
  const path = join(temporaryDirectory(context), "signed.ko");
  // struct module_signature: id_type 2 (PKCS#7), and the signature's size in the last four bytes, big-endian.
  const signature = Buffer.from([0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 16]);
  const bytes = readFileSync(builtModule("modern", "little"));
  const marker = Buffer.from("~Module signature appended~\n");
  writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(16), signature, marker]));
  const { code, stderr } = farjal(["load", path]);
  assert.equal(code, 0);
  assert.match(stderr, /^note: the module's signature is not verified/);
  assert.equal(farjal(["load", builtModule("modern", "little")]).stderr, "");
});

test("load --kernel-release says whose rules apply, and gives the memories that they have", () => {
  const module = builtModule("init", "big");
  const at = (...words: string[]) => farjalJson(["load", module, ...words]).json;
  const old = at("--kernel-release", "6.1");
  assert.deepEqual(
    [old.rules.release, old.rules.from, old.rules.values.L1],
    ["6.1", "--kernel-release", "two"],
  );
  const types = (json: { memories: { type: string }[] }) => json.memories.map(({ type }) => type);
  assert.deepEqual(types(old), ["core", "init"]);
  assert.deepEqual(old.memories, [
    { type: "core", ...old.core },
    { type: "init", ...old.init },
  ]);
  const json = at("--kernel-release", "6.12.95");
  assert.deepEqual(types(json), [
    "text",
    "data",
    "rodata",
    "ro_after_init",
    "init_text",
    "init_data",
  ]);
  assert.deepEqual([json.core, json.init], [null, null]);
  const size = json.memories.reduce((sum: number, one: { size: number }) => sum + one.size, 0);
  assert.equal(json.modules[0].size, size);
  assert.equal(json.memories[0].base, "0xc0000000");
  assert.equal(json.sections[".data"].slice(0, 7), "0xc0002");
  // One rule alone.
  const pages = at("--kernel-release", "6.1", "--rule", "L2=pages");
  assert.deepEqual(types(pages), ["core", "init"]);
  for (const { size } of pages.memories) assert.equal(size % 4096, 0);
});

test("load --init on a kernel since 6.4 frees the three init memories", () => {
  const words = ["load", builtModule("init", "little"), "--kernel-release", "6.12.95"];
  const { json } = farjalJson([...words, "--init"]);
  const [module] = json.modules;
  const stays = json.memories.filter(({ type }: { type: string }) => !type.startsWith("init"));
  assert.deepEqual([module.size, module.base], [4 * 4096, "0xc0000000"]);
  assert.equal(stays.length, 4);
});

test("load -o writes each memory, and --place chooses their addresses", (context) => {
  const directory = temporaryDirectory(context);
  const file = join(directory, "out");
  const words = ["load", builtModule("init", "little"), "--kernel-release", "6.12.95", "-o", file];
  const place = "text=c0300000,data=c0000000,init_data=c0100000";
  const { json } = farjalJson([...words, "--place", place]);
  const bases = json.memories.map(
    ({ type, base }: { type: string; base: string }) => `${type} ${base}`,
  );
  assert.deepEqual(bases, [
    "text 0xc0300000",
    "data 0xc0000000",
    "rodata 0xc0002000",
    "ro_after_init 0xc0004000",
    "init_text 0xc0006000",
    "init_data 0xc0100000",
  ]);
  assert.deepEqual(readdirSync(directory).sort(), [
    ...[
      "out.data",
      "out.init_data",
      "out.init_text",
      "out.ro_after_init",
      "out.rodata",
      "out.text",
    ],
  ]);
  for (const { type, size } of json.memories) {
    assert.equal(readFileSync(`${file}.${type}`).length, size);
  }
});

test("choices that contradict each other, or that nobody knows, are told in one sentence", () => {
  const module = builtModule("init", "little");
  for (const [words, message] of [
    [["--place", "text"], /Expected BLOCK=HEX/],
    [["--place", "text=c0000000,text=c0001000"], /text is given twice/],
    [["--place", "text=c0000000"], /no text memory, but core, init/],
    [["--kernel-release", "6.12", "--init-base", "c0100000"], /no init memory, but text/],
    [["--kernel-release", "six"], /^error: six is no kernel's release/],
    [["--rule", "V20=refuse", "--rule", "V20=accept"], /rule V20 can't be both/],
    [["--rules", "suse"], /Allowed choices are mainline, debian, openwrt/],
  ] as const) {
    const { code, stderr } = farjal(["load", module, ...words]);
    assert.equal(code, 2, words.join(" "));
    assert.match(stderr, message);
  }
  const { code, stderr } = farjal(["load", module, "--kernel-release", "7.9"]);
  assert.equal(code, 0);
  assert.match(
    stderr,
    /^note: 7\.9 is newer than every kernel whose rules farjal knows: it uses those of 7\.3\n/,
  );
});

test("load --json names the rules of a module that is refused, and of a file that can't be read", (context) => {
  const far = farjalJson([
    "load",
    builtModule("jal2009", "little"),
    ...["--kernel-release", "6.12.95", "--far-jumps", "refuse"],
  ]).json;
  assert.deepEqual([far.verdict, far.rules.release, far.memories], ["refused", "6.12.95", []]);
  const file = join(temporaryDirectory(context), "short.ko");
  writeFileSync(file, "no module");
  const short = farjalJson(["load", file, "--kernel-release", "5.10"]).json;
  assert.deepEqual([short.errno, short.rules.release], ["ENOEXEC", "5.10"]);
  assert.equal(farjalJson(["load", file]).json.rules, null);
  // 5.10 has one line for all that is wrong with an ELF file.
  const damaged = Buffer.from(readFileSync(builtModule("modern", "little")));
  damaged.writeUInt16LE(0, 46);
  writeFileSync(file, damaged);
  const old = farjalJson(["load", file, "--kernel-release", "5.10"]).json;
  assert.deepEqual(old.dmesg, ["Module has invalid ELF structures"]);
});
