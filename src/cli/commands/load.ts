// `farjal load M.ko`: lays out, resolves and relocates the module, and shows where each section is. -o writes the bytes
// of its blocks, to compare with a real kernel's memory.

import { createHash } from "node:crypto";
import type { Command } from "commander";
import type { Address } from "../../address.ts";
import { hex } from "../../hex.ts";
import {
  type AnyKernel,
  type Block,
  type FarJump,
  InitStopped,
  isInitBlock,
  type KernelProfile,
  type LoadedModule,
  Machine,
  Misuse,
  type ModuleFile,
  type ModuleStatus,
  moduleName,
  profileFor,
  Refusal,
  type StillMachine,
} from "../../index.ts";
import { loadText } from "../../report/load-text.ts";
import { moduleListText } from "../../report/module-list-text.ts";
import type { Paint } from "../../report/paint.ts";
import { farJumpLines } from "../../report/plan-text.ts";
import { refusalText } from "../../report/refusal-text.ts";
import { farjalText, linuxText, remedyText } from "../../report/verdict-text.ts";
import { type Answer, type Give, refusalJson } from "../answer.ts";
import { writeWhole } from "../atomic-file.ts";
import { initSource, initStopText } from "../init-stop.ts";
import { stopJson } from "../json/call.ts";
import { farJumpJson } from "../json/far-jump.ts";
import {
  filesOf,
  type LinesOptions,
  notesOf as lineNotesOf,
  SourceLines,
  withLines,
} from "../options/lines.ts";
import {
  initOption,
  type ModuleOptions,
  moduleCommand,
  placed,
  ruleChoice,
} from "../options/module-options.ts";
import { gather } from "../options/numbers.ts";
import type { Terminal } from "../terminal.ts";
import { type Judgement, judge, plannedFor } from "../verdict.ts";

const EXAMPLES = `
Examples:
  farjal load crc16.ko
  farjal load usbcore.ko --kernel vmlinuz --base c00a2000 -o usbcore.bin
  farjal load old.ko --far-jumps refuse            what insmod would say
  farjal load ehci-hcd.ko --kernel vmlinuz --list  what lsmod would print
  farjal load ehci-hcd.ko --kernel vmlinuz --unload usbcore  what rmmod would say
  farjal load loop.ko --init --param 'who=two words' --param quiet`;

interface LoadOptions extends ModuleOptions, LinesOptions {
  readonly output?: string;
  readonly init?: boolean;
  readonly list?: boolean;
  readonly unload?: readonly string[];
}

export function addLoad(program: Command, give: Give, terminal: Terminal): void {
  withLines(placed(moduleCommand(program, "load")))
    .option(
      "--unload <NAME>",
      "then unload this module, as rmmod does (may be given again)",
      gather,
    )
    .option("--list", "print the modules that are loaded afterwards, as lsmod does")
    .addOption(initOption())
    .option(
      "-o, --output <FILE>",
      "write the core block's bytes to FILE, without the init block, which a live kernel has freed; as Linux 6.4 and later, each block's to FILE.text, FILE.data, …",
    )
    .summary("lay out, resolve and relocate as Linux does")
    .description(
      "Loads a module as Linux does and shows the address of each section. Its call sites are switched " +
        "off, as after insmod. A module with far jumps, which Linux refuses, is shown as trampolines mend it. Exit " +
        "code 1: Linux refuses the module (with --far-jumps trampoline or rewrite: farjal can't mend it), or its " +
        "init function fails.",
    )
    .addHelpText("after", EXAMPLES)
    .action((path: string, options: LoadOptions) =>
      give(options, () => load(path, options, terminal)),
    );
}

const UNVERIFIED = "the module's signature is not verified, so who built the module is not known";

function notes(
  { file, profile }: LoadedModule<Address>,
  { list, kernel: path }: LoadOptions,
  kernel: Pick<AnyKernel, "vermagic"> | null,
): string {
  const unverified = file.signature !== null && list !== true ? [UNVERIFIED] : [];
  const sentences = [
    ...profile.notes,
    ...(kernel !== null && kernel.vermagic === null
      ? [`${path} doesn't say its version magic, so that isn't compared: give the kernel's vmlinuz`]
      : []),
    ...otherRelease(file, profile),
    ...otherCode(file),
    ...unverified,
  ];
  return noteLines(sentences);
}

