// The report of `mendModule`: the verdict, each changed place with its words before and after, each section that grew,
// and what is no longer true of the file. These are values only; src/report/ prints them.

/** The kinds of changes. */
export type ChangeKind =
  /** A call of _mcount by jal, replaced by the kernel's six words. */
  | "site"
  /** A call site that was removed. */
  | "site-removed"
  /** A long call site that __mcount_loc didn't list and now lists. Its words are unchanged. */
  | "site-listed"
  /** jal, replaced by lui, addiu, jalr. */
  | "call"
  /** j, replaced by lui, addiu, jr. */
  | "jump"
  /** jal to a place in the same section, replaced by bal. */
  | "call-relative"
  /** j to a place in the same section, replaced by b. */
  | "jump-relative";

/** One changed place in the code. */
export interface Change {
  readonly section: string;
  /** Offset of the j, the jal, or a long site's lui, in the old section. */
  readonly offset: number;
  readonly kind: ChangeKind;
  /** The symbol that the jump goes to; `_mcount` for a site. */
  readonly symbol: string;
  /** In-place addend of the jump, in bytes. */
  readonly addend: number;
  /** Offset of the new words in the new section. */
  readonly newOffset: number;
  /** The old words and the new ones. A field that a relocation fills in holds the addend. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** The register of a long jump, "t9"; null for other changes and for a site. */
  readonly register: string | null;
  /** Whether this site is newly listed in __mcount_loc. */
  readonly newlyListed: boolean;
}

/** Why a place can't be mended. */
export interface MendRefusal {
  readonly section: string;
  readonly offset: number;
  readonly symbol: string;
  readonly reason: string;
}

/** A section's size in bytes before and after. */
export interface SectionChange {
  readonly name: string;
  /** 0 for a new section. */
  readonly before: number;
  readonly after: number;
}

export type MendVerdict = "mended" | "nothing" | "refused";

export interface MendReport {
  readonly verdict: MendVerdict;
  /** Sections whose size changed, in index order, new ones last. */
  readonly sections: readonly SectionChange[];
  /** Sorted by section and offset. */
  readonly changes: readonly Change[];
  readonly refusals: readonly MendRefusal[];
  /** The numbers of branches whose distance changed, and of addends and pointers adjusted to moved code. */
  readonly moved: { readonly branches: number; readonly addends: number };
  /** Bytes of the signature that was removed; 0 when there was none or it was kept. */
  readonly signatureDropped: number;
  /** Names of the debugging sections that were removed. */
  readonly stripped: readonly string[];
  /** Sentences about what is no longer true of the file, or wasn't checked. */
  readonly notes: readonly string[];
}
