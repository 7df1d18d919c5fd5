// The rules of the module loader and of ftrace that differ between kernels, by the names under which farjal prints
// them: one row a rule, with its values, the release in which each value became the default, and the place in the
// kernel's source that has it. The code that follows a rule asks for its value and never for a version; profile.ts
// chooses the values. Stable updates and distributions change rules within one version, so a rule may have defaults of
// its own for a distribution, and texts by which a kernel's image shows its value.

/** Whose kernel: its patches change the defaults of some rules. */
export const RULE_SETS = ["mainline", "debian", "openwrt"] as const;
export type RuleSet = (typeof RULE_SETS)[number];

/** The releases in which a rule's default changes, ascending; the first is the oldest that farjal knows. */
type Defaults<V extends string> = readonly (readonly [since: string, value: V])[];

export interface Rule<V extends string = string> {
  /** What the rule decides, in a few words. */
  readonly what: string;
  /** Its values and what each means. */
  readonly values: Readonly<Record<V, string>>;
  readonly since: Defaults<V>;
  /** The defaults in a distribution's kernels, where they differ. */
  readonly sets?: Readonly<Partial<Record<RuleSet, Defaults<V>>>>;
  /** The file of the kernel's source, and the function. */
  readonly source: string;
  /** Texts of a kernel's image that show a value; the first that is there decides. */
  readonly texts?: readonly (readonly [text: string, value: V])[];
  /** The value that an image without any of these texts shows; default: none. */
  readonly without?: V;
}

function rule<const V extends string>(row: {
  readonly what: string;
  readonly values: Readonly<Record<V, string>>;
  readonly since: Defaults<NoInfer<V>>;
  readonly sets?: Readonly<Partial<Record<RuleSet, Defaults<NoInfer<V>>>>>;
  readonly source: string;
  readonly texts?: readonly (readonly [text: string, value: NoInfer<V>])[];
  readonly without?: NoInfer<V>;
}): Rule<V> {
  return row;
}

/** The oldest and the newest release whose rules are known. */
export const OLDEST = "5.10";
export const NEWEST = "7.3";

