// Prints what a module file states about the module.

import { digits } from "../hex.ts";
import { counted, grouped } from "../html/numbers.ts";
import type { ModuleInfo } from "../module/file/info.ts";
import type { Paint } from "./paint.ts";
import { columns } from "./table.ts";

/** Keys of modinfo that are shown as parameters. */
const PARAMETER_KEYS: ReadonlySet<string> = new Set(["parm", "parmtype"]);

/** The lines, each with its newline: first what modinfo shows, in the file's order, the imports last. */
export function* infoText(info: ModuleInfo, paint: Paint): Generator<string> {
  for (const line of lines(info, paint)) yield `${line}\n`;
}

function* lines(info: ModuleInfo, paint: Paint): Generator<string> {
  yield `${paint.bold(info.name)}: ELF${info.class}, ${info.endian}-endian, ${info.abi}, ${info.isa}`;
  if (info.extensions.length > 0) {
    yield paint.yellow(`  uses ${info.extensions.join(", ")}, which farjal doesn't run`);
  }
  yield* columns(
    Object.entries(info.modinfo)
      .filter(([key]) => !PARAMETER_KEYS.has(key))
      .flatMap(([key, values]) => values.filter(Boolean).map((value) => [key, value.trim()])),
  );
  if (info.signature !== null) yield `  signed, ${grouped(info.signature.size)} bytes`;
  if (info.parameters.length > 0) {
    yield paint.bold(counted(info.parameters.length, "parameter"));
    yield* columns(
      info.parameters.map(({ name, type, description }) => [name, type ?? "", description ?? ""]),
    );
  }

  yield paint.bold(counted(info.callSites, "call of _mcount", "calls of _mcount"));
  if (info.callSites > 0) yield* callSites(info);

  yield paint.bold("relocations");
  yield* columns(
    Object.entries(info.relocations).map(([type, count]) => [
      type,
      grouped(count),
      `${grouped(info.appliedRelocations[type] ?? 0)} applied`,
    ]),
    ["left", "right", "right"],
  );

  yield paint.bold("sections");
  yield* columns(
    info.sections.map(({ name, type, flags, size, alignment }) => [
      name,
      type,
      flags,
      grouped(size),
      `align ${alignment}`,
    ]),
    ["left", "left", "left", "right"],
  );

  const crc = (value: number | null): string => (value === null ? "" : `crc ${digits(value)}`);
  yield paint.bold(counted(info.exports.length, "export"));
  yield* columns(
    info.exports.map((one) => [one.name, crc(one.crc), one.gpl ? "GPL" : "", one.namespace ?? ""]),
  );
  yield paint.bold(counted(info.imports.length, "import"));
  yield* columns(info.imports.map((one) => [one.name, crc(one.crc), one.weak ? "weak" : ""]));
  for (const note of info.notes) yield paint.yellow(`note: ${note}`);
}

function* callSites(info: ModuleInfo): Generator<string> {
  const { callSites: all, recordedCallSites: recorded, shortCallSites: short } = info;
  const bySource = info.callSiteSource === "relocations";
  yield bySource
    ? "  no __mcount_loc, as recordmcount has not seen the object: the relocations show the calls that ftrace switches"
    : `  ${grouped(recorded)} in __mcount_loc, which ftrace switches`;
  if (short > 0) {
    yield `  ${grouped(short)} of ${grouped(all)} by jal, which doesn't reach the kernel from module memory`;
  }
  for (const { section, offset } of bySource ? [] : info.unrecordedCallSites) {
    yield `  ${section}+0x${offset.toString(16)} isn't in __mcount_loc: it calls _mcount always`;
  }
}
