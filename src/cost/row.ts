// A row of the cost table: one build of a module in each state of its call sites, as numbers. table.ts makes the rows,
// report/cost/ prints them.

import type { Veneers } from "../trampoline/facts.ts";
import type { DesignKind } from "./design.ts";
import type { PatchTrial } from "./trial.ts";

/** One value for each state of the sites; null if the build has no sites. */
export interface States<T> {
  readonly off: T;
  readonly function: T | null;
  readonly functionGraph: T | null;
}

/** Nanoseconds: the median and the quartiles. */
export interface Spread {
  readonly p50: number;
  readonly p25: number;
  readonly p75: number;
  readonly samples: number;
}

/** The words at a site, in each of its states on hardware. */
export interface SiteCode {
  readonly address: number;
  readonly off: readonly number[];
  readonly on: readonly number[];
}

export interface CostRow {
  readonly design: string;
  readonly kind: DesignKind;
  /** null for the builds that come with farjal. */
  readonly file: string | null;
  /** The row is computed, not measured: a build's own numbers without its sites and the instructions that they run. */
  readonly reckoned: boolean;
  /** How its far jumps share veneers; null if it has none. */
  readonly veneers: Veneers | null;
  readonly v0: number;
  readonly sites: number;
  /** Traced calls in the measured call. */
  readonly calls: number;
  readonly bytes: { readonly code: number; readonly veneers: number };
  /** The reference for the instructions of each call: another row, or the row's own code. */
  readonly base: string | null;
  /** Guest instructions of the whole call, exact; traced by the guest's code. */
  readonly instructions: States<number>;
  /** Guest instructions of each traced call above the reference; null without one. */
  readonly perCall: States<number | null>;
  /** Host nanoseconds of the measured call, divided by its traced calls; traced natively. */
  readonly nanoseconds: States<Spread | null>;
  readonly patches: readonly PatchTrial[];
  /** The module's first site; null without sites. */
  readonly code: SiteCode | null;
}
