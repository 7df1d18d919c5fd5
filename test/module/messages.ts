// Every line that Linux 6.1 prints while it loads a module (rule-messages.ts has other kernels'), with its cause: the module, the kernel, errno, the line
// word for word, what farjal's explanation must name, and the place of the line in Linux's source.

import {
  R_MIPS_26,
  R_MIPS_32,
  R_MIPS_HI16,
  R_MIPS_LO16,
  R_MIPS_PC16,
  R_MIPS_PC21_S2,
  R_MIPS_PC26_S2,
} from "../../assembly/shared/relocation-types.ts";
import { SHN_COMMON, SHT_RELA } from "../../src/elf/numbers.ts";
import type { Errno } from "../../src/errors.ts";
import { LAYOUT, MCOUNT, type Options, PRINTK } from "../support/load-module.ts";
import {
  code,
  functionSymbol,
  type ModuleSpec,
  modinfo,
  undefinedSymbol,
  VERMAGIC,
  writeModule,
} from "../support/module-writer.ts";

export interface MessageRow {
  /** The file and function of Linux 6.1. */
  readonly from: string;
  readonly module: ModuleSpec | Uint8Array;
  /** The kernel, default: one that requires no checksum. */
  readonly kernel?: Options;
  /** null: it loads. */
  readonly errno: Errno | null;
  readonly lines: readonly string[];
  /** What the explanation must name; a module that loads has none. */
  readonly why?: RegExp;
}

/** Offsets in an ELF32 header and section header; everything written here is little-endian. */
const E_SHOFF = 32;
const E_SHENTSIZE = 46;
const E_SHSTRNDX = 50;
const SHDR = 40;
const SH_NAME = 0;
const SH_TYPE = 4;
const SH_OFFSET = 16;
const SH_SIZE = 20;
const SH_LINK = 24;

interface Headers {
  readonly view: DataView;
  /** The offset of a section's header: by its index, or from the end. */
  readonly at: (index: number) => number;
}

const PLAIN: ModuleSpec = { name: "m", sections: [code([0, 0])], symbols: [functionSymbol("f")] };

/** A plain module with a false field. */
function damaged(change: (headers: Headers) => void): Uint8Array {
  const bytes = writeModule(PLAIN);
  const view = new DataView(bytes.buffer);
  const count = view.getUint16(48, true);
  change({
    view,
    at: (index) => view.getUint32(E_SHOFF, true) + SHDR * (index < 0 ? count + index : index),
  });
  return bytes;
}

const NAMES = -1; // .shstrtab is last
const SYMBOLS = -3; // .symtab is before .strtab

/** Appends a signature's record and marker to the module. */
function signed(record: readonly number[]): Uint8Array {
  const marker = Buffer.from("~Module signature appended~\n");
  return Buffer.concat([writeModule(PLAIN), Buffer.alloc(4), Buffer.from(record), marker]);
}

/** A module of one word that has a relocation. */
function relocated(type: number, address: number, word = 0): Pick<MessageRow, "module" | "kernel"> {
  return {
    module: {
      name: "m",
      sections: [code([word], [{ offset: 0, type, symbol: "it" }])],
      symbols: [undefinedSymbol("it")],
    },
    kernel: { exports: [{ name: "it", address }] },
  };
}

const uses = (...names: readonly string[]): ModuleSpec => ({
  ...PLAIN,
  symbols: [functionSymbol("f"), ...names.map(undefinedSymbol)],
});
const told = (...more: readonly string[]): ModuleSpec => ({
  ...PLAIN,
  modinfo: modinfo("m", ...more),
});
const licensed = (license: string): readonly string[] =>
  modinfo("m").map((text) => (text.startsWith("license=") ? `license=${license}` : text));

const DEBIAN: Options = { vermagic: VERMAGIC, exports: [LAYOUT, PRINTK, MCOUNT] };
const CRCS = { module_layout: LAYOUT.crc, _printk: PRINTK.crc };
const UNSIGNED =
  "m: module verification failed: signature and/or required key missing - tainting kernel";
const LOCKS = "Disabling lock debugging due to kernel taint";
const BLOB = { name: "blob", proprietary: true };

