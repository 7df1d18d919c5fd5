// The type of every pointer conversion: a function that writes what the pointer refers to, selected by the letters
// after the p.

import type { PrintkMemory } from "./arguments.ts";
import type { Specification } from "./specification.ts";
import type { FormattedText } from "./text.ts";

export type PointerArguments = [
  out: FormattedText,
  /** All letters and digits that follow the p. */
  letters: string,
  address: number,
  spec: Specification,
  memory: PrintkMemory,
];

export type PointerWriter = (...args: PointerArguments) => void;