function noteLines(sentences: readonly string[]): string {
  return sentences.map((sentence) => `note: ${sentence}\n`).join("");
}

/** A sentence if the module's file says that its code isn't plain MIPS32. */
function otherCode({ extensions }: ModuleFile): string[] {
  if (extensions.length === 0) return [];
  return [`the module's code uses ${extensions.join(", ")}, which farjal loads and doesn't run`];
}

/** The rules that the options alone choose, for a file that could not be read; null if they name no release. */
function chosenProfile(options: LoadOptions): KernelProfile | null {
  const choice = ruleChoice(options);
  return choice?.release === undefined ? null : profileFor(choice, null, null);
}

/** A sentence if the module is built for another release than the one that it is loaded as. */
function otherRelease({ modinfo }: ModuleFile, { release, from }: KernelProfile): string[] {
  const [built = ""] = modinfo.get("vermagic")?.split(" ") ?? [];
  const same = built === "" || built === release || built.startsWith(`${release}+`);
  if (same || from !== "--kernel-release") return [];
  return [`the module is built for ${built}, and struct module of ${release} may be another`];
}

async function load(path: string, options: LoadOptions, terminal: Terminal): Promise<Answer> {
  const judgement = await judgedOrRefused(path, options);
  if (judgement instanceof Refusal) {
    return refused(judgement, chosenProfile(options), terminal.paint);
  }
  const any = judgement.farjal.session ?? judgement.linux.session;
  const lines = any === null ? null : await SourceLines.open(filesOf(any), options);
  const answer = await judged(path, judgement, options, lines, terminal.paint);
  const { modules } = any?.machine ?? { modules: [] };
  const stopped = [judgement.farjal, judgement.linux].find(
    ({ refusal }) => refusal instanceof InitStopped,
  )?.refusal;
  const stop = initStopText(stopped, modules, lines, terminal.notePaint);
  const farJumps = farJumpsOf(judgement);
  return {
    ...answer,
    json: {
      ...answer.json,
      ...(stopped instanceof InitStopped
        ? { exception: stopJson(stopped.stop, initSource(stopped, modules, lines)) }
        : {}),
      ...(lines === null || any === null
        ? {}
        : { farJumps: farJumps.map((far) => farJumpJson(far, lines.of(any.file))) }),
    },
    notes: `${answer.notes ?? ""}${lineNotesOf(lines).notes ?? ""}${stop}`,
  };
}

/** The far jumps of the module, mended or not. */
function farJumpsOf({ linux, farjal }: Judgement): readonly FarJump<Address>[] {
  return (farjal.loaded?.module.plan ?? plannedFor(linux))?.farJumps ?? [];
}

async function judged(
  path: string,
  judgement: Judgement,
  options: LoadOptions,
  sourceLines: SourceLines | null,
  paint: Paint,
): Promise<Answer> {
  const { linux, farjal, mending, held } = judgement;
  const { session, loaded } = farjal;
  const refusal = linux.refusal;
  const verdicts = { linux: refusal === null ? "loads" : "refused", mend: mending };
  const file = (farjal.session ?? linux.session)?.file;
  const name = file?.name ?? moduleName(path);
  const sourceOf = file && sourceLines?.of(file);
  const far = sourceOf === undefined ? [] : farJumpLines(farJumpsOf(judgement), paint, sourceOf);
  const farText = [...far].map((line) => `${line}\n`);
  const lines = (callSites: number): string[] => {
    const part = {
      name,
      isLoaded: loaded !== null,
      callSites,
      mending,
      linuxLoads: refusal === null,
    };
    const remedy = mending === null || mending.asked ? "" : remedyText(path, paint);
    return [linuxText(name, refusal, paint), farjalText(part, paint), remedy];
  };
  if (loaded === null || session === null) {
    const why = farjal.refusal;
    const own = why === null || why.message === refusal?.message ? "" : refusalText(why, paint);
    const answer = refused(
      refusal ?? (why as Refusal),
      (session ?? linux.session)?.file.profile ?? null,
      paint,
    );
    return {
      ...answer,
      json: { ...answer.json, ...verdicts },
      text: [...farText, ...lines(0), own],
    };
  }
  const { module, blocks } = loaded;
  const sha256 = hashOf(blocks);
  const { machine } = session;
  let modules = machine instanceof Machine ? machine.lsmod() : null;
  if (held) {
    try {
      for (const name of options.unload ?? []) unload(machine, name);
    } catch (error) {
      if (error instanceof Refusal) return refused(error, session.file.profile, paint);
      throw error;
    }
    modules = machine instanceof Machine ? machine.lsmod() : null;
    if (options.output !== undefined) await writeBlocks(options.output, blocks);
  }
  const list = options.list === true && modules !== null;
  return {
    held,
    notes: notes(module, options, session.kernel),
    json: {
      ...loadedJson(module, sha256),
      ...verdicts,
      ...(refusal === null ? {} : refusedKeys(refusal)),
      modules: modules?.map(statusJson) ?? null,
    },
    text: list
      ? moduleListText(modules ?? [])
      : [
          ...(refusal === null ? module.dmesg.map((line) => `${paint.dim(line)}\n`) : []),
          ...loadText(module, sha256),
          ...farText,
          ...lines(module.sites.length),
          ...(held ? (options.unload ?? []).map(unloadedLine) : []),
        ],
  };
}