const VALIDITY = "kernel/module/main.c, elf_validity_check()";
const MODINFO = "kernel/module/main.c, check_modinfo()";
const SIMPLIFY = "kernel/module/main.c, simplify_symbols()";
const RELOCATE = "arch/mips/kernel/module.c, __apply_relocate()";

export const MESSAGES: readonly MessageRow[] = [
  // The file
  {
    from: "kernel/module_signature.c, mod_check_sig()",
    module: signed([0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 4]),
    errno: null,
    lines: ["module: not signed with expected PKCS#7 message"],
  },
  {
    from: "kernel/module_signature.c, mod_check_sig()",
    module: signed([1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 4]),
    errno: "EBADMSG",
    lines: ["module: PKCS#7 signature info has unexpected non-zero params"],
    why: /signature's record must be zero/,
  },
  {
    from: VALIDITY,
    module: new Uint8Array(51),
    errno: "ENOEXEC",
    lines: ["Invalid ELF header len 51"],
    why: /51 bytes; an ELF header alone has 52/,
  },
  {
    from: VALIDITY,
    module: writeModule({ ...PLAIN, bits: 64 }).slice(0, 60),
    errno: "ENOEXEC",
    lines: ["Invalid ELF header len 60"],
    why: /60 bytes; an ELF64 header alone has 64/,
  },
  {
    from: VALIDITY,
    module: damaged(({ view }) => view.setUint8(0, 0x7e)),
    errno: "ENOEXEC",
    lines: ["Invalid ELF header magic: != \x7fELF"],
    why: /isn't an ELF file/,
  },
  {
    from: VALIDITY,
    module: { ...PLAIN, type: 2 },
    errno: "ENOEXEC",
    lines: ["Invalid ELF header type: 2 != 1"],
    why: /relocatable file \(ET_REL\)/,
  },
  {
    from: `${VALIDITY}, of the other byte order`,
    module: { ...PLAIN, endian: "big" },
    errno: "ENOEXEC",
    lines: ["Invalid ELF header type: 256 != 1"],
    why: /module is big-endian and the machine is little-endian/,
  },
  {
    from: `${VALIDITY}: elf_check_arch()`,
    module: { ...PLAIN, machine: 3 },
    errno: "ENOEXEC",
    lines: ["Invalid architecture in ELF header: 3"],
    why: /e_machine is 3; MIPS is 8/,
  },
  {
    from: `${VALIDITY}: elf_check_arch(), of a 64-bit module`,
    module: { ...PLAIN, bits: 64, sections: [], symbols: [] },
    errno: "ENOEXEC",
    lines: ["Invalid architecture in ELF header: 8"],
    why: /ELF64, for a 64-bit kernel, and the machine has 32 bits/,
  },
  {
    from: VALIDITY,
    module: damaged(({ view }) => view.setUint16(E_SHENTSIZE, 41, true)),
    errno: "ENOEXEC",
    lines: ["Invalid ELF section header size"],
    why: /e_shentsize is 41/,
  },
  {
    from: VALIDITY,
    module: writeModule(PLAIN).slice(0, -1),
    errno: "ENOEXEC",
    lines: ["Invalid ELF section header overflow"],
    why: /the file is cut off/,
  },
  {
    from: VALIDITY,
    module: damaged(({ view }) => view.setUint16(E_SHSTRNDX, 0, true)),
    errno: "ENOEXEC",
    lines: ["Invalid ELF section name index: 0 || e_shstrndx (0) >= e_shnum (9)"],
    why: /e_shstrndx must name/,
  },
  {
    from: `${VALIDITY}: validate_section_offset()`,
    module: damaged(({ view, at }) => view.setUint32(at(NAMES) + SH_SIZE, 0x10000, true)),
    errno: "ENOEXEC",
    lines: ["Invalid ELF section hdr(type 3)"],
    why: /section names \(section 8\) reach past the end/,
  },
  {
    from: VALIDITY,
    module: damaged(({ view, at }) => view.setUint32(at(NAMES) + SH_SIZE, 0, true)),
    errno: "ENOEXEC",
    lines: ["empty section name table"],
    why: /section 8 has no bytes/,
  },
  {
    from: VALIDITY,
    module: damaged(({ view, at }) => {
      view.setUint32(at(NAMES) + SH_SIZE, view.getUint32(at(NAMES) + SH_SIZE, true) - 1, true);
    }),
    errno: "ENOEXEC",
    lines: ["ELF Spec violation: section name table isn't null terminated"],
    why: /last byte of section 8/,
  },
  {
    from: VALIDITY,
    module: damaged(({ view, at }) => view.setUint32(at(0) + SH_TYPE, 1, true)),
    errno: "ENOEXEC",
    lines: ["ELF Spec violation: section 0 type(1)!=SH_NULL or non-zero len or addr"],
    why: /section 0 must be empty/,
  },
  {
    from: VALIDITY,
    module: damaged(({ view, at }) => view.setUint32(at(SYMBOLS) + SH_LINK, 99, true)),
    errno: "ENOEXEC",
    lines: ["Invalid ELF sh_link!=SHN_UNDEF(99) or (sh_link(99) >= hdr->e_shnum(9)"],
    why: /symbol table \(section 6\) must name its string table/,
  },
  {
    from: VALIDITY,
    module: damaged(({ view, at }) => view.setUint32(at(1) + SH_OFFSET, 0x10000, true)),
    errno: "ENOEXEC",
    lines: ["Invalid ELF section in module (section 1 type 1)"],
    why: /section 1 \(8 bytes at offset 0x00010000\) reaches past the end/,
  },
  {
    from: VALIDITY,
    module: damaged(({ view, at }) => view.setUint32(at(1) + SH_NAME, 0x10000, true)),
    errno: "ENOEXEC",
    lines: ["Invalid ELF section name in module (section 1 type 1)"],
    why: /name of section 1 starts outside/,
  },
  {
    from: "kernel/module/main.c, setup_load_info()",
    module: { ...PLAIN, stripped: true },
    errno: "ENOEXEC",
    lines: ["m: module has no symbols (stripped?)"],
    why: /strip a module with --strip-debug at most/,
  },
  {
    from: "kernel/module/main.c, setup_load_info()",
    module: { ...PLAIN, noThisModule: true },
    errno: "ENOEXEC",
    lines: ["m: No module found in object"],
    why: /no \.gnu\.linkonce\.this_module section/,
  },

  // Its kernel and configuration
  {
    from: "kernel/module/version.c, check_version()",
    module: { ...PLAIN, versions: {} },
    kernel: DEBIAN,
    errno: "ENOEXEC",
    lines: ["m: no symbol version for module_layout"],
    why: /struct module is another/,
  },
  {
    from: "kernel/module/version.c, check_version()",
    module: { ...PLAIN, versions: { module_layout: 1 } },
    kernel: DEBIAN,
    errno: "ENOEXEC",
    lines: ["m: disagrees about version of symbol module_layout"],
    why: /build it against this kernel's headers/,
  },
  {
    from: "kernel/module/main.c, try_to_force_load() of check_version(); kernel/panic.c, add_taint()",
    module: PLAIN,
    kernel: DEBIAN,
    errno: null,
    lines: ["m: module_layout: kernel tainted.", LOCKS, UNSIGNED],
  },
  {
    from: MODINFO,
    module: { ...told(), versions: CRCS, modinfo: ["license=GPL", "name=m", "intree=Y"] },
    kernel: DEBIAN,
    errno: null,
    lines: ["m: bad vermagic: kernel tainted.", LOCKS, UNSIGNED],
  },
  {
    from: MODINFO,
    module: { ...PLAIN, versions: CRCS, modinfo: ["license=GPL", "name=m", "vermagic=5.4 other "] },
    kernel: DEBIAN,
    errno: "ENOEXEC",
    lines: [`m: version magic '5.4 other ' should be '${VERMAGIC}'`],
    why: /built for another kernel/,
  },
  {
    from: MODINFO,
    module: { ...PLAIN, modinfo: modinfo("m").filter((text) => text !== "intree=Y") },
    errno: null,
    lines: ["m: loading out-of-tree module taints kernel."],
  },
  {
    from: MODINFO,
    module: told("staging=Y"),
    errno: null,
    lines: [
      "m: module is from the staging directory, the quality is unknown, you have been warned.",
    ],
  },
  {
    from: "kernel/module/main.c, check_modinfo_livepatch()",
    module: told("livepatch=Y"),
    errno: "ENOEXEC",
    lines: ["m: module is marked as livepatch module, but livepatch support is disabled"],
    why: /no MIPS kernel takes livepatches/,
  },
  {
    from: "kernel/module/main.c, set_license(); kernel/panic.c, add_taint()",
    module: { ...PLAIN, modinfo: licensed("Secret") },
    errno: null,
    lines: ["m: module license 'Secret' taints kernel.", LOCKS],
  },
  {
    from: MODINFO,
    module: told("test=Y"),
    errno: null,
    lines: ["m: loading test module taints kernel."],
  },
  {
    from: "kernel/module/main.c, load_module()",
    module: { ...PLAIN, versions: CRCS },
    kernel: DEBIAN,
    errno: null,
    lines: [UNSIGNED],
  },

  // Its memory and symbols
  {
    from: "kernel/module/main.c, percpu_modalloc()",
    module: {
      ...PLAIN,
      sections: [{ name: ".data..percpu", flags: 3, alignment: 8192, words: [1] }],
      symbols: [],
    },
    errno: null,
    lines: ["m: per-cpu alignment 8192 > 4096"],
  },
  {
    from: "kernel/module/main.c, percpu_modalloc()",
    module: {
      ...PLAIN,
      sections: [{ name: ".data..percpu", flags: 3, type: 8, size: 0x4000000 }],
      symbols: [],
    },
    errno: "ENOMEM",
    lines: ["m: Could not allocate 67108864 bytes percpu data"],
    why: /no room for 67108864 bytes/,
  },
  {
    from: "kernel/module/main.c, find_module_sections()",
    module: { ...PLAIN, sections: [code([0, 0]), { name: "__obsparm", flags: 2, words: [0] }] },
    errno: null,
    lines: ["m: Ignoring obsolete parameters"],
  },
  {
    from: "kernel/module/main.c, check_export_symbol_versions()",
    module: { ...PLAIN, versions: CRCS, exports: [{ name: "f" }] },
    kernel: DEBIAN,
    errno: null,
    lines: [UNSIGNED, "m: no versions for exported symbols: kernel tainted.", LOCKS],
  },
  {
    from: SIMPLIFY,
    module: { ...PLAIN, symbols: [{ name: "shared", section: SHN_COMMON }] },
    errno: "ENOEXEC",
    lines: ["m: please compile with -fno-common"],
    why: /shared is a common symbol/,
  },
  {
    from: SIMPLIFY,
    module: uses("nobody"),
    errno: "ENOENT",
    lines: ["m: Unknown symbol nobody (err -2)"],
    why: /nobody exports nobody/,
  },
  {
    from: `${SIMPLIFY}; kernel/module/version.c, check_version()`,
    module: { ...uses("_printk"), versions: { ...CRCS, _printk: 1 } },
    kernel: DEBIAN,
    errno: "EINVAL",
    lines: [
      UNSIGNED,
      "m: disagrees about version of symbol _printk",
      "m: Unknown symbol _printk (err -22)",
    ],
    why: /_printk is exported, but not to a module built like this one/,
  },
  {
    from: SIMPLIFY,
    module: { ...PLAIN, symbols: [{ name: "lost", section: 0x77 }] },
    errno: "ENOEXEC",
    lines: ["m: Symbol lost has an invalid section index 119 (max 8)"],
    why: /lost names a section that the file doesn't have/,
  },
  {
    from: "kernel/module/main.c, inherit_taint()",
    module: uses("secret"),
    kernel: { exports: [{ name: "secret", owner: BLOB }] },
    errno: null,
    lines: ["m: module uses symbols secret from proprietary module blob, inheriting taint."],
  },
  {
    from: "kernel/module/main.c, inherit_taint()",
    module: uses("helper", "secret"),
    kernel: {
      exports: [
        { name: "helper", gpl: true },
        { name: "secret", owner: BLOB },
      ],
    },
    errno: "ENOENT",
    lines: [
      "m: module using GPL-only symbols uses symbols secret from proprietary module blob.",
      "m: Unknown symbol secret (err -2)",
    ],
    why: /nobody exports secret to this module/,
  },
  {
    from: "kernel/module/main.c, verify_namespace_is_imported()",
    module: uses("inner"),
    kernel: { exports: [{ name: "inner", namespace: "BOX" }] },
    errno: "EINVAL",
    lines: [
      "m: module uses symbol (inner) from namespace BOX, but does not import it.",
      "m: Unknown symbol inner (err -22)",
    ],
    why: /inner is exported, but not/,
  },
  {
    from: "kernel/module/main.c, verify_exported_symbols()",
    module: { ...PLAIN, symbols: [functionSymbol("_printk")], exports: [{ name: "_printk" }] },
    kernel: { exports: [PRINTK] },
    errno: "ENOEXEC",
    lines: ["m: exports duplicate symbol _printk (owned by kernel)"],
    why: /_printk is exported by kernel already, at 0x80b0bdb8/,
  },

  // Its relocations
  {
    from: "include/linux/moduleloader.h, apply_relocate_add()",
    module: {
      name: "m",
      sections: [
        {
          ...code([0], [{ offset: 0, type: R_MIPS_32, symbol: "it" }]),
          relocationType: SHT_RELA,
        },
      ],
      symbols: [undefinedSymbol("it")],
    },
    kernel: { exports: [{ name: "it" }] },
    errno: "ENOEXEC",
    lines: ["module m: REL relocation unsupported"],
    why: /\(RELA\), which a 32-bit MIPS kernel doesn't take/,
  },
  {
    from: "arch/mips/kernel/module.c, apply_r_mips_26()",
    ...relocated(R_MIPS_26, 0x80001000, 0x0c000000),
    errno: "ENOEXEC",
    lines: ["module m: relocation overflow"],
    why: /jump at \.text\+0x00000000 \(0xc0017000\) stays in the 256 MiB region of 0xc0000000, and it at 0x80001000 is in that of 0x80000000/,
  },
  {
    from: "arch/mips/kernel/module.c, apply_r_mips_26()",
    ...relocated(R_MIPS_26, 0xc0001002, 0x0c000000),
    errno: "ENOEXEC",
    lines: ["module m: dangerous R_MIPS_26 relocation"],
    why: /it at 0xc0001002, which isn't a multiple of 4/,
  },
  {
    from: "arch/mips/kernel/module.c, apply_r_mips_lo16()",
    module: {
      name: "m",
      sections: [
        code(
          [0x3c030000, 0x24630000],
          [
            { offset: 0, type: R_MIPS_HI16, symbol: "it" },
            { offset: 4, type: R_MIPS_LO16, symbol: "other" },
          ],
        ),
      ],
      symbols: ["it", "other"].map(undefinedSymbol),
    },
    kernel: { exports: [{ name: "it" }, { name: "other", address: 0x80002000 }] },
    errno: "ENOEXEC",
    lines: ["module m: dangerous R_MIPS_LO16 relocation"],
    why: /R_MIPS_LO16 of other \(0x80002000\), but an R_MIPS_HI16 before it waits for another address/,
  },
  ...(
    [
      [R_MIPS_PC16, "R_MIPS_PC16", 0x10000000],
      [R_MIPS_PC21_S2, "R_MIPS_PC21", 0xd8000000],
      [R_MIPS_PC26_S2, "R_MIPS_PC26", 0xc8000000],
    ] as const
  ).map(
    ([type, name, word]): MessageRow => ({
      from: "arch/mips/kernel/module.c, apply_r_mips_pc()",
      ...relocated(type, 0xc0017106, word),
      errno: "ENOEXEC",
      lines: [`module m: dangerous ${name} relocation`],
      why: /it at 0xc0017106, which isn't a multiple of 4/,
    }),
  ),
  {
    from: "arch/mips/kernel/module.c, apply_r_mips_pc()",
    ...relocated(R_MIPS_PC16, 0xc0057100, 0x10000000),
    errno: "ENOEXEC",
    lines: ["module m: relocation overflow"],
    why: /branches to it at 0xc0057100, further than its offset field holds/,
  },
  {
    from: RELOCATE,
    ...relocated(9, 0x80001000),
    errno: "EINVAL",
    lines: ["m: Unknown relocation type 9"],
    why: /R_MIPS_GOT16, which the kernel doesn't know/,
  },
  {
    from: `${RELOCATE}: IS_ERR_VALUE()`,
    ...relocated(R_MIPS_32, 0xfffff800),
    errno: "ENOENT",
    lines: ["m: Unknown symbol it"],
    why: /it is at 0xfffff800, and Linux takes the last 4095 addresses for error numbers/,
  },
];
