// What each kernel answers to one module: rule × release. A row is a module that shows a rule, and the errno and lines
// of each release, as read in the sources of 5.10.262, 5.15.100, 6.1.192, 6.6.57, 6.12.95, 6.12.117, 6.18.35 and 7.3.4.

import {
  SHF_ALLOC,
  SHF_WRITE,
  SHT_NOBITS,
  SHT_PROGBITS,
  SHT_SYMTAB,
} from "../../src/elf/numbers.ts";
import type { Errno } from "../../src/errors.ts";
import type { RuleId } from "../../src/kernel/rules/table.ts";
import type { SectionSpec } from "../support/elf-writer.ts";
import { LAYOUT, type Options, PRINTK } from "../support/load-module.ts";
import {
  code,
  functionSymbol,
  type ModuleSpec,
  modinfo,
  undefinedSymbol,
  VERMAGIC,
  writeModule,
} from "../support/module-writer.ts";

export const RELEASES = [
  "5.10.262",
  "5.15.100",
  "6.1.192",
  "6.6.57",
  "6.12.95",
  "6.12.117",
  "6.18.35",
  "7.3.4",
] as const;

export interface Answer {
  /** null: it loads. */
  readonly errno: Errno | null;
  readonly lines: readonly string[];
}

export interface RuleRow {
  readonly rule: RuleId;
  readonly what: string;
  readonly module: ModuleSpec | Uint8Array;
  readonly kernel?: Options;
  /** A module that is loaded before it. */
  readonly before?: ModuleSpec;
  /** The answers, each from a release on; the first is 5.10's. */
  readonly answers: readonly (readonly [since: (typeof RELEASES)[number], answer: Answer])[];
}

const PLAIN: ModuleSpec = { name: "m", sections: [code([0, 0])], symbols: [functionSymbol("f")] };
const THIS_MODULE = ".gnu.linkonce.this_module";
const LOADS: Answer = { errno: null, lines: [] };
const refused = (...lines: readonly string[]): Answer => ({ errno: "ENOEXEC", lines });

/** A module whose section headers are changed before it is written. */
function withSections(...sections: readonly SectionSpec[]): ModuleSpec {
  return { ...PLAIN, sections: [...(PLAIN.sections ?? []), ...sections] };
}

function thisModule(more: Partial<SectionSpec> = {}): SectionSpec {
  return {
    name: THIS_MODULE,
    flags: SHF_ALLOC | SHF_WRITE,
    alignment: 64,
    bytes: new Uint8Array(0x240),
    ...more,
  } as SectionSpec;
}

const without: ModuleSpec = { ...PLAIN, noThisModule: true };
const licensed = (license: string): readonly string[] =>
  modinfo("m").map((text) => (text.startsWith("license=") ? `license=${license}` : text));
const UNSIGNED =
  "m: module verification failed: signature and/or required key missing - tainting kernel";
const LOCKS = "Disabling lock debugging due to kernel taint";
const OUT_OF_TREE = "m: loading out-of-tree module taints kernel.";
const outOfTree = (...more: readonly string[]): ModuleSpec => ({
  ...PLAIN,
  modinfo: [`vermagic=${VERMAGIC}`, "name=m", ...more],
});

/** The module with a false number in its ELF header or a section header. */
function damaged(change: (view: DataView) => void): Uint8Array {
  const bytes = writeModule(PLAIN);
  change(new DataView(bytes.buffer));
  return bytes;
}

/** __version_ext_crcs and __version_ext_names. @param names the latter's text; default: a NUL ends each name. */
function extendedSections(
  crcs: Readonly<Record<string, number>>,
  names = Object.keys(crcs)
    .map((name) => `${name}\0`)
    .join(""),
): SectionSpec[] {
  return [
    { name: "__version_ext_crcs", flags: SHF_ALLOC, words: Object.values(crcs) } as SectionSpec,
    { name: "__version_ext_names", flags: SHF_ALLOC, bytes: Buffer.from(names) } as SectionSpec,
  ];
}

