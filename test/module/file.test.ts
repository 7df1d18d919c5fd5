// Tests what is read from a module's file before anything is loaded: signature, modinfo, exports, init and exit
// functions, call sites.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import {
  R_MIPS_26,
  R_MIPS_32,
  R_MIPS_HI16,
  R_MIPS_LO16,
} from "../../assembly/shared/relocation-types.ts";
import { readModule } from "../../src/module/file/file.ts";
import { describeModule } from "../../src/module/file/info.ts";
import { temporaryDirectory } from "../cli/farjal.ts";
import {
  code,
  data,
  functionSymbol,
  modinfo,
  READ_ONLY,
  undefinedSymbol,
  VERMAGIC,
  writeModule,
} from "../support/module-writer.ts";
import { refusedAs } from "../support/refusal.ts";
import { repositoryFile } from "../support/repository.ts";

const MARKER = Buffer.from("~Module signature appended~\n");

/** A file followed by a signature of this many bytes; its record may be false. */
function signed(file: Uint8Array, size: number, record: Partial<Record<number, number>> = {}) {
  const bytes = Buffer.concat([file, Buffer.alloc(size, 0x30), Buffer.alloc(12), MARKER]);
  const at = bytes.length - MARKER.length - 12;
  bytes[at + 2] = 2;
  bytes.writeUInt32BE(size, at + 8);
  for (const [offset, value] of Object.entries(record)) bytes[at + Number(offset)] = value ?? 0;
  return bytes;
}

suite("a module's signature", () => {
  test("is removed before the section headers are looked for", () => {
    const plain = writeModule();
    const file = readModule(signed(plain, 681));
    assert.deepEqual(file.signature, { size: 681, supported: true });
    assert.equal(file.elf.bytes.length, plain.length);
  });

  test("with another marker is no signature, and no error", () => {
    const bytes = signed(writeModule(), 681);
    bytes[bytes.length - 2] = 0x21;
    assert.equal(readModule(bytes).signature, null);
    assert.equal(readModule(writeModule()).signature, null);
  });

  test("that claims more bytes than the file has, or has invalid fields, is EBADMSG", () => {
    const plain = writeModule();
    refusedAs(() => readModule(signed(plain, 8, { 8: 0x7f })), "EBADMSG");
    refusedAs(() => readModule(signed(new Uint8Array(0), 0)), "EBADMSG");
    refusedAs(() => readModule(Buffer.concat([Buffer.alloc(12), MARKER])), "EBADMSG");
    refusedAs(
      () => readModule(signed(plain, 8, { 0: 1 })),
      "EBADMSG",
      "module: PKCS#7 signature info has unexpected non-zero params",
    );
  });

  test("that isn't PKCS#7 leaves an unsigned module", () => {
    const file = readModule(signed(writeModule(), 8, { 2: 1 }));
    assert.equal(file.signature?.supported, false);
    assert.deepEqual(file.dmesg, ["module: not signed with expected PKCS#7 message"]);
  });
});

