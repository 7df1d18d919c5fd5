// Guards in translated code. A guard leaves to the exact reading, with the value EMIT_EXIT, by a branch to the label
// EMIT_LABEL: both are the host's choice. It comes before anything of the instruction is written.

import { EMIT_EXIT, EMIT_LABEL } from "../shared/emitted-code.ts";
import { BR_IF, DROP } from "../shared/wasm-opcodes.ts";
import { Code } from "./code-writer.ts";

let any: bool = false;

@final
export class Guard {
  /** A new instruction: it has no guard yet. */
  static reset(): void {
    any = false;
  }

  /** Whether the instruction's code has a guard. */
  static get any(): bool {
    return any;
  }

  /** Writes what the branch carries. The condition follows, then leave(). */
  static begin(): void {
    any = true;
    Code.constant(load<u32>(EMIT_EXIT));
  }

  /** Writes the branch, with so many blocks opened since the instruction began. */
  static leave(open: u32 = 0): void {
    Code.index(BR_IF, load<u32>(EMIT_LABEL) + open);
    Code.op(DROP);
  }
}
