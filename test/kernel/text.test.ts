// Tests kernels known only from lists: System.map, /proc/kallsyms and Module.symvers, and what each lacks.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { readKernel, readKernel64 } from "../../src/kernel/read.ts";

function read(...lines: string[]) {
  return readKernel(Buffer.from(`${lines.join("\n")}\n`));
}

suite("System.map", () => {
  const MAP = [
    "80100000 T _stext",
    "801156a0 T _mcount",
    "801156f4 T ftrace_call",
    "80200000 t helper",
    "80200000 W weak_one",
    "80b30000 R linux_banner",
    "80d97680 D jiffies",
    "80f00000 B bss_thing",
  ];

  test("gives every symbol, and counts each global one as exported", async () => {
    const kernel = await read(...MAP);
    assert.equal(kernel.source, "System.map");
    assert.equal(kernel.symbols.length, 8);
    assert.equal(kernel.hasData, true);
    assert.equal(kernel.exportsKnown, false);
    assert.equal(kernel.exports.get("_mcount")?.address, 0x801156a0);
    assert.equal(kernel.exports.get("jiffies")?.address, 0x80d97680);
    assert.equal(kernel.exports.has("helper"), false);
    assert.equal(kernel.exports.get("weak_one")?.crc, null);
    assert.equal(kernel.whyMissing("helper"), "helper is a local symbol of the kernel");
    assert.match(kernel.whyMissing("nowhere"), /isn't in the System.map file/);
  });

  test("of several symbols at one address the first one is shown", async () => {
    const kernel = await read(...MAP);
    assert.equal(kernel.symbolAt(0x80200010)?.symbol.name, "helper");
    assert.equal(kernel.symbolAt(0x80200010)?.offset, 0x10);
    assert.equal(kernel.symbolAt(0x80f00000)?.symbol.name, "bss_thing");
    assert.equal(kernel.symbolAt(0x80f00001), null);
  });

  test("with the export table listed gives the exports exactly", async () => {
    const kernel = await read(...MAP, "80c00000 r __ksymtab__mcount", "80c0000c r __ksymtab_gone");
    assert.equal(kernel.exportsKnown, true);
    assert.deepEqual([...kernel.exports.keys()], ["_mcount"]);
    assert.match(kernel.whyMissing("jiffies"), /in the kernel at 0x80d97680, but isn't exported/);
  });

  test("as Debian installs it is a placeholder", async () => {
    await assert.rejects(
      read("ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package"),
      { name: "Misuse", message: /placeholder: give the vmlinuz/ },
    );
  });

  test("of a 64-bit kernel has addresses of 64 bits, and isn't taken for a 32-bit one", async () => {
    const text = Buffer.from("a8000000801000ff T _stext\nffffffff80217930 T _mcount\n");
    const kernel = await readKernel64(text);
    assert.deepEqual([kernel.bits, kernel.addressOf("_mcount")], [64, 0xffffffff80217930n]);
    assert.equal(kernel.symbolAt(0xa800000080100103n)?.offset, 4);
    await assert.rejects(readKernel(text), { name: "Misuse", message: /a 64-bit kernel/ });
    await assert.rejects(readKernel64(Buffer.from("80100000 T _stext")), /a 32-bit kernel/);
  });

  test("of a 32-bit kernel has 16 digits where nm of binutils extends the sign of ELF32's addresses", async () => {
    // Output of mipsel-linux-gnu-nm 2.40 -n.
    const all = [
      "ffffffff80100000 T _ftext",
      "ffffffff80100000 T _text",
      "ffffffff801156a0 T _mcount",
      "ffffffff80d97680 B jiffies",
    ];
    const absolute = ["00001234 A abs", "7fffffff A low", ...all];
    for (const lines of [all, absolute]) {
      const kernel = await read(...lines);
      assert.equal(kernel.bits, 32);
      assert.equal(kernel.addressOf("_mcount"), 0x801156a0);
      assert.equal(kernel.exports.get("jiffies")?.address, 0x80d97680);
      assert.equal(kernel.symbolAt(0x801156a4)?.symbol.name, "_mcount");
    }
    // 16 digits alone may also be a 64-bit kernel's; a 64-bit kernel is recognised by its symbols.
    const wide = Buffer.from(all.join("\n"));
    assert.equal((await readKernel64(wide)).addressOf("_mcount"), 0xffffffff801156a0n);
    await assert.rejects(read(...all, "ffffffff80117940 T handle_sys64"), /a 64-bit kernel/);
    await assert.rejects(read(...all, "c000000000000000 A elsewhere"), /a 64-bit kernel/);
  });

  test("with addresses of two widths, or an invalid line, is refused", async () => {
    const two = read("80100000 T _stext", "ffffffff80100000 T _etext");
    await assert.rejects(two, { name: "Misuse", message: /64 bits/ });
    await assert.rejects(read(...MAP, "80200"), { name: "Misuse", message: /line 9 isn't/ });
  });
});

suite("/proc/kallsyms", () => {
  test("leaves the symbols of loaded modules out, and explains missing data", async () => {
    const kernel = await read(
      "80100000 T _stext",
      "c0008000 t local\t[usbcore]",
      "c0008010 T usb_disabled [usbcore]",
    );
    assert.equal(kernel.source, "kallsyms");
    assert.equal(kernel.symbols.length, 1);
    assert.equal(kernel.exports.has("usb_disabled"), false);
    assert.match(kernel.whyMissing("jiffies"), /no data symbols \(CONFIG_KALLSYMS_ALL=n\)/);
  });

  test("copied without being root has no addresses", async () => {
    await assert.rejects(read("00000000 T _stext", "00000000 T _mcount"), {
      name: "Misuse",
      message: /kptr_restrict/,
    });
  });
});

suite("letters of symbols", () => {
  test("that neither nm nor the kernel uses are '?', and '-' for debuggers' symbols", async () => {
    const lines = ["80100000 ? odd", "80100004 T _text", "80100008 - stab", "c0008000 ? x\t[m]"];
    const kernel = await read(...lines);
    assert.deepEqual(
      kernel.symbols.map(({ name, type }) => `${type} ${name}`),
      ["? odd", "T _text", "- stab"],
    );
    assert.deepEqual([...kernel.exports.keys()], ["_text"]);
  });
});

suite("Module.symvers", () => {
  const LINES = [
    "0x9514151a\t_mcount\tvmlinux\tEXPORT_SYMBOL\t",
    "0xc2e587d1\tdma_buf_get\tvmlinux\tEXPORT_SYMBOL_GPL\tDMA_BUF",
    "0x11111111\tusb_register\tdrivers/usb/core/usbcore\tEXPORT_SYMBOL_GPL\t",
  ];

  test("gives CRCs, licences and namespaces, and no addresses", async () => {
    const kernel = await read(...LINES);
    assert.equal(kernel.source, "Module.symvers");
    assert.deepEqual(
      [...kernel.exports.values()],
      [
        { name: "_mcount", address: null, crc: 0x9514151a, gplOnly: false, namespace: null },
        {
          name: "dma_buf_get",
          address: null,
          crc: 0xc2e587d1,
          gplOnly: true,
          namespace: "DMA_BUF",
        },
      ],
    );
    assert.equal(kernel.addressOf("_mcount"), undefined);
    assert.equal(kernel.symbolAt(0x80100000), null);
  });

  test("names the module that exports a symbol that the kernel lacks", async () => {
    const kernel = await read(...LINES);
    assert.equal(
      kernel.whyMissing("usb_register"),
      "usb_register is exported by the module drivers/usb/core/usbcore: load that first",
    );
  });

  test("of a kernel without CONFIG_MODVERSIONS has 0 for every checksum, which is none", async () => {
    const zero = LINES.map((line) => line.replace(/^0x\w+/, "0x00000000"));
    const kernel = await read(...zero);
    assert.deepEqual(
      [...kernel.exports.values()].map(({ crc }) => crc),
      [null, null],
    );
    assert.equal(kernel.moduleExports.get("usb_register")?.crc, null);
    // A checksum of 0 among others is one that modpost couldn't compute: Linux compares with it.
    const one = await read(...LINES, "0x00000000\tmemcpy\tvmlinux\tEXPORT_SYMBOL\t");
    assert.deepEqual(
      [...one.exports.values()].map(({ crc }) => crc),
      [0x9514151a, 0xc2e587d1, 0],
    );
  });

  test("in the forms of Linux 5.4 (namespace before the module) and 4.19 (none)", async () => {
    const old = await read(
      "0x00000001\ta\tNS\tvmlinux\tEXPORT_SYMBOL",
      "0x00000002\tb\t\tvmlinux\tEXPORT_SYMBOL_GPL",
    );
    assert.equal(old.exports.get("a")?.namespace, "NS");
    assert.equal(old.exports.get("b")?.namespace, null);
    const older = await read("0x00000003\tc\tvmlinux\tEXPORT_SYMBOL_GPL");
    assert.deepEqual(older.exports.get("c"), {
      name: "c",
      address: null,
      crc: 3,
      gplOnly: true,
      namespace: null,
    });
  });

  test("with a truncated line is refused", async () => {
    await assert.rejects(read(...LINES, "0x9514151a\t_mco"), {
      name: "Misuse",
      message: /line 4 isn't/,
    });
  });
});

suite("other files", () => {
  test("are refused by name, in one sentence", async () => {
    await assert.rejects(readKernel(Buffer.alloc(0)), {
      name: "Misuse",
      message: "the kernel file: the file is empty",
    });
    await assert.rejects(readKernel("/nowhere/vmlinuz"), {
      name: "Misuse",
      message: "/nowhere/vmlinuz can't be read: no such file or directory",
    });
    await assert.rejects(readKernel("/"), {
      name: "Misuse",
      message: /is a directory, not a file/,
    });
    await assert.rejects(readKernel(Buffer.from("hello")), {
      name: "Misuse",
      message: /no kernel is in this file/,
    });
  });
});
