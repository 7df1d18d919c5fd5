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
}

function rule<const V extends string>(row: {
  readonly what: string;
  readonly values: Readonly<Record<V, string>>;
  readonly since: Defaults<NoInfer<V>>;
  readonly sets?: Readonly<Partial<Record<RuleSet, Defaults<NoInfer<V>>>>>;
  readonly source: string;
  readonly texts?: readonly (readonly [text: string, value: NoInfer<V>])[];
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
} as const;

export type RuleId = keyof typeof RULES;
type ValueOf<R> = R extends Rule<infer V> ? V : never;

/** A value for each rule. */
export type Rules = { readonly [Id in RuleId]: ValueOf<(typeof RULES)[Id]> };

/** Rules by id, in the table's order. */
export const RULE_IDS = Object.keys(RULES) as readonly RuleId[];
