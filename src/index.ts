// farjal's library: everything a Node tool or a test imports, and nothing else. The command line uses the same
// surface. What runs in a browser too is in browser.ts.

export { Linux, type LinuxAnswer, type LinuxOptions } from "./board/linux.ts";
export { type OpenedLinux, type OpenLinuxOptions, openLinux } from "./board/open-linux.ts";
export { cacheKey, SnapshotCache } from "./board/snapshot-cache.ts";
export * from "./browser.ts";
export { type GdbEnd, type GdbOptions, serveGdb } from "./gdb/server.ts";
export { mergeSweeps, type NamedShard, sweepFromJson } from "./sweep/merge.ts";
export {
  type ModuleResult,
  type Sweep,
  type SweepSpeed,
  type SweepSubject,
  type SweepSummary,
  summarise as summariseSweep,
} from "./sweep/result.ts";
export { type SweepOptions, sweep } from "./sweep/sweep.ts";
export type { Comparison, WordDifference } from "./verify/compare.ts";
export {
  type Verification,
  type VerifiedModule,
  type VerifyOptions,
  verify,
} from "./verify/verify.ts";
