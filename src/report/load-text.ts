// Prints a loaded module: its blocks, its sections by address, and the kernel's messages.

import { type Address, ascending } from "../address.ts";
import { hex } from "../hex.ts";
import { grouped } from "../html/numbers.ts";
import type { LoadedModule } from "../module/loaded.ts";
import { rulesText } from "./rules-text.ts";
import { columns } from "./table.ts";

/**
 * Where each part of the module is; the lines, each with its newline.
 * @param sha256 of the bytes of the blocks that stay after init.
 */
export function* loadText(module: LoadedModule<Address>, sha256: string): Generator<string> {
  for (const line of lines(module, sha256)) yield `${line}\n`;
}

function* lines(module: LoadedModule<Address>, sha256: string): Generator<string> {
  const { memories, sections } = module;
  yield* columns(
    sections
      .toSorted((a, b) => ascending(a.address, b.address) || a.index - b.index)
      .map((section) => [hex(section.address), section.block, section.name, grouped(section.size)]),
    ["left", "left", "left", "right"],
  );
  yield* columns(
    memories.map(({ type, base, size }, index) => [
      type,
      hex(base),
      `${grouped(size)} bytes`,
      ...(index === 0 ? [`sha256 ${sha256}`] : []),
    ]),
  );
  yield rulesText(module.profile);
}