export const RULES = {
  L1: rule({
    what: "the memories of a module",
    values: {
      two: "a core block and an init block",
      seven: "up to seven, enum mod_mem_type: text, data, rodata, ro_after_init, and init's three",
    },
    since: [
      [OLDEST, "two"],
      ["6.4", "seven"],
    ],
    source: "kernel/module/main.c, layout_sections(), __layout_sections()",
    texts: [["this_module section size must match", "seven"]],
  }),
  L2: rule({
    what: "the size of a memory",
    values: { bytes: "as laid out", pages: "whole pages" },
    since: [
      [OLDEST, "bytes"],
      ["6.4", "pages"],
    ],
    source: "kernel/module/main.c, move_module(), module_memory_alloc()",
    texts: [["this_module section size must match", "pages"]],
  }),
  V10: rule({
    what: "the lines about a damaged ELF file, a section 0 that isn't empty among them",
    values: {
      structures: "Module has invalid ELF structures, after a line about the section",
      each: "a line of its own for each fault",
    },
    since: [
      [OLDEST, "structures"],
      ["5.15", "each"],
    ],
    source: "kernel/module.c, load_module(); since 5.15 elf_validity_check()",
  }),
  V12: rule({
    what: "how the sections are found that a module must have: struct module and the symbol table",
    values: {
      first: "the first counts; No module found in object",
      only: "one of each but NOBITS ones; Only one .gnu.linkonce.this_module section must exist.",
      exactly: "one of each; Exactly one .gnu.linkonce.this_module section must exist.",
    },
    since: [
      [OLDEST, "first"],
      ["6.4", "only"],
      ["6.12.117", "exactly"],
    ],
    source: "kernel/module/main.c, setup_load_info(); since 6.4 elf_validity_cache_copy()",
    texts: [
      ["Exactly one .gnu.linkonce.this_module", "exactly"],
      ["Only one .gnu.linkonce.this_module", "only"],
      ["No module found in object", "first"],
    ],
  }),
  V15: rule({
    what: "a module whose struct module has another size than the kernel's",
    values: { ignore: "its size isn't looked at", refuse: "refused: section size must match" },
    since: [
      [OLDEST, "ignore"],
      ["6.4", "refuse"],
    ],
    source: "kernel/module/main.c, elf_validity_cache_copy(), elf_validity_cache_index_mod()",
    texts: [["this_module section size must match", "refuse"]],
  }),
  V16: rule({
    what: "a second .modinfo",
    values: { first: "the first counts", refuse: "Only one .modinfo section must exist." },
    since: [
      [OLDEST, "first"],
      ["6.4", "refuse"],
    ],
    source: "kernel/module/main.c, elf_validity_cache_copy(), elf_validity_cache_index_info()",
    texts: [["Only one .modinfo section must exist", "refuse"]],
  }),
  V18: rule({
    what: "a section whose name is outside the name table",
    values: {
      allocated: "refused if it takes memory; another one is used unchecked",
      all: "Invalid ELF section name in module",
    },
    since: [
      [OLDEST, "allocated"],
      ["6.12.117", "all"],
    ],
    source: "kernel/module/main.c, elf_validity_check(), elf_validity_cache_secstrings()",
  }),
  V19: rule({
    what: "the symbols' string table",
    values: {
      unchecked: "used as it is",
      checked: "refused if it is empty, lacks its first or last NUL, or a name begins outside it",
    },
    since: [
      [OLDEST, "unchecked"],
      ["6.18", "checked"],
    ],
    source: "kernel/module/main.c, elf_validity_cache_strtab()",
    texts: [["symbol string table isn't NUL", "checked"]],
  }),
  V20: rule({
    what: "an import without a record in __versions",
    values: {
      refuse: "no symbol version, each time; EINVAL",
      accept: "no symbol version, the first time; the module loads",
    },
    since: [[OLDEST, "accept"]],
    sets: { debian: [[OLDEST, "refuse"]] },
    source: "kernel/module/version.c, check_version()",
  }),
  V21: rule({
    what: "when a module's taints are printed, also those of a second module of a name",
    values: {
      early: "by check_modinfo(), before anything else can refuse the module",
      late: "by module_augment_kernel_taints(), after layout and the check for a second module of the name",
    },
    since: [
      [OLDEST, "early"],
      ["6.4", "late"],
    ],
    source: "kernel/module/main.c, check_modinfo(), module_augment_kernel_taints()",
  }),
  V22: rule({
    what: "the first proprietary module",
    values: {
      one: "module license '…' taints kernel.",
      two: "and, after all other taints: module license taints kernel.",
    },
    since: [
      [OLDEST, "one"],
      ["6.4", "two"],
    ],
    source:
      "kernel/module/main.c, check_module_license_and_versions(), module_augment_kernel_taints()",
  }),
  V29: rule({
    what: "an init function that returns a positive number",
    values: {
      function: "do_init_module: 'NAME'->init suspiciously returned …, and a second line",
      name: "NAME: init suspiciously returned …",
    },
    since: [
      [OLDEST, "function"],
      ["7.3", "name"],
    ],
    source: "kernel/module/main.c, do_init_module()",
  }),
  V30: rule({
    what: "checksums of imports in __version_ext_crcs and __version_ext_names",
    values: {
      ignore: "not looked at: __versions has them",
      count:
        "they count, and __versions doesn't; an import without one is accepted with one line for all",
    },
    since: [
      [OLDEST, "ignore"],
      ["6.14", "count"],
    ],
    source: "kernel/module/version.c, check_version(); main.c, elf_validity_cache_index_versions()",
    texts: [["no extended symbol version for", "count"]],
  }),
  V31: rule({
    what: "a namespace module:NAME,NAME*",
    values: {
      plain: "as any other: the module must import it",
      modules: "for the modules of these names, which need not import it; EPERM for one that does",
    },
    since: [
      [OLDEST, "plain"],
      ["6.16", "modules"],
    ],
    source:
      "kernel/module/main.c, verify_module_namespace(), verify_namespace_is_imported(), setup_modinfo()",
    texts: [["tries to import module namespace", "modules"]],
  }),
  V32: rule({
    what: "the lines about symbols of a proprietary module",
    values: { module: "name the module", symbol: "name the symbol and the module" },
    since: [
      [OLDEST, "module"],
      ["6.1", "symbol"],
    ],
    source: "kernel/module/main.c, inherit_taint()",
  }),
  F1: rule({
    what: "the flag columns of a trace's lines, and their header",
    values: {
      four: "irqs-off, need-resched, hardirq/softirq, preempt-depth",
      five: "and migrate-disable",
      bh: "five, the first one irqs-off/BH-disabled",
    },
    since: [
      [OLDEST, "four"],
      ["5.15", "five"],
      ["6.1", "bh"],
    ],
    source: "kernel/trace/trace.c, print_func_help_header_irq()",
  }),
  F2: rule({
    what: "the first flag of an event",
    values: { irqs: "d, X or a dot", bh: "d, D, b, X or a dot: D and b where softirqs are off" },
    since: [
      [OLDEST, "irqs"],
      ["6.1", "bh"],
    ],
    source: "kernel/trace/trace_output.c, trace_print_lat_fmt()",
  }),
  F3: rule({
    what: "the second flag of an event",
    values: {
      now: "N, n, p or a dot",
      lazy: "B, b, L and l too, for lazy preemption, whose bit was that of the first flag's X",
    },
    since: [
      [OLDEST, "now"],
      ["6.13", "lazy"],
    ],
    source: "kernel/trace/trace_output.c, trace_print_lat_fmt()",
  }),
  F4: rule({
    what: "an event's preempt count",
    values: {
      whole: "one number",
      halves: "preempt-depth in the low four bits, migrate-disable in the high ones",
    },
    since: [
      [OLDEST, "whole"],
      ["5.15", "halves"],
    ],
    source: "kernel/trace/trace_output.c, trace_print_lat_fmt()",
  }),
  F5: rule({
    what: "the flags of a line of enabled_functions",
    values: {
      three: "R I D, two columns each",
      five: "R I D O, two columns each, and M with three",
    },
    since: [
      [OLDEST, "three"],
      ["6.6", "five"],
    ],
    source: "kernel/trace/ftrace.c, t_show()",
  }),
  F6: rule({
    what: "the newest of trace_options",
    values: {
      "pause-on-trace": "the last one before the tracers'",
      "hash-ptr": "after pause-on-trace",
      fields: "after block",
      trace_printk_dest: "after event-fork",
      copy_trace_marker: "after trace_printk_dest",
      "bitmask-list":
        "after hash-ptr; prof-text-offset and graph-time are no longer function_graph's",
    },
    since: [
      [OLDEST, "pause-on-trace"],
      ["6.1", "hash-ptr"],
      ["6.4", "fields"],
      ["6.12", "trace_printk_dest"],
      ["6.18", "copy_trace_marker"],
      ["7.3", "bitmask-list"],
    ],
    source: "kernel/trace/trace.h, TRACE_FLAGS; kernel/trace/trace.c, tracing_trace_options_show()",
    texts: [
      ["bitmask-list", "bitmask-list"],
      ["copy_trace_marker", "copy_trace_marker"],
      ["trace_printk_dest", "trace_printk_dest"],
    ],
  }),
  F9: rule({
    what: "available_filter_functions_addrs and touched_functions",
    values: { none: "there are none", both: "there are both" },
    since: [
      [OLDEST, "none"],
      ["6.6", "both"],
    ],
    source: "kernel/trace/ftrace.c, ftrace_init_dyn_tracefs()",
    texts: [["touched_functions", "both"]],
  }),
  F11: rule({
    what: "the record of a return, funcgraph_exit",
    values: {
      long: "func, overrun as a long, calltime, rettime, depth",
      packed: "func, depth, overrun, calltime, rettime",
      unsigned: "the same, and depth has no sign",
    },
    since: [
      [OLDEST, "long"],
      ["5.15", "packed"],
      ["6.16", "unsigned"],
    ],
    source: "kernel/trace/trace_entries.h, FTRACE_ENTRY_PACKED(funcgraph_exit)",
  }),
  F12: rule({
    what: "the record of an entry, funcgraph_entry",
    values: {
      plain: "func, depth",
      args: "func, depth without a sign, and arguments, of which MIPS has none",
      long: "the same, and depth is a long",
    },
    since: [
      [OLDEST, "plain"],
      ["6.15", "args"],
      ["6.19", "long"],
    ],
    source: "kernel/trace/trace_entries.h, FTRACE_ENTRY(funcgraph_entry)",
  }),
  F13: rule({
    what: "the record of a call, function",
    values: { plain: "ip, parent_ip", args: "and arguments, of which MIPS has none" },
    since: [
      [OLDEST, "plain"],
      ["6.15", "args"],
    ],
    source: "kernel/trace/trace_entries.h, FTRACE_ENTRY_REG(function)",
  }),
  F15: rule({
    what: "a module that is marked as a test",
    values: { ignore: "nothing", taint: "loading test module taints kernel." },
    since: [
      [OLDEST, "ignore"],
      ["6.1", "taint"],
    ],
    source: "kernel/module/main.c, check_modinfo(), module_augment_kernel_taints()",
    texts: [["loading test module taints kernel", "taint"]],
  }),
  F16: rule({
    what: "the function tracer's own trace_options",
    values: { stack: "func_stack_trace", repeats: "and func-no-repeats" },
    since: [
      [OLDEST, "stack"],
      ["5.15", "repeats"],
    ],
    source: "kernel/trace/trace_functions.c, func_opts",
    texts: [["func-no-repeats", "repeats"]],
  }),
  F17: rule({
    what: "whether char has a sign in header_page",
    values: { signed: "it has", unsigned: "it has none: the kernel is built with -funsigned-char" },
    since: [
      [OLDEST, "signed"],
      ["6.2", "unsigned"],
    ],
    source: "kernel/trace/ring_buffer.c, ring_buffer_print_page_header(); Makefile, KBUILD_CFLAGS",
  }),
  G1: rule({
    what: "function_graph's shadow stack",
    values: {
      entries: "50 entries (FTRACE_RETFUNC_DEPTH)",
      frames: "a page of frames with their times: 142 on 32 bits, 110 with the function profiler",
      reserved: "a page of frames, beside which the tracer keeps the times: 143 on 32 bits",
    },
    since: [
      [OLDEST, "entries"],
      ["6.11", "frames"],
      ["6.13", "reserved"],
    ],
    source: "kernel/trace/fgraph.c, ftrace_push_return_trace(), fgraph_reserve_data()",
  }),
  G2: rule({
    what: "the function profiler (CONFIG_FUNCTION_PROFILER)",
    values: { none: "not built", built: "built: the option graph-time" },
    since: [[OLDEST, "none"]],
    source:
      "kernel/trace/Kconfig, FUNCTION_PROFILER; kernel/trace/trace_functions_graph.c, trace_opts",
    texts: [["graph-time", "built"]],
    without: "none",
  }),
  S1: rule({
    what: "a module without a valid signature",
    values: {
      taint: "module verification failed: signature and/or required key missing",
      ignore: "nothing: the kernel is built without CONFIG_MODULE_SIG",
    },
    since: [[OLDEST, "taint"]],
    sets: { openwrt: [[OLDEST, "ignore"]] },
    source: "kernel/module/main.c, load_module(), module_augment_kernel_taints()",
    texts: [["module verification failed: signature", "taint"]],
    without: "ignore",
  }),
  O1: rule({
    what: "where a module's memory is",
    values: {
      vmalloc: "in mapped memory, each block with a guard page",
      kseg0: "in directly mapped pages if there are any, on 32 bits; else in mapped memory",
    },
    since: [[OLDEST, "vmalloc"]],
    sets: {
      openwrt: [
        [OLDEST, "kseg0"],
        ["6.18", "vmalloc"],
      ],
    },
    source:
      "arch/mips/kernel/module.c, module_alloc(); OpenWrt's 305-mips_module_reloc.patch, 301-01",
  }),
  O2: rule({
    what: "a module whose version magic is another",
    values: {
      refuse: "version magic '…' should be '…'",
      ignore: "nothing: check_modinfo() doesn't look at it (CONFIG_MODULE_STRIPPED)",
    },
    since: [[OLDEST, "refuse"]],
    sets: { openwrt: [[OLDEST, "ignore"]] },
    source: "kernel/module/main.c, check_modinfo(); OpenWrt's 204-module_strip.patch",
    texts: [["version magic '%s' should be", "refuse"]],
    without: "ignore",
  }),
  O3: rule({
    what: "a jal that can't reach",
    values: {
      refuse: "relocation overflow",
      slots: "the next slot of one of two tables; relocation overflow only without a slot",
    },
    since: [[OLDEST, "refuse"]],
    sets: {
      openwrt: [
        [OLDEST, "slots"],
        ["6.18", "refuse"],
      ],
    },
    source:
      "arch/mips/kernel/module.c, apply_r_mips_26(); OpenWrt's 305-mips_module_reloc.patch, 301-02",
  }),
} as const;

export type RuleId = keyof typeof RULES;
type ValueOf<R> = R extends Rule<infer V> ? V : never;

/** A value for each rule. */
export type Rules = { readonly [Id in RuleId]: ValueOf<(typeof RULES)[Id]> };

/** The rules of tracing: of the texts, files and records that a kernel's tracers make. */
export type TraceRules = Pick<Rules, Exclude<Extract<RuleId, `F${number}` | `G${number}`>, "F15">>;

/** Whether a rule is of tracing; the others are of loading modules, F15 too, which is about a taint. */
export function isOfTracing(id: RuleId): id is keyof TraceRules {
  return /^[FG]/.test(id) && id !== "F15";
}

/** Rules by id, in the table's order. */
export const RULE_IDS = Object.keys(RULES) as readonly RuleId[];
