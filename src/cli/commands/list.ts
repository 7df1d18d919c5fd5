// `farjal list M.ko -f`: lists the functions of a loaded module that can be traced, and the available tracers. The
// option letters are those of trace-cmd list.

import type { Command } from "commander";
import { hex } from "../../hex.ts";
import { Misuse, TRACERS } from "../../index.ts";
import type { Answer, Give } from "../answer.ts";
import { type ModuleOptions, placed } from "../options/module-options.ts";
import { readSource, Session } from "../session.ts";

const EXAMPLES = `
Examples:
  farjal list -t
  farjal list usbcore.ko -f --kernel vmlinuz
  farjal list usbcore.ko -f --kernel vmlinuz | grep -n usb_disabled`;

interface ListOptions extends ModuleOptions {
  readonly functions?: boolean;
  readonly tracers?: boolean;
  readonly init?: boolean;
}

export function addList(program: Command, give: Give): void {
  placed(program.command("list"))
    .argument("[M.ko]", "the module, or - for standard input")
    .option("--json", "print one JSON document")
    .option("--object", "take a plain .o, which Linux would refuse as a module")
    .option("--init", "run the module's init function first, after which its init code is freed")
    .option(
      "-f, --functions",
      "functions that can be traced, as available_filter_functions has them",
    )
    .option("-t, --tracers", "the tracers, as available_tracers has them")
    .summary("what can be traced: a module's functions, the tracers")
    .description(
      "Loads a module and lists the functions that can be traced, its own and those of the modules it needs, " +
        "in the order that the numbers in a filter refer to.",
    )
    .addHelpText("after", EXAMPLES)
    .action((path: string | undefined, options: ListOptions) =>
      give(options, () => list(path, options)),
    );
}

async function list(path: string | undefined, options: ListOptions): Promise<Answer> {
  const { tracers = false, functions = !tracers } = options;
  const tracersLine = `${TRACERS.toReversed().join(" ")} nop\n`;
  if (!functions) return { held: true, json: { tracers: [...TRACERS] }, text: [tracersLine] };
  if (path === undefined) throw new Misuse("-f lists a loaded module's functions: name the module");
  const session = await Session.open(await readSource(path, options), options);
  session.load();
  const { machine } = session;
  const { functions: found } = machine.traceable;
  return {
    held: true,
    json: {
      ...(tracers ? { tracers: [...TRACERS] } : {}),
      functions: found.map(({ name, module, address }) => ({ name, module, ip: hex(address) })),
    },
    text: [tracers ? tracersLine : "", machine.tracefs("available_filter_functions")],
  };
}
