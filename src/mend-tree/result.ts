// The result of mending a tree of modules: one entry a module, small enough for thousands in one document. Values only.

import type { MendRefusal, MendReport } from "../mend/report.ts";
import type { Shard } from "../shards/shard.ts";

/** What the results depend on; all parts of one work agree in it. */
export interface MendSubject {
  /** farjal's version. */
  readonly farjal: string;
  /** SHA-256 of the tree's paths and sizes. */
  readonly tree: string;
  readonly sites: "trace" | "remove";
  readonly noJumps: boolean;
  readonly stripDebug: boolean;
  /** SHA-256 of the times by which the parts were balanced; null if they have ranges. */
  readonly timings: string | null;
}

export const MEND_VERDICTS = ["mended", "nothing", "refused", "failed"] as const;

/** Of one module. */
export interface MendResult extends Pick<MendReport, "notes" | "signatureDropped"> {
  /** The path in the tree, and the mended file's: the same, without what names a compression. */
  readonly path: string;
  readonly output: string;
  /** As of a single module, or `failed`: there is no verdict. */
  readonly verdict: (typeof MEND_VERDICTS)[number];
  /** The number of changed places. */
  readonly changes: number;
  /** Why it can't be mended. A reason that is about no place has no section. */
  readonly refusals: readonly (MendRefusal | PlacelessRefusal)[];
}

interface PlacelessRefusal {
  readonly section: null;
  readonly offset: null;
  readonly symbol: null;
  readonly reason: string;
}

/** The results of a tree, or of a part of it. */
export interface MendedTree {
  readonly subject: MendSubject;
  /** Modules of the whole tree, of which `results` is this part. */
  readonly total: number;
  readonly shard: Shard;
  /** The results' places in the whole; null if the part has a range of it. */
  readonly places: readonly number[] | null;
  readonly results: readonly MendResult[];
  /** Seconds that each module took. */
  readonly times: readonly number[];
}

/** A result for a module of which only the reason is known. */
export function withoutPlace(
  path: string,
  verdict: "refused" | "failed",
  reason: string,
): MendResult {
  return {
    path,
    output: outputPath(path),
    verdict,
    changes: 0,
    refusals: [{ section: null, offset: null, symbol: null, reason }],
    notes: [],
    signatureDropped: 0,
  };
}

/** A mended module isn't compressed, whatever the original was. */
export function outputPath(path: string): string {
  return path.replace(/\.(gz|xz|zst)$/, "");
}
