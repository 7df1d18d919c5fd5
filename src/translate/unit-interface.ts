// What a unit's function is to the module that it is in: types, imports, locals, and the table slots that have a fixed
// meaning. A unit is a function (pc, depth) -> pc, as assembly/interpreter/dispatch.ts says; the module's other types
// are those of the core's functions that units call.

import {
  LOCAL_COUNT,
  LOCAL_ENDS,
  LOCAL_HI_LO,
  LOCAL_WIDE,
} from "../../assembly/shared/emitted-code.ts";
import type { FunctionType } from "./encoder/body.ts";
import type { ValueType } from "./encoder/opcodes.ts";

/** (pc, depth) -> pc. */
export const UNIT_TYPE: FunctionType = { parameters: ["i", "i"], results: ["i"] };
/** storeBesideCode(va, value, log2) -> done. */
const STORE_TYPE: FunctionType = { parameters: ["i", "i", "i"], results: ["i"] };
/** enterTraced(word, site, sp, ra, fuel) -> ra. */
const ENTER_TYPE: FunctionType = { parameters: ["i", "i", "i", "i", "i"], results: ["i"] };
/** leftBlock(slot, pc, undone), of the host. */
const LEFT_TYPE: FunctionType = { parameters: ["i", "i", "i"], results: [] };
/** The types that a module's functions have, and what it imports: functions 0, 1, … */
const TYPES: readonly FunctionType[] = [UNIT_TYPE, STORE_TYPE, ENTER_TYPE];
const IMPORTS = [
  { name: "storeBesideCode", type: 1 },
  { name: "enterTraced", type: 2 },
  { name: "returnTraced", type: 0 },
] as const;
/** The numbers of returnTraced() and of leftBlock() among the imports. */
export const RETURN_TRACED = 2;
export const LEFT_BLOCK = 3;

/** What the modules of units have in common. */
export interface UnitInterface {
  readonly types: readonly FunctionType[];
  readonly imports: readonly { readonly name: string; readonly type: number }[];
}

/** Of units that count nothing, and of those that count what they execute. */
export const PLAIN: UnitInterface = { types: TYPES, imports: IMPORTS };
export const COUNTED: UnitInterface = {
  types: [...TYPES, LEFT_TYPE],
  imports: [...IMPORTS, { name: "leftBlock", type: TYPES.length }],
};
/** The table slot of the core's own returnTraced(), which is a unit at RETURN_HOOK. */
export const HOOK_SLOT = 1;

/** The types of a unit's locals; its parameters are the first of them. */
export const LOCALS: readonly ValueType[] = Array.from(
  { length: LOCAL_ENDS + 1 - UNIT_TYPE.parameters.length },
  (_, index) => {
    const local = index + UNIT_TYPE.parameters.length;
    return [LOCAL_HI_LO, LOCAL_WIDE, LOCAL_COUNT].includes(local) ? "l" : "i";
  },
);
