// Tests kernels in ELF files, written by synthetic.ts: a vmlinux, and the ELF form of a vmlinuz.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Endian } from "../../src/bytes/endian.ts";
import {
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHN_ABS,
  SHT_NOBITS,
  STB_LOCAL,
  STB_WEAK,
  STT_FUNC,
  STT_OBJECT,
} from "../../src/elf/numbers.ts";
import { readKernel, readKernel64 } from "../../src/kernel/read.ts";
import { type ElfSpec, type SectionSpec, writeElf } from "../support/elf-writer.ts";
import { makeKernel, RELEASE, VERMAGIC } from "./synthetic.ts";

const ET_EXEC = 2;
const TEXT = 0x80100000;
const RODATA = 0x80102000;
const KSYMTAB = 0x80103000;
const STRINGS = 0x80104000;
const names = Buffer.from("\0_mcount\0dma_buf_get\0DMA_BUF\0");
const at = (text: string): number => STRINGS + names.indexOf(`${text}\0`);

function vmlinux(endian: Endian, more: readonly SectionSpec[] = []): ElfSpec {
  const alloc = SHF_ALLOC;
  return {
    endian,
    type: ET_EXEC,
    sections: [
      {
        name: ".text",
        flags: alloc | SHF_EXECINSTR,
        address: TEXT,
        words: [0x03e00008, 0, 0x03e00008, 0],
      },
      {
        name: ".rodata",
        flags: alloc,
        address: RODATA,
        bytes: Buffer.from(`Linux version ${RELEASE} (x)\0${VERMAGIC}\0`),
      },
      { name: "__ksymtab", flags: alloc, address: KSYMTAB, words: [TEXT, at("_mcount"), at("")] },
      {
        name: "__ksymtab_gpl",
        flags: alloc,
        address: KSYMTAB + 12,
        words: [TEXT + 8, at("dma_buf_get"), at("DMA_BUF")],
      },
      { name: "__kcrctab", flags: alloc, address: KSYMTAB + 24, words: [0x9514151a] },
      { name: "__kcrctab_gpl", flags: alloc, address: KSYMTAB + 28, words: [0xc2e587d1] },
      { name: "__ksymtab_strings", flags: alloc, address: STRINGS, bytes: names },
      { name: ".data", flags: alloc | SHF_WRITE, address: 0x80105000, words: [0x12345678] },
      {
        name: ".bss",
        flags: alloc | SHF_WRITE,
        type: SHT_NOBITS,
        address: 0x80106000,
        size: 0x1000,
      },
      { name: ".comment", bytes: Buffer.from("not loaded") },
      ...more,
    ],
    symbols: [
      { name: "_text", value: TEXT, section: ".text" },
      { name: "_mcount", value: TEXT, type: STT_FUNC, section: ".text" },
      { name: "helper", value: TEXT + 8, type: STT_FUNC, binding: STB_LOCAL, section: ".text" },
      { name: "dma_buf_get", value: TEXT + 8, type: STT_FUNC, section: ".text" },
      { name: "maybe", value: TEXT + 8, type: STT_FUNC, binding: STB_WEAK, section: ".text" },
      { name: "variable", value: 0x80105000, type: STT_OBJECT, section: ".data" },
      { name: "zeroed", value: 0x80106000, type: STT_OBJECT, section: ".bss" },
      { name: "constant", value: RODATA, type: STT_OBJECT, section: ".rodata" },
      { name: "absolute", value: 0x42, section: SHN_ABS },
      { name: "$L12", value: TEXT + 4, binding: STB_LOCAL, section: ".text" },
    ],
  };
}

