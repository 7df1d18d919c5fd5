// Mends a module that was read and reads the result again, so that the lab loads a rewritten module as Linux would load
// the file. A refusal to mend is a refusal to load.

import { Refusal } from "../errors.ts";
import { type ModuleFile, readModule } from "../module/file/file.ts";
import { mendModule } from "./mend.ts";
import type { MendOptions } from "./plan.ts";
import type { MendReport } from "./report.ts";

export interface Rewritten {
  readonly file: ModuleFile;
  readonly report: MendReport;
}

const MOST_NAMED = 3;

/** @throws Refusal (ENOEXEC) with the places that can't be mended. */
export function rewrittenModule(file: ModuleFile, options: MendOptions = {}): Rewritten {
  const { file: bytes, report } = mendModule(file.elf.bytes, options);
  if (bytes !== null) {
    const same = report.verdict === "nothing";
    const { name, object, profile } = file;
    const read = { name, object, profileOf: () => profile };
    return { file: same ? file : readModule(bytes, read), report };
  }
  const places = report.refusals.map(
    ({ section, offset, symbol, reason }) =>
      `${section}+0x${offset.toString(16)}${symbol === "" ? "" : ` (${symbol})`}: ${reason}`,
  );
  const more = places.length > MOST_NAMED ? [`and ${places.length - MOST_NAMED} more`] : [];
  throw new Refusal({
    errno: "ENOEXEC",
    dmesg: [],
    explanation: `${file.name} can't be rewritten: ${[...places.slice(0, MOST_NAMED), ...more].join("; ")}`,
  });
}
