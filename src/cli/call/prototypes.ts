// What a module's debugging information says of its functions: prototypes, the types of arguments and of the result. A
// call is checked against them before it is made, since a missing argument would otherwise be whatever the register holds.

import {
  bareType,
  type CType,
  DebugTypes,
  Misuse,
  type ModuleFile,
  openDebugInfo,
  type Prototype,
  sizeOfType,
  typeText,
} from "../../index.ts";
import { type ArgumentText, type CallText, callTitle } from "./call-text.ts";
import type { ResultType } from "./result.ts";

const known = new WeakMap<ModuleFile, DebugTypes | null>();

/** The types in the module's debugging information; null if it has none that can be read. */
export function debugTypesOf(file: ModuleFile): DebugTypes | null {
  const found = known.get(file);
  if (found !== undefined) return found;
  const types = readTypes(file);
  known.set(file, types);
  return types;
}

function readTypes(file: ModuleFile): DebugTypes | null {
  try {
    const info = openDebugInfo(file.elf);
    return info === null ? null : new DebugTypes(info);
  } catch (error) {
    if (error instanceof Misuse) return null;
    throw error;
  }
}

/** A function's prototype; null if it isn't known, or the debugging information is damaged there. */
export function prototypeOf(types: DebugTypes | null, name: string): Prototype | null {
  try {
    return types?.function(name) ?? null;
  } catch (error) {
    if (error instanceof Misuse) return null;
    throw error;
  }
}

/** `u32 card_grow(struct card *card, u32 by)`. */
export function prototypeText({ name, result, parameters, variadic }: Prototype): string {
  const list = parameters.map((one) => {
    const type = typeText(one.type);
    return one.name === null
      ? type
      : type.endsWith("*")
        ? `${type}${one.name}`
        : `${type} ${one.name}`;
  });
  if (variadic) list.push("...");
  const type = typeText(result);
  const before = type.endsWith("*") ? type : `${type} `;
  return `${before}${name}(${list.length === 0 ? "void" : list.join(", ")})`;
}

/**
 * The call with each argument as wide as its parameter.
 * @throws Misuse when the number of arguments, or what one of them is, doesn't fit the prototype.
 */
export function checkedCall(call: CallText, prototype: Prototype | null): CallText {
  if (prototype === null) return call;
  const { parameters, variadic } = prototype;
  const enough = variadic
    ? call.args.length >= parameters.length
    : call.args.length === parameters.length;
  if (!enough) {
    throw new Misuse(
      `${callTitle(call)} has ${call.args.length} argument${call.args.length === 1 ? "" : "s"}, and ` +
        `${parameters.length} are needed: ${prototypeText(prototype)}`,
    );
  }
  const args = call.args.map((argument, index) => {
    const parameter = parameters[index];
    return parameter === undefined ? argument : fitted(argument, parameter.type, prototype);
  });
  return { ...call, args };
}

function fitted(argument: ArgumentText, type: CType, prototype: Prototype): ArgumentText {
  const bare = bareType(type);
  const size = sizeOfType(bare) ?? 4;
  const wrong = (why: string): Misuse =>
    new Misuse(`${argument.text} ${why}: ${prototypeText(prototype)}`);
  if (bare.kind === "struct" || bare.kind === "union") {
    throw wrong("can't be passed: farjal passes no structures by value");
  }
  const isPointer = bare.kind === "pointer" || bare.kind === "array";
  if (argument.kind === "output" || argument.kind === "value") {
    if (isPointer) return argument;
    throw wrong(`is memory, and a number is wanted`);
  }
  if (argument.kind === "double word") {
    if (size === 8) return argument;
    throw wrong("has 64 bits, and the parameter hasn't");
  }
  if (size === 8) return { ...argument, kind: "double word", value: BigInt(argument.value) };
  const { value } = argument;
  if (size < 4 && (value < -(2 ** (8 * size - 1)) || value >= 2 ** (8 * size))) {
    throw wrong(`doesn't fit into ${8 * size} bits`);
  }
  return argument;
}

/** How a result of this type is shown; undefined where a word says it best. */
export function resultTypeOf(prototype: Prototype | null): ResultType | undefined {
  if (prototype === null) return undefined;
  const bare = bareType(prototype.result);
  switch (bare.kind) {
    case "void":
      return "void";
    case "pointer": {
      const target = bareType(bare.target);
      const isText = target.kind === "base" && target.size === 1 && /\bchar$/.test(target.name);
      return isText ? "string" : "ptr";
    }
    case "base":
      if (bare.encoding === "boolean") return "bool";
      if (bare.size === 8) return bare.encoding === "signed" ? "s64" : "u64";
      return undefined;
    default:
      return undefined;
  }
}
