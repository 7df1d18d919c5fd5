// `farjal verify MODULE…`: boots a real kernel, loads modules there and in farjal, and compares their memory word by
// word; `farjal verify DIR`, all modules of a tree.

import { type Command, Option } from "commander";
import { hex } from "../../hex.ts";
import { isDirectory } from "../../host/path-kind.ts";
import {
  GUEST_MACHINES,
  type GuestMachine,
  Misuse,
  mergeVerified,
  type VerifiedModule,
  type VerifiedTree,
  verifiedFromJson,
  verify,
  verifyTree,
} from "../../index.ts";
import { verifyText, verifyTreeText } from "../../report/verify-text.ts";
import type { Answer, AnswerOptions, Give } from "../answer.ts";
import { type CacheOptions, cacheOption, kernelStore } from "../kernel-store.ts";
import { countReader } from "../options/numbers.ts";
import {
  chosenShard,
  joinsParts,
  mergedAnswer,
  readDocument,
  type ShardOptions,
  withShards,
} from "../options/shard.ts";
import { Progress } from "../progress.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `
Of a directory, all modules in it are verified, each after those that it needs there, in as many boots as they take.

Examples:
  farjal verify usbcore.ko --kernel vmlinuz-6.1.0-50-4kc-malta
  farjal verify ext4 cfg80211 --kernel vmlinuz --modules lib/modules/6.1.0-50-4kc-malta
  farjal verify usbcore.ko.xz --kernel vmlinuz-6.12.95+deb12-5kc-malta       64 bits: in qemu-system-mips64el
  farjal verify lib/modules/RELEASE --kernel vmlinuz --shard auto --json > $SLURM_ARRAY_TASK_ID.json
  farjal verify --merge 1.json 2.json 3.json 4.json`;

interface VerifyOptions extends AnswerOptions, CacheOptions, ShardOptions {
  readonly kernel?: string;
  readonly modules?: string;
  readonly machine?: GuestMachine;
  readonly timeLimit: number;
}

export function addVerify(program: Command, give: Give, terminal: Terminal): void {
  withShards(program.command("verify"))
    .argument(
      "<MODULE...>",
      "a module's file, or its name in the tree of --modules; or one directory with modules in it; with --merge, the parts' JSON documents",
    )
    .option("--json", "print one JSON document")
    .option("--kernel <FILE>", "the vmlinuz or vmlinux to boot, for a Malta board")
    .addOption(cacheOption())
    .addOption(
      new Option(
        "--machine <NAME>",
        "where the kernel boots: on farjal's board, or in QEMU (default: board, and qemu for a 64-bit kernel)",
      ).choices(GUEST_MACHINES),
    )
    .option("--modules <DIR>", "a modules tree, where names and dependencies are found")
    .option("--time-limit <S>", "seconds that the boot may take", countReader(1, 86_400), 300)
    .summary("compare with a real kernel's memory, word by word")
    .description(
      "Boots a kernel on farjal's board or in QEMU, loads the modules there and in farjal at the same addresses, and " +
        "compares their memory: relocated before any code runs, loaded, and traced. It also compares the addresses of " +
        "sections, the loader's lines, /proc/modules, the traced functions and the trace's text. Exit code 1: a word differs without an " +
        "explanation, or the two don't agree on something else.",
    )
    .addHelpText("after", EXAMPLES)
    .action((names: readonly string[], options: VerifyOptions) =>
      give(options, () => answered(names, options, terminal)),
    );
}

async function answered(
  names: readonly string[],
  options: VerifyOptions,
  terminal: Terminal,
): Promise<Answer> {
  if (joinsParts(options)) return merged(names, terminal);
  const { kernel } = options;
  if (kernel === undefined) throw new Misuse("name the kernel to boot with --kernel FILE");
  const [directory = "", another] = names;
  if (isDirectory(directory)) {
    if (another !== undefined) throw new Misuse("verify takes modules or one directory");
    if (options.modules !== undefined) {
      throw new Misuse("--modules is for modules; a directory has its own");
    }
    return treeAnswer(await verifiedTree(directory, kernel, options, terminal), terminal);
  }
  if (options.shard !== undefined || options.timings !== undefined) {
    throw new Misuse("--shard and --timings are for a directory");
  }
  const verification = await verified(names, kernel, options, terminal);
  return {
    held: verification.held,
    json: { ...verification, modules: verification.modules.map(moduleJson) },
    text: verifyText(verification, terminal.paint),
  };
}

function merged(names: readonly string[], terminal: Terminal): Answer {
  return mergedAnswer(names, terminal, verifiedFromJson, (parts) =>
    treeAnswer(mergeVerified(parts), terminal),
  );
}

function treeAnswer(tree: VerifiedTree, { paint }: Terminal): Answer {
  return {
    held: tree.held,
    json: { ...tree, modules: tree.modules.map(moduleJson) },
    text: verifyTreeText(tree, paint),
  };
}

function moduleJson(module: VerifiedModule): Answer["json"] {
  const comparisons = module.comparisons.map((comparison) => ({
    ...comparison,
    differences: comparison.differences.map(({ section, address, ours, live }) => {
      return { section, address: hex(address), ours: hex(ours), live: hex(live) };
    }),
  }));
  return { ...module, comparisons };
}

async function verified(
  names: readonly string[],
  kernel: string,
  { modules, ...options }: VerifyOptions,
  terminal: Terminal,
) {
  const progress = new Progress(terminal);
  try {
    return await verify(names, {
      ...sharedOptions(kernel, options, progress),
      ...(modules === undefined ? {} : { tree: modules }),
    });
  } finally {
    progress.stop();
  }
}

async function verifiedTree(
  directory: string,
  kernel: string,
  options: VerifyOptions,
  terminal: Terminal,
): Promise<VerifiedTree> {
  const { timings } = options;
  const shard = chosenShard(options.shard, terminal);
  const last = timings === undefined ? undefined : verifiedFromJson(timings, readDocument(timings));
  const progress = new Progress(terminal);
  try {
    const shared = sharedOptions(kernel, options, progress);
    return await verifyTree(directory, { ...shared, shard, timings: last });
  } finally {
    progress.stop();
  }
}

function sharedOptions(
  kernel: string,
  { machine, timeLimit, cache }: VerifyOptions,
  progress: Progress,
) {
  return {
    ...{ kernel, machine, timeLimit, store: kernelStore({ cache }) },
    onProgress: (done: number, total: number) => progress.at(done, total),
  };
}