async function judgedOrRefused(path: string, options: LoadOptions): Promise<Judgement | Refusal> {
  try {
    return await judge(path, options);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function refused(refusal: Refusal, profile: KernelProfile | null, paint: Paint): Answer {
  const rules = profile && rulesJson(profile);
  const memory = { core: null, init: null, memories: [], sections: {} };
  const nothing = { rules, ...memory, sha256: null, modules: [] };
  return {
    held: false,
    json: { ...refusalJson(refusal), linux: "refused", mend: null, ...nothing },
    text: [refusalText(refusal, paint)],
    notes: noteLines(profile?.notes ?? []),
  };
}

/** Linux's words about a module that only farjal loads. */
function refusedKeys({ errno, dmesg, explanation }: Refusal): Answer["json"] {
  return { errno, dmesg, explanation };
}

/** The hash of the bytes of the blocks that stay after init, one after the other. */
function hashOf(blocks: ReadonlyMap<Block, Uint8Array>): string {
  const hash = createHash("sha256");
  for (const [type, bytes] of blocks) if (!isInitBlock(type)) hash.update(bytes);
  return hash.digest("hex");
}

/**
 * Writes each block to a file of its own, FILE.text, … or, as a kernel before 6.4 has them, the core block alone to FILE:
 * a live kernel has freed the init block.
 */
async function writeBlocks(path: string, blocks: ReadonlyMap<Block, Uint8Array>): Promise<void> {
  const core = blocks.get("core");
  if (core !== undefined) return writeWhole(path, core);
  for (const [type, bytes] of blocks) await writeWhole(`${path}.${type}`, bytes);
}

/** @throws Refusal as delete_module() refuses it. */
function unload(machine: Machine | StillMachine, name: string): void {
  if (machine instanceof Machine) machine.rmmod(moduleName(name));
  else throw new Misuse("--unload needs a module of 32 bits");
}

function unloadedLine(name: string): string {
  return `${moduleName(name)} is unloaded\n`;
}

function statusJson(status: ModuleStatus): Answer["json"] {
  return { ...status, base: hex(status.base) };
}

function rulesJson({ release, from, set, rules }: KernelProfile): Answer["json"] {
  return { release, from, set, values: rules };
}

function loadedJson(module: LoadedModule<Address>, sha256: string): Answer["json"] {
  const { name, core, init, memories, sections, dmesg, sites, plan, profile } = module;
  return {
    verdict: "loads",
    errno: null,
    dmesg,
    name,
    core: core.size === 0 ? null : { base: hex(core.base), size: core.size },
    init: init.size === 0 ? null : { base: hex(init.base), size: init.size },
    memories: memories.map(({ type, base, size }) => ({ type, base: hex(base), size })),
    rules: rulesJson(profile),
    sections: Object.fromEntries(sections.map((one) => [one.name, hex(one.address)])),
    callSites: sites.length,
    trampolines: plan.trampolines.length,
    sha256,
  };
}
