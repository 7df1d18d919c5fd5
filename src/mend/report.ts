// What `mendModule` says of its work: the verdict, each place that was changed with its words before and
// after, each section that grew, and what is no longer true of the file. Values only; text for people is
// src/report/'s business.

/** What mends a site or a jump. */
export type ChangeKind =
  /** A call of _mcount by jal, written out as the kernel's six words. */
  | "site"
  /** A call site that is no longer there. */
  | "site-removed"
  /** A long call site that __mcount_loc did not list, and now does. Its words are as they were. */
  | "site-listed"
  /** jal, written out as lui, addiu, jalr. */
  | "call"
  /** j, written out as lui, addiu, jr. */
  | "jump"
  /** jal to a place in the same section, made bal. */
  | "call-relative"
  /** j to a place in the same section, made b. */
  | "jump-relative";

/** One place of the code. */
export interface Change {
  readonly section: string;
  /** Of the j, the jal, or a long site's lui, in the section as it was. */
  readonly offset: number;
  readonly kind: ChangeKind;
  /** What the jump goes to; `_mcount` for a site. */
  readonly symbol: string;
  /** In-place addend of the jump, in bytes. */
  readonly addend: number;
  /** Where the new words begin in the section as it is now. */
  readonly newOffset: number;
  /** The words that were replaced, and those in their place. What a relocation fills in holds the addend. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** The register that a long form jumps through, "t9"; null where there is none, and for a site. */
  readonly register: string | null;
  /** Whether this site is in __mcount_loc only now. */
  readonly newlyListed: boolean;
}

/** Why a place can't be mended. */
export interface MendRefusal {
  readonly section: string;
  readonly offset: number;
  readonly symbol: string;
  readonly reason: string;
}

/** Bytes of one section before and after. */
export interface SectionChange {
  readonly name: string;
  /** 0 for a section that was not there. */
  readonly before: number;
  readonly after: number;
}

export type MendVerdict = "mended" | "nothing" | "refused";

export interface MendReport {
  readonly verdict: MendVerdict;
  /** Sections whose size changed, in index order, new ones behind. */
  readonly sections: readonly SectionChange[];
  /** By section and offset. */
  readonly changes: readonly Change[];
  readonly refusals: readonly MendRefusal[];
  /** Branches whose distance changed, and addends and pointers that follow moved code. */
  readonly moved: { readonly branches: number; readonly addends: number };
  /** Bytes of the signature that was taken off; 0 when there was none or it is still there. */
  readonly signatureDropped: number;
  /** Names of debugging sections that were taken out. */
  readonly stripped: readonly string[];
  /** What is no longer true of the file, or was not looked at, in sentences. */
  readonly notes: readonly string[];
}
