// A kernel's profile: a value for each rule of table.ts, and where the release comes from that chose them. It is the
// user's choice, else the kernel's banner, else the release in the module's version magic. A kernel's image then
// overrides defaults where its own texts show a rule's value, and single rules override all.

import { indexOfBytes, latin1Bytes } from "../../bytes/text.ts";
import { Misuse } from "../../errors.ts";
import { compareReleases, isDebian, parseRelease, type Release, releaseOf } from "./release.ts";
import {
  NEWEST,
  OLDEST,
  RULE_IDS,
  RULES,
  type Rule,
  type RuleId,
  type RuleSet,
  type Rules,
} from "./table.ts";

/** Where a profile's release comes from. */
export type ReleaseSource = "--kernel-release" | "banner" | "vermagic" | "default";

export interface KernelProfile {
  /** The release whose rules these are, as uname -r prints it. */
  readonly release: string;
  readonly from: ReleaseSource;
  readonly set: RuleSet;
  readonly rules: Rules;
  /** The rules that are not the defaults of this release and set, and what decided them. */
  readonly changed: readonly { readonly id: RuleId; readonly from: "--rule" | "image" }[];
  /** Sentences that the user should read. */
  readonly notes: readonly string[];
}

/** What the user asks for; default: nothing, the kernel or the module decides. */
export interface RuleChoice {
  /** A release, such as 6.12.95. */
  readonly release?: string;
  /** Default: debian if the release is in Debian's form, else mainline. */
  readonly set?: RuleSet;
  /** Single rules. */
  readonly rules?: Partial<Rules>;
}

/** What a kernel's file says: the release in its banner, and its image. */
export interface KernelWords {
  readonly release: string | null;
  readonly image: { readonly bytes: Uint8Array } | null;
}

/** The release whose rules are used if nothing names one. */
const DEFAULT_RELEASE = "6.1";

/**
 * Chooses a kernel's rules.
 * @param kernel the kernel that the module is loaded into, if there is one.
 * @param vermagic the module's version magic.
 * @throws Misuse if the choice's release is no release.
 */
export function profileFor(
  choice: RuleChoice,
  kernel: KernelWords | null,
  vermagic: string | null,
): KernelProfile {
  const { release, from } = chosenRelease(choice, kernel, vermagic);
  // With nothing to go by, the rules are those of the kernel that farjal knows best, Debian's.
  const set = choice.set ?? (from === "default" || isDebian(release) ? "debian" : "mainline");
  const notes = contradictions(choice, kernel, release);
  const known = knownRelease(release, notes);
  const seen = from === "banner" && kernel?.image != null ? seenIn(kernel.image.bytes) : {};
  const rules = Object.fromEntries(
    RULE_IDS.map((id) => [id, choice.rules?.[id] ?? seen[id] ?? defaultOf(RULES[id], known, set)]),
  ) as Rules;
  const changed = RULE_IDS.filter((id) => rules[id] !== defaultOf(RULES[id], known, set)).map(
    (id) => ({ id, from: choice.rules?.[id] === undefined ? "image" : "--rule" }) as const,
  );
  return { release, from, set, rules, changed, notes };
}

/** What the user asks for against what the kernel says: the user's choice counts. */
function contradictions(
  { release: asked, set }: RuleChoice,
  kernel: KernelWords | null,
  release: string,
): string[] {
  const banner = kernel?.release ?? null;
  const [one, other] = [asked, banner].map((text) => (text == null ? null : parseRelease(text)));
  return [
    ...(one != null && other != null && compareReleases(one, other) !== 0
      ? [
          `the kernel's banner says ${banner}, and --kernel-release asks for the rules of ${asked}, which count`,
        ]
      : []),
    ...(set !== undefined && set !== "debian" && isDebian(release)
      ? [`${release} is a kernel of Debian's, and --rules asks for ${set}'s rules, which count`]
      : []),
  ];
}

