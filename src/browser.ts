// farjal's library for a browser: everything except what needs processes, sockets or folders (index.ts adds that). A
// bundler resolves `farjal` to this file under the condition `browser`. A machine uses shared memory, so the page must
// be cross-origin isolated.

export type { Address } from "./address.ts";
export { type Access, AccessLog } from "./board/access-log.ts";
export {
  type AttachOptions,
  Board,
  type BoardOptions,
  type RunOptions as BoardRunOptions,
} from "./board/board.ts";
export type { BoardStop } from "./board/board-stop.ts";
export {
  type BootImage,
  type BootSegment,
  readBootImage,
  unpackedImage,
} from "./board/boot-image.ts";
export type { Console } from "./board/console.ts";
export { boardTarget } from "./board/debug-target.ts";
export type { Device, DeviceMemory, DevicePort, DeviceStop, Saved } from "./board/device.ts";
export type { Pcnet as NetworkCard } from "./board/devices/pcnet.ts";
export { Disk } from "./board/disk.ts";
export { EthernetLink, type LinkStop } from "./board/ethernet-link.ts";
export {
  InputRecorder,
  type InputRecording,
  InputReplay,
  readInputRecording,
} from "./board/input-recording.ts";
export type { BootProgram } from "./board/loader.ts";
export { pcapHeader, pcapRecord } from "./board/pcap.ts";
export { postMortem } from "./board/post-mortem.ts";
export { readScript, ScriptedRun, type ScriptStep, type ScriptStop } from "./board/script.ts";
export { boardOf, restoreBoard, saveBoard } from "./board/snapshot.ts";
export { ByteBuffer as MemorySink } from "./bytes/byte-buffer.ts";
export type { Endian } from "./bytes/endian.ts";
export type { Sink } from "./bytes/sink.ts";
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
export type { CostRow, SiteCode, Spread, States } from "./cost/row.ts";
export { type Build, type CostTable, costTable } from "./cost/table.ts";
export { KERNEL_ROUND, traceCost } from "./cost/trace-cost.ts";
export { type PatchTrial, tryPatches } from "./cost/trial.ts";
export {
  type Coverage,
  type ModuleCoverage,
  mergeCoverage,
  type SourceCoverage,
} from "./coverage/coverage.ts";
export { coverageJson, readCoverageJson } from "./coverage/json.ts";
export { lcovText, readLcov } from "./coverage/lcov.ts";
export { coverageOf, type DebugInfoOf } from "./coverage/of-execution.ts";
export {
  DebugInfo,
  openDebugInfo,
  type SourceFrame,
  type SourceFunction,
  type SourceLine,
  sourcePath,
} from "./dwarf/debug-info.ts";
export {
  bareType,
  type CType,
  DebugTypes,
  type Prototype,
  type StructType,
  sizeOfType,
  typeText,
} from "./dwarf/types.ts";
export type { ElfObject } from "./elf/object.ts";
export { type Errno, Misuse, NothingMatches, Refusal, type RefusalDetails } from "./errors.ts";
export { type Explanation, type ExplanationOptions, explainModule } from "./explain/explanation.ts";
export { type ExplanationFilter, filterExplanation } from "./explain/filter.ts";
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
export { traceOfKernel } from "./formats/kernel-trace.ts";
export { type ReadOptions, readTrace, traceFromBytes } from "./formats/read.ts";
export type { OtherEvent, RecordedEvent, Trace, TraceRecord } from "./formats/trace.ts";
export type { KernelTraceFiles } from "./formats/trace-dat/kernel-files.ts";
export type { FunctionLine, FunctionLineOf } from "./formats/viewers/function-line.ts";
export {
  type EntryEvent,
  type FunctionEvent,
  type ReturnEvent,
  TRACERS,
  type TraceEvent,
  type TracerName,
} from "./ftrace/event.ts";
export type { FilterFile } from "./ftrace/filters/function-set.ts";
export type { FunctionProfile, ProfileOptions } from "./ftrace/function-profile.ts";
export type { TraceFeed } from "./ftrace/ring/feed.ts";
export { largestCapacity, recordSize } from "./ftrace/ring/record.ts";
export type { Recording } from "./ftrace/ring/recording.ts";
export { followTrace, type TraceStream } from "./ftrace/ring/stream.ts";
export type { NamedAddress } from "./ftrace/symbol-table.ts";
export { TRACE_FILES, type TraceFile } from "./ftrace/tracefs.ts";
export type {
  GraphEvent,
  GraphTextOptions,
  TraceOptions,
  Tracer,
  TraceWay,
} from "./ftrace/tracer.ts";
export type { Resource, ResourceName } from "./host/host.ts";
export { prepareResources } from "./host/prepare.ts";
export { provideResources } from "./host/resources.ts";
export type { AnyKernel, Kernel, KernelExport, KernelSymbol } from "./kernel/kernel.ts";
export { isOf32Bits } from "./kernel/kernel.ts";
export {
  kernelOf32Bits,
  kernelOf64Bits,
  type ReadKernelOptions,
  readAnyKernel,
  readKernel,
  readKernel64,
} from "./kernel/read.ts";
export {
  type KernelProfile,
  type KernelWords,
  parseRules,
  profileFor,
  type ReleaseSource,
  type RuleChoice,
} from "./kernel/rules/profile.ts";
export {
  RULE_IDS,
  RULE_SETS,
  RULES,
  type Rule,
  type RuleId,
  type RuleSet,
  type Rules,
} from "./kernel/rules/table.ts";
export type { KernelStore } from "./kernel/stored.ts";
export {
  type Astray,
  type AstrayCall,
  type AstrayOptions,
  type AstrayTrial,
  runAstray,
} from "./lab/astray.ts";
export type { Argument } from "./lab/calls/argument.ts";
export type { GuestCall } from "./lab/calls/guest-call.ts";
export type { HostCall } from "./lab/calls/host-call.ts";
export type { HostFunction } from "./lab/calls/host-functions.ts";
export type { HostResult } from "./lab/calls/host-result.ts";
export {
  type CallOutcome,
  type CallResult,
  CallStopped,
  type StoppedCall,
} from "./lab/calls/outcome.ts";
export type { CountedCode, CountedSection, ExecutedCode, OtherCode } from "./lab/code-counts.ts";
export { InitStopped } from "./lab/init-stopped.ts";
export { Machine } from "./lab/machine.ts";
export type {
  BudgetOptions,
  CallOptions,
  InsmodOptions,
  MachineOptions,
  ProvideOptions,
  StartOptions,
} from "./lab/machine-options.ts";
export {
  kindFor,
  type MachineKind,
  type ModuleMachine,
  makeMachine,
  makeStillMachine,
} from "./lab/module-machine.ts";
export { dependencyBase, ModuleStack, type StackedFile } from "./lab/module-stack.ts";
export type { ModuleState, ModuleStatus } from "./lab/resident.ts";
export { pageSizeOf, StillMachine, type StillMachineOptions } from "./lab/still-machine.ts";
export { memoryType } from "./lab/structs/debug-type.ts";
export {
  arrayType,
  type Layout,
  type LayoutType,
  namedType,
  structOf,
} from "./lab/structs/layout.ts";
export {
  decoded as decodeValue,
  encoded as encodeValue,
  type ReadValue,
  type Struct,
  type StructValue,
} from "./lab/structs/struct.ts";
export {
  alignmentOf,
  type MemoryStruct,
  type MemoryType,
  sizeOf,
} from "./lab/structs/type.ts";
export { type BenchRow, benchRows } from "./measure/bench-rows.ts";
export { type Effort, interleave, type Task, type Timing } from "./measure/interleave.ts";
export {
  type MeasuredCall,
  type Open,
  Run,
  type Setup,
  type Subject,
  type Tracing,
} from "./measure/measured-run.ts";
export { jumpsOfFile, type ListedJump } from "./mend/jump-list.ts";
export { type Mended, mendModule } from "./mend/mend.ts";
export type { MendOptions } from "./mend/plan.ts";
export type {
  Change,
  ChangeKind,
  MendRefusal,
  MendReport,
  MendVerdict,
  SectionChange,
} from "./mend/report.ts";
export { type Rewritten, rewrittenModule } from "./mend/rewritten.ts";
export { type ModuleFile, type ReadModuleOptions, readModule } from "./module/file/file.ts";
export { describeModule, type ModuleInfo } from "./module/file/info.ts";
export { moduleName } from "./module/file/name.ts";
export { openModule, readModuleBytes } from "./module/file/source.ts";
export type { ModulePlan } from "./module/load.ts";
export type { LoadedModule, LoadedSection, LoadedSite, LoadedSymbol } from "./module/loaded.ts";
export { EventStore } from "./observe/event-store.ts";
export { FunctionTrace, type FunctionTraceOptions } from "./observe/function-trace.ts";
export { kernelProfile } from "./observe/kernel-profile.ts";
export { type KernelFunction, RunningKernel } from "./observe/running-kernel.ts";
export {
  type Crash,
  type CrashImages,
  type CrashPlace,
  decodeOops,
  modulesOf,
} from "./oops/decode.ts";
export { KernelImage, ModuleImage, openKernelImage } from "./oops/images.ts";
export { type CrashLog, type OopsText, readCrashLog } from "./oops/oops-text.ts";
export { DEFAULT_BUDGET } from "./processor/budget.ts";
export {
  Debugger,
  type DebugTarget,
  type RunOptions,
  type Watchpoint,
} from "./processor/debugger.ts";
export { ENGINES, type Engine } from "./processor/engine.ts";
export type { GuestMemory } from "./processor/guest-memory.ts";
export { CPU_MODEL_NAMES, type CpuModel } from "./processor/processor.ts";
export type { GuestStop, Halt } from "./processor/stop.ts";
export { CallGraph } from "./profile/call-graph.ts";
export { callgrindText } from "./profile/callgrind.ts";
export {
  allowedInstructions,
  type CostChange,
  type CostDifferences,
  type Costs,
  costDifferences,
  costsOf,
  type FunctionCost,
  type InstructionLimit,
  type LineCost,
} from "./profile/differences.ts";
export { readProfileJson } from "./profile/json.ts";
export { pprofBytes } from "./profile/pprof.ts";
export {
  type Profile,
  type ProfiledCall,
  type ProfiledFunction,
  type ProfiledInstruction,
  profiledLines,
  profileOf,
} from "./profile/profile.ts";
export { profileStacks } from "./profile/stacks.ts";
export {
  BLOCKS,
  type Block,
  isInitBlock,
  type PerBlock,
  type Veneers,
} from "./trampoline/facts.ts";
export type { FarJump } from "./trampoline/far-jump.ts";
export type { Trampoline } from "./trampoline/place.ts";
export type { TrampolinePlan } from "./trampoline/plan.ts";
export type { TranslatorStatistics } from "./translate/translator.ts";