/** A module with extended checksums, which count since 6.14, and with fitting ones in __versions. */
function extended(
  what: string,
  crcs: Readonly<Record<string, number>>,
  since: Answer,
): readonly RuleRow[] {
  const fitting = { module_layout: LAYOUT.crc, _printk: PRINTK.crc };
  return [
    {
      rule: "V30",
      what,
      module: {
        ...withSections(...extendedSections(crcs)),
        symbols: [functionSymbol("f"), undefinedSymbol("_printk")],
        versions: fitting,
      },
      kernel: { exports: [LAYOUT, PRINTK] },
      answers: [
        ["5.10.262", LOADS],
        ["6.18.35", since],
      ],
    },
  ];
}

export const RULE_ROWS: readonly RuleRow[] = [
  {
    rule: "V10",
    what: "a file without section headers",
    module: damaged((view) => view.setUint16(46, 0, true)),
    answers: [
      ["5.10.262", refused("Module has invalid ELF structures")],
      ["5.15.100", refused("Invalid ELF section header size")],
    ],
  },
  {
    rule: "V10",
    what: "a section outside the file",
    module: damaged((view) => view.setUint32(view.getUint32(32, true) + 40 + 16, 0x100000, true)),
    answers: [
      [
        "5.10.262",
        refused(
          "Invalid ELF section in module (section 1 type 1)",
          "Module has invalid ELF structures",
        ),
      ],
      ["5.15.100", refused("Invalid ELF section in module (section 1 type 1)")],
    ],
  },
  {
    rule: "V10",
    what: "a section 0 that isn't empty",
    module: damaged((view) => view.setUint32(view.getUint32(32, true) + 20, 4, true)),
    answers: [
      ["5.10.262", refused("Module has invalid ELF structures")],
      [
        "5.15.100",
        refused("ELF Spec violation: section 0 type(0)!=SH_NULL or non-zero len or addr"),
      ],
    ],
  },
  {
    rule: "V12",
    what: "no struct module",
    module: without,
    answers: [
      ["5.10.262", refused("m: No module found in object")],
      ["6.6.57", refused(`module m: Only one ${THIS_MODULE} section must exist.`)],
      ["6.12.117", refused(`module m: Exactly one ${THIS_MODULE} section must exist.`)],
    ],
  },
  {
    rule: "V12",
    what: "no struct module and no name",
    module: { ...without, modinfo: [`vermagic=${VERMAGIC}`] },
    answers: [
      ["5.10.262", refused("(missing .modinfo section or name field): No module found in object")],
      [
        "6.6.57",
        refused(
          `module (missing .modinfo section or name field): Only one ${THIS_MODULE} section must exist.`,
        ),
      ],
      [
        "6.12.117",
        refused(
          `module (missing .modinfo section or name field): Exactly one ${THIS_MODULE} section must exist.`,
        ),
      ],
    ],
  },
  {
    rule: "V12",
    what: "two structs module",
    module: withSections(thisModule()),
    answers: [
      ["5.10.262", LOADS],
      ["6.6.57", refused(`module m: Only one ${THIS_MODULE} section must exist.`)],
      ["6.12.117", refused(`module m: Exactly one ${THIS_MODULE} section must exist.`)],
    ],
  },
  {
    rule: "V12",
    what: "a struct module without bytes in the file",
    module: {
      ...without,
      sections: [
        code([0, 0]),
        { name: THIS_MODULE, flags: SHF_ALLOC | SHF_WRITE, type: SHT_NOBITS, size: 0x240 },
      ],
    },
    answers: [
      ["5.10.262", LOADS],
      ["6.6.57", refused(`module m: Only one ${THIS_MODULE} section must exist.`)],
      ["6.12.117", refused(`module m: ${THIS_MODULE} section must have a size set`)],
    ],
  },
  {
    rule: "V12",
    what: "a struct module without memory",
    module: { ...without, sections: [code([0, 0]), thisModule({ flags: SHF_WRITE })] },
    answers: [
      ["5.10.262", refused("m: No module found in object")],
      ["6.6.57", refused(`module m: ${THIS_MODULE} must occupy memory during process execution`)],
    ],
  },
  {
    rule: "V12",
    what: "two symbol tables",
    module: withSections({
      name: ".symtab.more",
      flags: 0,
      type: SHT_SYMTAB,
      alignment: 4,
      link: 1,
      bytes: new Uint8Array(16),
    } as SectionSpec),
    answers: [
      ["5.10.262", LOADS],
      ["6.6.57", refused("m: module has no symbols (stripped?)")],
    ],
  },
  {
    rule: "V15",
    what: "a struct module of another size",
    before: { ...PLAIN, name: "first" },
    module: {
      ...without,
      modinfo: modinfo("m"),
      sections: [code([0, 0]), thisModule({ bytes: new Uint8Array(0x200) } as SectionSpec)],
    },
    answers: [
      ["5.10.262", LOADS],
      [
        "6.6.57",
        refused(
          `module m: ${THIS_MODULE} section size must match the kernel's built struct module size at run time`,
        ),
      ],
    ],
  },
  {
    rule: "V16",
    what: "two .modinfo",
    module: withSections({
      name: ".modinfo",
      flags: SHF_ALLOC,
      type: SHT_PROGBITS,
      alignment: 1,
      bytes: Buffer.from(`name=m\0vermagic=${VERMAGIC}\0license=GPL\0intree=Y\0`),
    } as SectionSpec),
    answers: [
      ["5.10.262", LOADS],
      ["6.6.57", refused("Only one .modinfo section must exist.")],
    ],
  },
  {
    rule: "V18",
    what: "a section without memory whose name is outside the name table",
    // .strtab is the last but one.
    module: damaged((view) => {
      const last = view.getUint32(32, true) + 40 * (view.getUint16(48, true) - 2);
      view.setUint32(last, 0x100000, true);
    }),
    answers: [
      ["5.10.262", { errno: "ENOEXEC", lines: [] }],
      ["6.12.117", refused("Invalid ELF section name in module (section 7 type 3)")],
    ],
  },
  ...(
    [
      ["symbol names that don't begin with a NUL", 0, "symbol string table missing leading NUL"],
      ["symbol names that don't end with a NUL", -1, "symbol string table isn't NUL terminated"],
    ] as const
  ).map(
    ([what, at, line]): RuleRow => ({
      rule: "V19",
      what,
      module: damaged((view) => {
        const header = view.getUint32(32, true) + 40 * (view.getUint16(48, true) - 2);
        const [offset, size] = [
          view.getUint32(header + 16, true),
          view.getUint32(header + 20, true),
        ];
        view.setUint8(at === 0 ? offset : offset + size - 1, 0x78);
      }),
      answers: [
        // Without the last NUL the last name can't be read, which Linux doesn't check.
        ["5.10.262", at === 0 ? LOADS : { errno: "ENOEXEC", lines: [] }],
        ["6.18.35", refused(line)],
      ],
    }),
  ),
  {
    rule: "V19",
    what: "a symbol's name outside the names",
    module: damaged((view) => {
      const header = view.getUint32(32, true) + 40 * (view.getUint16(48, true) - 3);
      view.setUint32(view.getUint32(header + 16, true) + 16, 0x100000, true);
    }),
    answers: [
      ["5.10.262", { errno: "ENOEXEC", lines: [] }],
      ["6.18.35", refused("symbol name out of bounds in string table")],
    ],
  },
  {
    rule: "V19",
    what: "no symbol names",
    module: damaged((view) => {
      const header = view.getUint32(32, true) + 40 * (view.getUint16(48, true) - 2);
      view.setUint32(header + 20, 0, true);
    }),
    answers: [
      ["5.10.262", { errno: "ENOEXEC", lines: [] }],
      ["6.18.35", refused("empty symbol string table")],
    ],
  },
  {
    rule: "V20",
    what: "an import without a version record",
    module: {
      ...PLAIN,
      symbols: [functionSymbol("f"), undefinedSymbol("_printk")],
      versions: { module_layout: LAYOUT.crc },
    },
    kernel: { exports: [LAYOUT, PRINTK] },
    answers: [["5.10.262", { errno: null, lines: ["m: no symbol version for _printk"] }]],
  },
  {
    rule: "V21",
    what: "a second module of the name, from outside the tree",
    before: PLAIN,
    module: outOfTree("license=GPL"),
    answers: [
      ["5.10.262", { errno: "EEXIST", lines: [OUT_OF_TREE] }],
      ["6.6.57", { errno: "EEXIST", lines: [] }],
    ],
  },
  {
    rule: "V22",
    what: "a proprietary module from outside the tree, without a signature",
    module: outOfTree("license=Proprietary"),
    kernel: { vermagic: VERMAGIC },
    answers: [
      [
        "5.10.262",
        {
          errno: null,
          lines: [OUT_OF_TREE, "m: module license 'Proprietary' taints kernel.", LOCKS, UNSIGNED],
        },
      ],
      [
        "6.6.57",
        {
          errno: null,
          lines: [
            OUT_OF_TREE,
            "m: module license 'Proprietary' taints kernel.",
            LOCKS,
            UNSIGNED,
            "m: module license taints kernel.",
          ],
        },
      ],
    ],
  },
  {
    rule: "V22",
    what: "the second proprietary module",
    before: { ...PLAIN, name: "first", modinfo: licensed("Proprietary") },
    module: { ...PLAIN, modinfo: licensed("Proprietary") },
    answers: [["5.10.262", LOADS]],
  },
  {
    rule: "V32",
    what: "a symbol of a proprietary module",
    module: { ...PLAIN, symbols: [functionSymbol("f"), undefinedSymbol("secret")] },
    kernel: { exports: [{ name: "secret", owner: { name: "blob", proprietary: true } }] },
    answers: [
      [
        "5.10.262",
        {
          errno: null,
          lines: ["m: module uses symbols from proprietary module blob, inheriting taint."],
        },
      ],
      [
        "6.1.192",
        {
          errno: null,
          lines: ["m: module uses symbols secret from proprietary module blob, inheriting taint."],
        },
      ],
    ],
  },
  {
    rule: "V31",
    what: "a symbol for this module",
    module: { ...PLAIN, symbols: [functionSymbol("f"), undefinedSymbol("inner")] },
    kernel: { exports: [{ name: "inner", namespace: "module:n,m*" }] },
    answers: [
      [
        "5.10.262",
        {
          errno: "EINVAL",
          lines: [
            "m: module uses symbol (inner) from namespace module:n,m*, but does not import it.",
            "m: Unknown symbol inner (err -22)",
          ],
        },
      ],
      ["6.18.35", LOADS],
    ],
  },
  {
    rule: "V31",
    what: "a module that asks for a namespace of modules",
    module: { ...PLAIN, modinfo: modinfo("m", "import_ns=OTHER", "import_ns=module:n") },
    answers: [
      ["5.10.262", LOADS],
      [
        "6.18.35",
        { errno: "EPERM", lines: ["m: module tries to import module namespace: module:n"] },
      ],
    ],
  },
  ...extended("checksums that fit", { module_layout: LAYOUT.crc, _printk: PRINTK.crc }, LOADS),
  ...extended(
    "a checksum that differs",
    { module_layout: LAYOUT.crc, _printk: 1 },
    {
      errno: "EINVAL",
      lines: [
        "m: disagrees about version of symbol _printk",
        "m: Unknown symbol _printk (err -22)",
      ],
    },
  ),
  ...extended(
    "an import without a checksum",
    { module_layout: LAYOUT.crc },
    {
      errno: null,
      lines: ["m: no extended symbol version for _printk"],
    },
  ),
  {
    rule: "V30",
    what: "checksums without names",
    module: withSections({
      name: "__version_ext_crcs",
      flags: SHF_ALLOC,
      bytes: new Uint8Array(4),
    } as SectionSpec),
    answers: [
      ["5.10.262", LOADS],
      ["6.18.35", refused("extended version crc+name presence does not match")],
    ],
  },
  {
    rule: "V30",
    what: "more checksums than names",
    module: withSections(...extendedSections({ _printk: 1 }, "_printk")),
    answers: [
      ["5.10.262", LOADS],
      ["6.18.35", refused("more extended version crcs than names")],
    ],
  },
  {
    rule: "F15",
    what: "a test",
    module: { ...PLAIN, modinfo: modinfo("m", "test=Y") },
    answers: [
      ["5.10.262", LOADS],
      ["6.1.192", { errno: null, lines: ["m: loading test module taints kernel."] }],
    ],
  },
];
