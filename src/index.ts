// farjal's library: everything a Node tool or a test imports, and nothing else. The command line is
// built on this same surface.

export { type DiffOptions, diffTraces, type TraceDiff } from "./compare/diff.ts";
export {
  callsByJal,
  DEAD_ENTRIES,
  type Design,
  designOf,
  type MissingDesign,
  missingDesigns,
  sequenceStart,
  sequenceWords,
} from "./cost/design.ts";
export { adoptEntries, type Entries, readEntries, VENEER_SECTION } from "./cost/entry.ts";
export {
  detour,
  type Interruptions,
  interrupt,
  type Probe,
  type WrongRun,
} from "./cost/interruption.ts";
export { type Patch, patchesOf } from "./cost/patch.ts";
export { type PatchTrial, tryPatches } from "./cost/trial.ts";
export type { Endian } from "./elf/object.ts";
export { type Errno, Misuse, Refusal, type RefusalDetails } from "./errors.ts";
export { filterStory, type StoryFilter } from "./explain/filter.ts";
export { type Story, type StoryMachine, type TellOptions, tellStory } from "./explain/story.ts";
export {
  type ExportOptions,
  formatOfName,
  isTextFormat,
  type TextFormat,
  TRACE_FORMATS,
  type TraceFormat,
  traceText,
  traceWriting,
  writeTrace,
} from "./formats/export.ts";
export { type FollowedFacts, writeFollowed } from "./formats/followed.ts";
export { type ReadOptions, readTrace, traceFromBytes } from "./formats/read.ts";
export { MemorySink, type Sink } from "./formats/sink.ts";
export type { OtherEvent, RecordedEvent, Trace, TraceRecord } from "./formats/trace.ts";
export {
  type EntryEvent,
  type FunctionEvent,
  type ReturnEvent,
  TRACERS,
  type TraceEvent,
  type TracerName,
} from "./ftrace/event.ts";
export type { TraceFeed } from "./ftrace/feed.ts";
export type { FilterFile } from "./ftrace/function-set.ts";
export type { FunctionProfile, ProfileOptions } from "./ftrace/profile.ts";
export { largestCapacity, recordSize } from "./ftrace/record.ts";
export type { Recording } from "./ftrace/recording.ts";
export { followTrace, type TraceStream } from "./ftrace/stream.ts";
export { TRACE_FILES, type TraceFile } from "./ftrace/tracefs.ts";
export type {
  GraphEvent,
  GraphTextOptions,
  TraceOptions,
  Tracer,
  TraceWay,
} from "./ftrace/tracer.ts";
export { type GdbEnd, type GdbOptions, serveGdb } from "./gdb/server.ts";
export type { AnyKernel, Kernel, KernelExport, KernelSymbol } from "./kernel/kernel.ts";
export {
  type ReadKernelOptions,
  readAnyKernel,
  readKernel,
  readKernel64,
} from "./kernel/read.ts";
export type { Argument } from "./machine/argument.ts";
export { ENGINES, type Engine, PROFILE_NAMES, type Profile } from "./machine/core.ts";
export {
  Debugger,
  type DebugTarget,
  type RunOptions,
  type Watchpoint,
} from "./machine/debugger.ts";
export type { CallResult, GuestCall } from "./machine/guest-call.ts";
export type { GuestMemory } from "./machine/guest-memory.ts";
export type { GuestStop } from "./machine/guest-stop.ts";
export type { Halt } from "./machine/halt.ts";
export type { HostCall, HostFunction } from "./machine/host-functions.ts";
export {
  type CallOptions,
  type InsmodOptions,
  Machine,
  type MachineOptions,
} from "./machine/machine.ts";
export type { ModuleState, ModuleStatus } from "./machine/resident.ts";
export { pageSizeOf, StillMachine, type StillMachineOptions } from "./machine/still-machine.ts";
export type { NamedAddress } from "./machine/symbol-index.ts";
export { type ModuleFile, type ReadModuleOptions, readModule } from "./module/file.ts";
export { describeModule, type ModuleInfo } from "./module/info.ts";
export type { ModulePlan } from "./module/load.ts";
export type { LoadedModule, LoadedSection, LoadedSite, LoadedSymbol } from "./module/loaded.ts";
export { moduleName } from "./module/name.ts";
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
export type { FarJump, Trampoline, TrampolinePlan, Veneers } from "./trampoline/plan.ts";
export type { TranslatorStatistics } from "./translate/translator.ts";
export type { Comparison, WordDifference } from "./verify/compare.ts";
export {
  type Verification,
  type VerifiedModule,
  type VerifyOptions,
  verify,
} from "./verify/verify.ts";
