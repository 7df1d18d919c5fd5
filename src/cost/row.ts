// A row of the cost table: one build of a module in each state of its call sites, as numbers. table.ts makes
// rows, report/cost/ shows them.

import type { Veneers } from "../trampoline/facts.ts";
import type { DesignKind } from "./design.ts";
import type { PatchTrial } from "./trial.ts";

/** One number for each state of the sites; null where the build has no sites. */
export interface States<T> {
  readonly off: T;
  readonly function: T | null;
  readonly functionGraph: T | null;
}

/** Nanoseconds: the middle, and the quarters around it. */
export interface Spread {
  readonly p50: number;
  readonly p25: number;
  readonly p75: number;
  readonly samples: number;
}

/** The words at a site, in each state that it has on hardware. */
export interface SiteCode {
  readonly address: number;
  readonly off: readonly number[];
  readonly on: readonly number[];
}

export interface CostRow {
  readonly design: string;
  readonly kind: DesignKind;
  /** null for farjal's own modules. */
  readonly file: string | null;
  /** Not measured: a module's own code, its sites and what they execute taken off. */
  readonly reckoned: boolean;
  /** How its far jumps share veneers; null when it has none. */
  readonly veneers: Veneers | null;
  readonly v0: number;
  readonly sites: number;
  /** Traced calls in the measured call. */
  readonly calls: number;
  readonly bytes: { readonly code: number; readonly veneers: number };
  /** What the instructions for each call are counted above: another row, or the row's own code. */
  readonly base: string | null;
  /** Guest instructions of the whole call, exact; traced by guest code. */
  readonly instructions: States<number>;
  /** Guest instructions that each traced call costs above the base; null without one. */
  readonly perCall: States<number | null>;
  /** Host nanoseconds of the measured call, divided by its traced calls; traced natively. */
  readonly nanoseconds: States<Spread | null>;
  readonly patches: readonly PatchTrial[];
  /** The module's first site; null without sites. */
  readonly code: SiteCode | null;
}