suite("vmlinux", () => {
  for (const endian of ["little", "big"] as const) {
    test(`${endian}-endian: symbols, exports, image, vermagic`, async () => {
      const kernel = await readKernel(writeElf(vmlinux(endian)));
      assert.equal(kernel.source, "vmlinux");
      assert.equal(kernel.endian, endian);
      assert.equal(kernel.release, RELEASE);
      assert.equal(kernel.vermagic, VERMAGIC);
      assert.deepEqual(
        kernel.symbols.map(({ name, type, address }) => `${address.toString(16)} ${type} ${name}`),
        [
          "42 A absolute",
          "80100000 T _text",
          "80100000 T _mcount",
          "80100008 t helper",
          "80100008 T dma_buf_get",
          "80100008 W maybe",
          "80102000 R constant",
          "80105000 D variable",
          "80106000 B zeroed",
        ],
      );
      assert.deepEqual(
        [...kernel.exports.values()],
        [
          { name: "_mcount", address: TEXT, crc: 0x9514151a, gplOnly: false, namespace: null },
          {
            name: "dma_buf_get",
            address: TEXT + 8,
            crc: 0xc2e587d1,
            gplOnly: true,
            namespace: "DMA_BUF",
          },
        ],
      );
      assert.equal(kernel.image?.address, TEXT);
      assert.equal(kernel.image?.bytes.length, 0x5004);
      const word = Buffer.from(kernel.image?.bytes.subarray(0x5000) ?? []);
      assert.equal(endian === "little" ? word.readUInt32LE() : word.readUInt32BE(), 0x12345678);
    });
  }

  for (const endian of ["little", "big"] as const) {
    test(`64-bit, ${endian}-endian: symbols, exports, image`, async () => {
      const long = (low: number): number[] => (endian === "little" ? [low, -1] : [-1, low]);
      const spec = vmlinux(endian);
      const sections = (spec.sections ?? []).map((section) =>
        /^__ksymtab(_gpl)?$/.test(section.name)
          ? {
              ...section,
              address: section.address === KSYMTAB ? KSYMTAB - 24 : KSYMTAB,
              words: (section.words ?? []).flatMap(long),
            }
          : section,
      );
      const kernel = await readKernel64(writeElf({ ...spec, bits: 64, sections }));
      assert.equal(kernel.source, "vmlinux");
      assert.equal(kernel.bits, 64);
      assert.equal(kernel.endian, endian);
      assert.equal(kernel.release, RELEASE);
      assert.equal(kernel.addressOf("variable"), 0xffffffff80105000n);
      assert.deepEqual(kernel.symbol("absolute"), { name: "absolute", address: 0x42n, type: "A" });
      const high = 0xffffffff00000000n;
      assert.deepEqual(
        [...kernel.exports.values()],
        [
          {
            name: "_mcount",
            address: high + BigInt(TEXT),
            crc: 0x9514151a,
            gplOnly: false,
            namespace: null,
          },
          {
            name: "dma_buf_get",
            address: high + BigInt(TEXT + 8),
            crc: 0xc2e587d1,
            gplOnly: true,
            namespace: "DMA_BUF",
          },
        ],
      );
      assert.equal(kernel.image?.address, high + BigInt(TEXT));
      assert.equal(kernel.image?.bytes.length, 0x5004);
      await assert.rejects(readKernel(writeElf({ ...spec, bits: 64, sections })), {
        message: /this is a 64-bit kernel, and the module needs a 32-bit one/,
      });
    });
  }

  test("64-bit, whose sections are far apart is refused", async () => {
    const { sections = [], ...spec } = vmlinux("little");
    const low = { name: ".low", flags: SHF_ALLOC, address: 0x1000, words: [1] };
    await assert.rejects(
      readKernel64(writeElf({ ...spec, bits: 64, sections: [...sections, low] })),
      {
        name: "Misuse",
        message: /spread from 0x0000000000001000 to 0xffffffff80105004/,
      },
    );
  });

  test("without export sections, every global symbol counts", async () => {
    const { sections = [], ...rest } = vmlinux("little");
    const kernel = await readKernel(
      writeElf({
        ...rest,
        sections: sections.filter(({ name }) => !/^__k(sym|crc)tab(_gpl)?$/.test(name)),
      }),
    );
    assert.equal(kernel.exportsKnown, false);
    assert.equal(kernel.exports.get("variable")?.address, 0x80105000);
    assert.equal(kernel.exports.has("helper"), false);
  });

  test("whose export table holds no names is refused", async () => {
    const { sections = [], ...rest } = vmlinux("little");
    const broken = sections.map((section) =>
      section.name === "__ksymtab" ? { ...section, words: [TEXT, 0x12345678, 0] } : section,
    );
    await assert.rejects(readKernel(writeElf({ ...rest, sections: broken })), {
      name: "Misuse",
      message: /__ksymtab of this vmlinux is damaged/,
    });
  });

  test("whose sections are far apart is refused before memory is allocated for them", async () => {
    const far = { name: ".far", flags: SHF_ALLOC, address: 0xf0000000, words: [1] };
    await assert.rejects(readKernel(writeElf(vmlinux("little", [far]))), {
      name: "Misuse",
      message: /spread from 0x80100000 to 0xf0000004/,
    });
  });

  test("cut off is refused", async () => {
    const file = writeElf(vmlinux("little"));
    await assert.rejects(readKernel(file.subarray(0, file.length - 100)), { name: "Misuse" });
  });
});

suite("a vmlinuz in ELF form", () => {
  const made = makeKernel();
  const file = writeElf({
    type: ET_EXEC,
    stripped: true,
    sections: [
      {
        name: ".data",
        flags: SHF_ALLOC | SHF_WRITE,
        address: 0x81000000,
        bytes: gzipSync(made.bytes),
      },
    ],
  });

  test("is unpacked", async () => {
    const kernel = await readKernel(file);
    assert.equal(kernel.source, "vmlinuz");
    assert.equal(kernel.symbols.length, made.symbols.length);
  });

  test("even without section headers", async () => {
    const stripped = file.slice();
    stripped.fill(0, 32, 36);
    stripped.fill(0, 48, 52);
    assert.equal((await readKernel(stripped)).source, "vmlinuz");
  });

  test("of another machine is refused", async () => {
    const x86 = writeElf({ type: ET_EXEC, machine: 3, sections: [] });
    await assert.rejects(readKernel(x86), { name: "Misuse", message: /e_machine is 3/ });
  });
});