suite("a module's file", () => {
  test("without symbols, or without struct module, is refused as Linux does", () => {
    refusedAs(
      () => readModule(writeModule({ name: "bare", stripped: true })),
      "ENOEXEC",
      "bare: module has no symbols (stripped?)",
    );
    refusedAs(
      () => readModule(writeModule({ name: "bare", noThisModule: true })),
      "ENOEXEC",
      "bare: No module found in object",
    );
    refusedAs(
      () => readModule(writeModule({ modinfo: [], noThisModule: true })),
      "ENOEXEC",
      "(missing .modinfo section or name field): No module found in object",
    );
  });

  test("as a plain object needs neither, and has the given name", () => {
    const bytes = writeModule({ modinfo: [], noThisModule: true });
    const file = readModule(bytes, { object: true, name: "work" });
    assert.deepEqual([file.name, file.object, file.thisModule], ["work", true, null]);
    assert.equal(readModule(writeModule({ name: "real" }), { object: true }).object, false);
  });

  test("has its name from struct module, if modinfo has none", () => {
    const names = { name: "inner", modinfo: modinfo("outer") };
    assert.equal(readModule(writeModule(names)).name, "inner");
    const object = writeModule({ ...names, noThisModule: true });
    assert.equal(readModule(object, { object: true, name: "file" }).name, "outer");
  });

  test("modinfo: padding between strings, several values, the first counts", () => {
    const { modinfo: info } = readModule(
      writeModule({ modinfo: ["a=1", "", "", "a=2", "empty=", "novalue", "b==x"] }),
    );
    assert.deepEqual([info.get("a"), info.all("a")], ["1", ["1", "2"]]);
    assert.deepEqual(
      [info.get("empty"), info.get("novalue"), info.get("b")],
      ["", undefined, "=x"],
    );
    assert.deepEqual(info.toRecord(), { a: ["1", "2"], empty: [""], b: ["=x"] });
  });

  test("init and exit functions are found by symbol, not by offset", () => {
    const symbols = [functionSymbol("init_module"), functionSymbol("cleanup_module", 8)];
    const sections = [code([0x03e00008, 0, 0x03e00008, 0])];
    const both = readModule(
      writeModule({ sections, symbols, functions: ["init_module", "cleanup_module"] }),
    );
    const shape = { size: 0x240, init: 0xc8, exit: 0x210 };
    assert.deepEqual(both.thisModule, { name: "dull", hasInit: true, hasExit: true, shape });
    const none = readModule(writeModule({ sections, symbols }));
    assert.deepEqual(none.thisModule, {
      name: "dull",
      hasInit: false,
      hasExit: false,
      shape: { size: 0x240, init: null, exit: null },
    });
  });

  for (const endian of ["little", "big"] as const) {
    test(`exports, checksums and namespaces, ${endian}-endian`, () => {
      const file = readModule(
        writeModule({
          endian,
          sections: [code([0x03e00008, 0])],
          symbols: [functionSymbol("open"), functionSymbol("shut", 4)],
          exports: [
            { name: "open", crc: 0x12345678 },
            { name: "shut", gpl: true, crc: 0x9abcdef0, namespace: "DOORS" },
          ],
          versions: { module_layout: 0x2154240b, _printk: 0x92997ed8 },
        }),
      );
      assert.deepEqual(
        file.exports.map(({ name, gpl, crc, namespace }) => [name, gpl, crc, namespace]),
        [
          ["open", false, 0x12345678, null],
          ["shut", true, 0x9abcdef0, "DOORS"],
        ],
      );
      assert.deepEqual(
        [...(file.versions ?? [])],
        [
          ["module_layout", 0x2154240b],
          ["_printk", 0x92997ed8],
        ],
      );
    });
  }

  test("exports whose names are outside the file are read as nameless, within bounds", () => {
    const table = { name: "__ksymtab", flags: READ_ONLY, words: [0, 0x7fffffff, 0] };
    const relocations = [{ offset: 4, type: R_MIPS_32, symbol: ".text" }];
    const file = readModule(writeModule({ sections: [code([0]), { ...table, relocations }] }));
    assert.deepEqual(
      file.exports.map(({ name }) => name),
      [""],
    );
  });

  test("parameters: names, permissions, types", () => {
    const text = Buffer.from("level\0mask\0");
    const records = [
      [0, 0, 0, 0, 0],
      [6, 0, 0, 0, 0],
    ];
    const bytes = Buffer.alloc(40);
    for (const [index, record] of records.entries()) {
      for (const [field, word] of record.entries())
        bytes.writeUInt32LE(word, index * 20 + field * 4);
      bytes.writeUInt16LE(0o644, index * 20 + 12);
    }
    const file = readModule(
      writeModule({
        modinfo: modinfo("p", "parmtype=level:int", "parm=level:how much: a lot"),
        sections: [
          { name: ".rodata", flags: READ_ONLY, bytes: text },
          {
            name: "__param",
            flags: READ_ONLY,
            bytes,
            relocations: [
              { offset: 0, type: R_MIPS_32, symbol: ".rodata" },
              { offset: 8, type: R_MIPS_32, symbol: "param_ops_int" },
              { offset: 20, type: R_MIPS_32, symbol: ".rodata" },
            ],
          },
        ],
        symbols: [undefinedSymbol("param_ops_int")],
      }),
    );
    assert.deepEqual(file.parameters, [
      {
        name: "level",
        index: 0,
        permissions: 0o644,
        ops: "param_ops_int",
        type: "int",
        description: "how much: a lot",
      },
      { name: "mask", index: 1, permissions: 0o644, ops: null, type: null, description: null },
    ]);
  });
});

suite("call sites in the file", () => {
  const long = [0x3c030000, 0x24630000, 0x03e00825, 0x00006025, 0x0060f809, 0x27bdfff8];
  const calls = (at: number) => [
    { offset: at, type: R_MIPS_HI16, symbol: "_mcount" },
    { offset: at + 4, type: R_MIPS_LO16, symbol: "_mcount" },
  ];

  test("recorded ones are relocated data; lost ones show in the relocations", () => {
    const file = readModule(
      writeModule({
        sections: [
          code([...long, ...long], [...calls(0), ...calls(24)]),
          // recordmcount's static offset: this relocation follows a LO16 at 4 and is lost.
          code([0, 0, ...long], calls(8), ".init.text"),
          code(long, calls(0), ".exit.text"),
          data(
            [24, 0, 0],
            [
              { offset: 0, type: R_MIPS_32, symbol: ".text" },
              { offset: 4, type: R_MIPS_32, symbol: ".text" },
            ],
            "__mcount_loc",
          ),
        ],
        symbols: [undefinedSymbol("_mcount")],
      }),
    );
    const places = (list: typeof file.callSites.recorded) =>
      list.map(({ section, offset }) => `${section.name}+${offset}`);
    assert.deepEqual(places(file.callSites.recorded), [".text+24", ".text+0"]);
    assert.deepEqual(places(file.callSites.unrecorded), [".init.text+8", ".exit.text+0"]);
    assert.equal(file.callSites.shortCalls, 0);
  });

  test("an object without recordmcount shows short calls only in its relocations", () => {
    const info = describeModule(
      readModule(
        writeModule({
          sections: [
            code(
              [0x03e00825, 0x0c000000, 0x27bdfff8],
              [{ offset: 4, type: R_MIPS_26, symbol: "_mcount" }],
            ),
          ],
          symbols: [undefinedSymbol("_mcount")],
        }),
      ),
    );
    assert.deepEqual(
      [info.callSites, info.recordedCallSites, info.unrecordedCallSites, info.shortCallSites],
      [1, 0, [{ section: ".text", offset: 4 }], 1],
    );
  });
});

