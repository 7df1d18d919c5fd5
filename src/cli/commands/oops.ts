// `farjal oops [FILE]`: decodes the oopses in a console's output, dmesg's or a syslog file, with the files of the modules
// and the kernel that crashed.

import type { Command } from "commander";
import {
  type Crash,
  type CrashImages,
  DebugFiles,
  decodeOops,
  Misuse,
  ModuleImage,
  moduleName,
  modulesOf,
  openKernelImage,
  openModule,
  readCrashLog,
} from "../../index.ts";
import { LOG_BYTES } from "../../limits.ts";
import { crashText } from "../../report/oops-text.ts";
import { modulesIn } from "../../sweep/dependencies.ts";
import type { Answer, AnswerOptions, Give } from "../answer.ts";
import { readInput } from "../input.ts";
import { crashJson } from "../json/crash.ts";
import { gather } from "../options/numbers.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `
The modules' places are known from the symbols in the text, and from lines of /proc/modules in it.

Examples:
  dmesg | farjal oops --modules /lib/modules/6.1.0-50-4kc-malta
  farjal oops console.log --modules build --kernel vmlinux
  farjal oops console.log --modules rootfs/lib/modules --debug-info /usr/lib/debug --json`;

interface OopsOptions extends AnswerOptions {
  readonly modules?: readonly string[];
  readonly kernel?: string;
  readonly debugInfo?: string;
}

export function addOops(program: Command, give: Give, terminal: Terminal): void {
  program
    .command("oops")
    .argument("[FILE]", "the text; default: standard input", "-")
    .option("--json", "print one JSON document")
    .option(
      "--modules <DIR>",
      "where the modules' files are, in it or below it (may be given again)",
      gather,
    )
    .option(
      "--kernel <FILE>",
      "the kernel: vmlinux (with its lines, if it has debugging information), vmlinuz, System.map",
    )
    .option(
      "--debug-info <FILE|DIR>",
      "debugging information of modules and of a kernel that have none: of the same build, by build-id or by their code",
    )
    .summary("decode the oopses in a kernel's messages")
    .description(
      "Decodes oopses of MIPS kernels: which line of which function failed and why, who called it, and " +
        "whether a jump went to a wrong 256 MiB region. The text may be cut off at both ends.",
    )
    .addHelpText("after", EXAMPLES)
    .action((path: string, options: OopsOptions) =>
      give(options, () => oops(path, options, terminal)),
    );
}

async function oops(path: string, options: OopsOptions, terminal: Terminal): Promise<Answer> {
  const log = readCrashLog(readInput(path, LOG_BYTES));
  if (log.oopses.length === 0) {
    throw new Misuse(`${path === "-" ? "the text" : path}: no oops of a MIPS kernel is in it`);
  }
  const wanted = new Set(log.oopses.flatMap((one) => [...modulesOf(one, log.moduleLines)]));
  const [release = null] = log.oopses.flatMap((one) => one.release ?? []);
  const { images, notes } = await openImages(wanted, release, options);
  const crashes = log.oopses.map((one) => decodeOops(one, log.moduleLines, images));
  return {
    held: true,
    json: { oopses: crashes.map(crashJson), notes },
    text: text(crashes, terminal),
    ...(notes.length === 0 ? {} : { notes: notes.map((note) => `note: ${note}\n`).join("") }),
  };
}

function* text(crashes: readonly Crash[], { paint }: Terminal): Generator<string> {
  for (const [index, crash] of crashes.entries()) {
    if (index > 0) yield "\n";
    yield crashText(crash, paint);
  }
}

/** Opens the files of the modules that the text names, and the kernel's. */
async function openImages(
  wanted: ReadonlySet<string>,
  release: string | null,
  { modules: directories = [], kernel, debugInfo }: OopsOptions,
): Promise<{ readonly images: CrashImages; readonly notes: readonly string[] }> {
  const notes: string[] = [];
  const debugFiles = new DebugFiles(debugInfo);
  const paths = new Map(directories.flatMap((directory) => [...modulesIn(directory, true)]));
  const modules = new Map<string, ModuleImage>();
  for (const name of wanted) {
    const path = paths.get(moduleName(name));
    if (path === undefined) {
      notes.push(`no file of ${name} was found: give the directory that has it with --modules`);
      continue;
    }
    const file = await openModule(path);
    const debug = await debugFiles.of(name, file.elf);
    if (debug === null) {
      notes.push(`${path} has no debugging information: give its twin with --debug-info`);
    }
    for (const one of debug?.elsewhere ?? []) notes.push(`${name}: ${one}`);
    modules.set(name, new ModuleImage(name, file, debug));
  }
  // Without --kernel, the file with its debugging information serves as the kernel's file.
  const path = kernel ?? (debugInfo === undefined ? null : debugFiles.kernelPath(release));
  const image =
    path === null
      ? null
      : await openKernelImage(path, (found) =>
          debugFiles.ofKernel(found.release ?? release, found),
        );
  return { images: { kernel: image, modules }, notes };
}
