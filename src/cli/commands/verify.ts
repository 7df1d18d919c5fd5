// `farjal verify MODULE…`: boots a real kernel, loads modules there and in farjal, and compares their memory word by
// word.

import { type Command, Option } from "commander";
import { hex } from "../../hex.ts";
import { GUEST_MACHINES, type GuestMachine, type VerifiedModule, verify } from "../../index.ts";
import { verifyText } from "../../report/verify-text.ts";
import type { Answer, AnswerOptions, Give } from "../answer.ts";
import { type CacheOptions, cacheOption, kernelStore } from "../kernel-store.ts";
import { countReader } from "../options/numbers.ts";
import { progressBar } from "../progress.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `
Examples:
  farjal verify usbcore.ko --kernel vmlinuz-6.1.0-50-4kc-malta
  farjal verify ext4 cfg80211 --kernel vmlinuz --modules lib/modules/6.1.0-50-4kc-malta
  farjal verify usbcore.ko.xz --kernel vmlinuz-6.12.95+deb12-5kc-malta       64 bits: in qemu-system-mips64el`;

interface VerifyOptions extends AnswerOptions, CacheOptions {
  readonly kernel: string;
  readonly modules?: string;
  readonly machine?: GuestMachine;
  readonly timeLimit: number;
}

export function addVerify(program: Command, give: Give, terminal: Terminal): void {
  program
    .command("verify")
    .argument("<MODULE...>", "a module's file, or its name in the tree of --modules")
    .option("--json", "print one JSON document")
    .requiredOption("--kernel <FILE>", "the vmlinuz or vmlinux to boot, for a Malta board")
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
      give(options, async () => {
        const verification = await verified(names, options, terminal);
        return {
          held: verification.held,
          json: { ...verification, modules: verification.modules.map(moduleJson) },
          text: verifyText(verification, terminal.paint),
        };
      }),
    );
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
  { kernel, machine, modules, timeLimit, cache }: VerifyOptions,
  terminal: Terminal,
) {
  const bar = progressBar(terminal);
  try {
    return await verify(names, {
      kernel,
      machine,
      store: kernelStore({ cache }),
      timeLimit,
      ...(modules === undefined ? {} : { tree: modules }),
      onProgress: (done, total) => {
        if (!bar?.isActive) bar?.start(total, done);
        else bar.update(done);
      },
    });
  } finally {
    bar?.stop();
  }
}