function chosenRelease(
  choice: RuleChoice,
  kernel: KernelWords | null,
  vermagic: string | null,
): { readonly release: string; readonly from: ReleaseSource } {
  if (choice.release !== undefined) {
    if (parseRelease(choice.release) !== null) {
      return { release: choice.release, from: "--kernel-release" };
    }
    throw new Misuse(
      `${choice.release} is no kernel's release: that is two or three numbers, as in 6.12.95`,
    );
  }
  if (kernel?.release != null && parseRelease(kernel.release) !== null) {
    return { release: kernel.release, from: "banner" };
  }
  const own = releaseOf(vermagic);
  if (own !== null && parseRelease(own) !== null) return { release: own, from: "vermagic" };
  return { release: DEFAULT_RELEASE, from: "default" };
}

/** The release whose rules are known, nearest to the given one. */
function knownRelease(text: string, notes: string[]): Release {
  const release = checkedRelease(text);
  if (compareReleases(release, checkedRelease(NEWEST)) > 0) {
    notes.push(
      `${text} is newer than every kernel whose rules farjal knows: it uses those of ${NEWEST}`,
    );
    return checkedRelease(NEWEST);
  }
  if (compareReleases(release, firstOf(OLDEST)) < 0) {
    notes.push(
      `${text} is older than every kernel whose rules farjal knows: it uses those of ${OLDEST}`,
    );
    return checkedRelease(OLDEST);
  }
  return release;
}

/** A release that has been checked before. */
function checkedRelease(text: string): Release {
  return parseRelease(text) as Release;
}

/** The first release that a row of the table means: 6.4 is 6.4.0. */
function firstOf(text: string): Release {
  const [version, patchlevel, sublevel] = checkedRelease(text);
  return [version, patchlevel, Number.isFinite(sublevel) ? sublevel : 0];
}

/** A rule's default in a release of a set. */
function defaultOf({ since, sets }: Rule, release: Release, set: RuleSet): string {
  let value = "";
  for (const [from, later] of sets?.[set] ?? since) {
    if (compareReleases(firstOf(from), release) <= 0) value = later;
  }
  return value;
}

const seenInImages = new WeakMap<Uint8Array, Partial<Rules>>();

/** The rules that the texts of a kernel's image show. */
function seenIn(image: Uint8Array): Partial<Rules> {
  const known = seenInImages.get(image);
  if (known !== undefined) return known;
  const has = (text: string): boolean => indexOfBytes(image, latin1Bytes(text)) >= 0;
  const seen = Object.fromEntries(
    RULE_IDS.flatMap((id) => {
      const { texts = [], without }: Rule = RULES[id];
      const shown = texts.find(([text]) => has(text))?.[1] ?? without;
      return shown === undefined ? [] : [[id, shown]];
    }),
  ) as Partial<Rules>;
  seenInImages.set(image, seen);
  return seen;
}

/**
 * Single rules from texts such as V20=refuse.
 * @throws Misuse for an unknown rule or value, and for two values of one rule.
 */
export function parseRules(texts: readonly string[]): Partial<Rules> {
  const rules = new Map<string, string>();
  for (const text of texts) {
    const [, id = "", value = ""] = /^([^=]*)=?(.*)$/.exec(text) ?? [];
    const row: Rule | undefined = RULE_IDS.some((known) => known === id)
      ? RULES[id as RuleId]
      : undefined;
    if (row === undefined) {
      throw new Misuse(`there is no rule ${id || text}: the rules are ${RULE_IDS.join(", ")}`);
    }
    const values = Object.keys(row.values);
    if (!values.includes(value)) {
      throw new Misuse(
        `rule ${id} (${row.what}) is ${values.join(" or ")}, as in ${id}=${values[0]}`,
      );
    }
    const other = rules.get(id);
    if (other !== undefined && other !== value) {
      throw new Misuse(`rule ${id} can't be both ${other} and ${value}`);
    }
    rules.set(id, value);
  }
  return Object.fromEntries(rules) as Partial<Rules>;
}
