// `farjal info M.ko`: what the module's file contains. The module is not loaded.

import type { Command } from "commander";
import { hex } from "../../hex.ts";
import { describeModule } from "../../index.ts";
import { infoText } from "../../report/info-text.ts";
import type { AnswerOptions, Give } from "../answer.ts";
import { moduleCommand } from "../options/module-options.ts";
import { openModule } from "../session.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `
Examples:
  farjal info usbcore.ko
  farjal info usbcore.ko --json | jq .relocations
  farjal info --object driver.o`;

interface InfoOptions extends AnswerOptions {
  readonly object?: boolean;
}

export function addInfo(program: Command, give: Give, terminal: Terminal): void {
  moduleCommand(program, "info")
    .summary("what a module's file contains: ABI, sections, imports, exports, call sites")
    .description(
      "Shows what a module's file contains: class, byte order, ABI, sections, imports, exports, " +
        "calls of _mcount, relocations, modinfo.",
    )
    .addHelpText("after", EXAMPLES)
    .action((path: string, options: InfoOptions) =>
      give(options, async () => {
        const info = describeModule(await openModule(path, options));
        const crc = (value: number | null) => (value === null ? null : hex(value));
        const json = {
          ...info,
          imports: info.imports.map((one) => ({ ...one, crc: crc(one.crc) })),
          exports: info.exports.map((one) => ({ ...one, crc: crc(one.crc) })),
        };
        return { held: true, json, text: infoText(info, terminal.paint) };
      }),
    );
}
