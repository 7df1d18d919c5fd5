// The options common to all commands that take a module, declared once, and the type of their values as commander
// returns them.

import type { Command } from "commander";
import { Option } from "commander";
import type { Address } from "../../address.ts";
import {
  CPU_MODEL_NAMES,
  type CpuModel,
  DEFAULT_BUDGET,
  ENGINES,
  type Endian,
  type Engine,
  type PerBlock,
  parseRules,
  RULE_SETS,
  type RuleChoice,
  type RuleSet,
} from "../../index.ts";
import type { AnswerOptions } from "../answer.ts";
import { type CacheOptions, cacheOption } from "../kernel-store.ts";
import { countReader, gather, readAddress, readPlaces } from "./numbers.ts";

/** The default base of a module, where the search for free places begins. */
export const DEFAULT_BASE = 0xc0000000;
const MOST_MEMORY = 512;

export interface ModuleOptions extends AnswerOptions, CacheOptions {
  readonly kernel?: string;
  readonly symvers?: string;
  readonly kernelRelease?: string;
  readonly rules?: RuleSet;
  /** `RULE=VALUE`, one in each element. */
  readonly rule?: readonly string[];
  /** For a 64-bit module, an address of up to eight digits is sign-extended. */
  readonly base?: Address;
  readonly initBase?: Address;
  /** Addresses of single blocks. */
  readonly place?: PerBlock<Address>;
  readonly object?: boolean;
  readonly endian?: Endian;
  readonly memory: number;
  readonly cpu: CpuModel;
  readonly engine?: Engine;
  readonly with?: readonly string[];
  /** `NAME=VALUE` or `NAME`, one in each element. */
  readonly param?: readonly string[];
  /** Default: `trampoline`; commands that give Linux's verdict also give that of an unmended module. */
  readonly farJumps?: "refuse" | "trampoline" | "rewrite" | undefined;
  readonly stubMissing?: boolean;
}

/** The kernel's rules that the options ask for; undefined if they ask for none. @throws Misuse for a wrong rule. */
export function ruleChoice({
  kernelRelease,
  rules,
  rule,
}: Pick<ModuleOptions, "kernelRelease" | "rules" | "rule">): RuleChoice | undefined {
  if (kernelRelease === undefined && rules === undefined && rule === undefined) return undefined;
  return {
    ...(kernelRelease === undefined ? {} : { release: kernelRelease }),
    ...(rules === undefined ? {} : { set: rules }),
    ...(rule === undefined ? {} : { rules: parseRules(rule) }),
  };
}

export interface CallOptions extends ModuleOptions {
  /** `NAME`, or `NAME(ARG, …)`. */
  readonly call?: string;
  /** `NAME=VALUE`, one in each element. */
  readonly let?: readonly string[];
  /** `NAME=RESULT`, one in each element. */
  readonly provide?: readonly string[];
  readonly traceImports?: boolean;
  readonly budget: number;
  readonly init?: boolean;
}

/** A command that takes a module: `farjal NAME M.ko`. */
export function moduleCommand(program: Command, name: string): Command {
  return program
    .command(name)
    .argument("<M.ko>", "the module, or - for standard input")
    .option("--json", "print one JSON document")
    .option("--object", "take a plain .o, which Linux would refuse as a module");
}

/** Adds the options that choose the kernel's rules. */
export function withRules(command: Command): Command {
  return command
    .option(
      "--kernel-release <RELEASE>",
      "load as this Linux does, such as 6.12.95; default: the kernel's release, or the module's",
    )
    .addOption(
      new Option("--rules <SET>", "whose kernel it is; default: by the release").choices(RULE_SETS),
    )
    .option(
      "--rule <RULE=VALUE>",
      "one rule of the kernel, such as V20=refuse (may be given again)",
      gather,
    );
}

/** Adds the options of commands that place the module at an address. */
export function placed(command: Command): Command {
  const address = "an address in hexadecimal";
  return withRules(command)
    .option(
      "--kernel <FILE>",
      "import from this kernel: vmlinuz, vmlinux, System.map, kallsyms, Module.symvers",
    )
    .addOption(cacheOption())
    .option(
      "--symvers <FILE>",
      "the Module.symvers of that kernel: adds exports and checksums to the addresses of a System.map",
    )
    .option(
      "--base <HEX>",
      `the place of the core block (of text since Linux 6.4), ${address}; default: c0000000`,
      readAddress,
    )
    .option(
      "--place <BLOCK=HEX,...>",
      "the places of single blocks, such as text=c0000000,data=c0010000; the others: the first free ones",
      readPlaces,
    )
    .option("--init-base <HEX>", `the init block's place, ${address}`, readAddress)
    .addOption(
      new Option("--endian <ORDER>", "the machine's byte order; default: the module's").choices([
        "little",
        "big",
      ]),
    )
    .addOption(
      new Option("--cpu <NAME>", "the processor; a 4Kc has no Release 2 instructions")
        .choices(CPU_MODEL_NAMES)
        .default("24Kc"),
    )
    .option("--memory <MIB>", "the machine's memory in MiB", countReader(16, MOST_MEMORY), 64)
    .option("--with <FILE>", "load this module first (may be given again)", gather)
    .option(
      "--param <NAME=VALUE>",
      "set a parameter of the module, as insmod does (may be given again)",
      gather,
    )
    .addOption(
      new Option(
        "--far-jumps <HOW>",
        "refuse as Linux does, mend with trampolines, or load the file as farjal mend rewrites it; default: trampoline",
      ).choices(["refuse", "trampoline", "rewrite"]),
    )
    .option(
      "--stub-missing",
      "bind imports that nothing exports to a stub, which ends the run when called",
    );
}

export function budgetOption(): Option {
  return new Option("--budget <N>", "instructions the call may take")
    .argParser(countReader(1, Number.MAX_SAFE_INTEGER))
    .default(DEFAULT_BUDGET);
}

/** Whether init functions run: those of its dependencies, then the module's own. */
export function initOption(): Option {
  return new Option("--init", "run the module's init function first");
}

/** Adds the option of commands that run their call with one engine. */
export function withEngine(command: Command): Command {
  return command.addOption(
    new Option("--engine <NAME>", "how instructions are run; auto translates hot code")
      .choices(ENGINES)
      .default("auto"),
  );
}
