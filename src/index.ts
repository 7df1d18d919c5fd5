// farjal's library: the exports for Node tools and tests, which the command line uses too. browser.ts has those that
// also work in a browser.

export { type KernelTraceOptions, KernelTracer } from "./board/kernel-tracer.ts";
export { Linux, type LinuxAnswer, type LinuxOptions } from "./board/linux.ts";
export { type OpenedLinux, type OpenLinuxOptions, openLinux } from "./board/open-linux.ts";
export { cacheKey, SnapshotCache } from "./board/snapshot-cache.ts";
export * from "./browser.ts";
export { type Builds, type Changes, compareBuilds } from "./fits/builds.ts";
export {
  type Fits,
  type FitsBoth,
  type FitsOptions,
  type JudgedKernel,
  judgeAgainst,
  judgeModules,
} from "./fits/fits.ts";
export type { KernelDifference } from "./fits/kernel-difference.ts";
export { fitsFromJson, mergeFits, type NamedPart } from "./fits/merge.ts";
export type { ImportOrigin, Reason, ReasonKind, RuleDifference, Verdict } from "./fits/reason.ts";
export { judgeTree, type TreeFits, type TreeOptions, type TreeSubject } from "./fits/tree.ts";
export { type GdbEnd, type GdbOptions, serveGdb } from "./gdb/server.ts";
export { mendedFromJson, mergeMended } from "./mend-tree/merge.ts";
export type { MendedTree, MendResult, MendSubject } from "./mend-tree/result.ts";
export { type MendTreeOptions, mendTree } from "./mend-tree/tree.ts";
export { type FoundShard, shardFromEnvironment } from "./shards/engines.ts";
export { Incomplete } from "./shards/join.ts";
export type { Shard } from "./shards/shard.ts";
export { DebugFiles, type FoundDebugInfo } from "./sweep/debug-files.ts";
export { mergeSweeps, type NamedShard, sweepFromJson } from "./sweep/merge.ts";
export { modprobe } from "./sweep/modprobe.ts";
export {
  type ModuleResult,
  type Sweep,
  type SweepSpeed,
  type SweepSubject,
  type SweepSummary,
  summarise as summariseSweep,
  sweepNotes,
} from "./sweep/result.ts";
export { type SweepOptions, sweep } from "./sweep/sweep.ts";
export type { Comparison, WordDifference } from "./verify/compare.ts";
export { GUEST_MACHINES, type GuestMachine } from "./verify/guest.ts";
export { mergeVerified, verifiedFromJson } from "./verify/merge.ts";
export {
  type VerifiedTree,
  type VerifySubject,
  type VerifyTreeOptions,
  verifyTree,
} from "./verify/tree.ts";
export {
  type Verification,
  type VerifiedModule,
  type VerifyOptions,
  verify,
} from "./verify/verify.ts";