test("info describes a file", () => {
  const info = describeModule(
    readModule(
      writeModule({
        sections: [
          code(
            [0x3c020000, 0x24420000],
            [
              { offset: 0, type: R_MIPS_HI16, symbol: "far" },
              { offset: 4, type: R_MIPS_LO16, symbol: "far" },
            ],
          ),
          {
            name: ".pdr",
            words: [0],
            relocations: [{ offset: 0, type: R_MIPS_32, symbol: ".text" }],
          },
        ],
        symbols: [undefinedSymbol("far"), { name: "maybe", section: 0, binding: 2 }],
        versions: { far: 7 },
      }),
    ),
  );
  assert.deepEqual(
    [info.name, info.class, info.endian, info.abi, info.isa, info.vermagic],
    ["dull", 32, "little", "o32", "mips32r2", VERMAGIC],
  );
  assert.deepEqual(info.relocations, { R_MIPS_32: 1, R_MIPS_HI16: 1, R_MIPS_LO16: 1 });
  assert.deepEqual(info.appliedRelocations, { R_MIPS_HI16: 1, R_MIPS_LO16: 1 });
  assert.deepEqual(info.imports, [
    { name: "far", weak: false, crc: 7 },
    { name: "maybe", weak: true, crc: null },
  ]);
  assert.deepEqual(info.sections[0], {
    name: ".text",
    type: "PROGBITS",
    flags: "AX",
    size: 8,
    alignment: 4,
  });
  assert.deepEqual(info.modinfo, {
    license: ["GPL"],
    name: ["dull"],
    vermagic: [VERMAGIC],
    intree: ["Y"],
    depends: [""],
  });
});

const READELF = "mipsel-linux-gnu-readelf";
const readelf = spawnSync(READELF, ["--version"]).error === undefined;

suite("extensions of the instruction set", () => {
  const path = repositoryFile("test/modules/built/modern-big.ko");
  const built = readFileSync(path);
  const flags = readModule(built).sections.find(".MIPS.abiflags");
  const ases = (flags?.offset ?? 0) + 12;
  const changed = (bits: number, eFlags = 0): Buffer => {
    const bytes = Buffer.from(built);
    bytes.writeUInt32BE(bits, ases);
    bytes.writeUInt32BE((bytes.readUInt32BE(36) | eFlags) >>> 0, 36);
    return bytes;
  };

  test("are those that .MIPS.abiflags and e_flags state", () => {
    assert.deepEqual(readModule(built).extensions, []);
    assert.deepEqual(readModule(changed(0x3)).extensions, ["DSP", "DSP R2"]);
    // The bits of compressed code that assemblers before .MIPS.abiflags set.
    assert.deepEqual(readModule(changed(0, 0x04000000)).extensions, ["MIPS16"]);
    assert.deepEqual(readModule(changed(0, 0x02000000)).extensions, ["microMIPS"]);
    assert.deepEqual(describeModule(readModule(changed(0x1))).extensions, ["DSP"]);
  });

  test("have the names that readelf gives them", {
    skip: readelf ? false : `${READELF} isn't installed`,
  }, (context) => {
    const file = join(temporaryDirectory(context), "m.ko");
    for (let bit = 0; bit < 22; bit += 1) {
      writeFileSync(file, changed(1 << bit));
      const [, listed = ""] =
        /^ASEs:\n\t(.*)$/m.exec(execFileSync(READELF, ["-A", file], { encoding: "utf8" })) ?? [];
      const [name] = readModule(changed(1 << bit)).extensions;
      const ours = { EVA: "Enhanced VA Scheme", MCU: "MCU (MicroController) ASE" }[name ?? ""];
      const theirs = listed.replace("MICROMIPS", "microMIPS");
      if (name === undefined) assert.match(theirs, /^Unknown /, `bit ${bit}`);
      else assert.equal(theirs, ours ?? `${name} ASE`);
    }
  });
});
