// Where an image without headers lies in memory. Its two tables tell when they are read together: an
// exported function's entry holds its address, which kallsyms gives a name, and a pointer to that same
// name, which is found in the image as text. The pointer less the text's offset is the load address; one
// such entry may be chance, the thousands of a kernel agree.

import { latin1 } from "../bytes/words.ts";
import type { Image } from "./image.ts";
import type { KernelSymbol } from "./kernel.ts";

/** Fewer that agree are chance. */
const LEAST_VOTES = 16;

/** The address of the image's first byte, its low word on 64 bits, or null when the tables don't tell. */
export function findLoadAddress(image: Image, symbols: readonly KernelSymbol[]): number | null {
  const names = new Map(symbols.map(({ name, address }) => [address, name]));
  const texts = textOffsets(image, new Set(names.values()));
  const votes = new Map<number, number>();
  const lowest = symbols[0]?.address ?? 0;
  const highest = symbols.at(-1)?.address ?? 0;
  for (let index = 0; index + 1 < image.pointers; index++) {
    const pointer = image.pointer(index);
    if (pointer < lowest || pointer > highest) continue;
    const text = texts.get(names.get(pointer) ?? "");
    if (text === undefined) continue;
    const address = image.pointer(index + 1) - text;
    if (address > 0) votes.set(address, (votes.get(address) ?? 0) + 1);
  }
  const [best] = [...votes].sort(([, a], [, b]) => b - a);
  return best !== undefined && best[1] >= LEAST_VOTES ? best[0] : null;
}

/** Where each of the names stands as a text of its own. */
function textOffsets({ bytes }: Image, names: ReadonlySet<string>): Map<string, number> {
  const offsets = new Map<string, number>();
  for (const { 0: name, index } of latin1(bytes).matchAll(/(?<=\0)[A-Za-z_][\w.$]*(?=\0)/g)) {
    if (names.has(name)) offsets.set(name, index);
  }
  return offsets;
}
