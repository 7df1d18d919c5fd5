// Puts a call's arguments into a machine: files are read, values are laid out in guest memory, and each argument becomes
// a word or a double word. What was made of each is kept as text. Everything stays in memory after the call, since the
// function may keep its address and the user wants to see it.

import { createHash } from "node:crypto";
import { hex } from "../../hex.ts";
import {
  alignmentOf,
  arrayType,
  bareType,
  type CType,
  type DebugTypes,
  encodeValue,
  type Machine,
  type MemoryType,
  Misuse,
  type ModuleFile,
  memoryType,
  namedType,
  type StructValue,
  sizeOfType,
  structOf,
} from "../../index.ts";
import { didYouMean } from "../../near-names.ts";
import { readInput } from "../input.ts";
import type { ArgumentText, CallText } from "./call-text.ts";
import { checkedCall, debugTypesOf, prototypeOf, resultTypeOf } from "./prototypes.ts";
import type { ResultType } from "./result.ts";
import type { MemberText, ValueText } from "./value-text.ts";

/** Memory that is shown after the call. */
export interface ShownMemory {
  /** The argument that it belongs to. */
  readonly label: string;
  readonly address: number;
  readonly size: number;
  /** Its type, where it is known. */
  readonly type?: MemoryType;
}

/** What was made of one argument. */
export interface MadeArgument {
  readonly text: string;
  /** `0x00000007`, `16 bytes at 0x81234560`. */
  readonly made: string;
}

export interface PlacedCall {
  /** The type of the result by the debugging information; null: not known, or a word. */
  readonly returns: ResultType | null;
  readonly values: readonly (number | bigint)[];
  readonly made: readonly MadeArgument[];
  readonly outputs: readonly ShownMemory[];
}

/**
 * @param file the module that the function is in, whose debugging information has the types.
 * @throws Misuse for arguments that don't fit the function's prototype, a file that can't be read, a symbol that doesn't
 *   exist and a value that doesn't fit its type.
 */
export function placeCall(given: CallText, machine: Machine, file: ModuleFile): PlacedCall {
  const types = debugTypesOf(file);
  const prototype = prototypeOf(types, given.name);
  const call = checkedCall(given, prototype);
  const placing = new Placing(call, machine, types);
  const values = call.args.map((argument, index) => {
    const type = prototype?.parameters[index]?.type;
    return placing.argument(argument, type === undefined ? null : pointedType(type));
  });
  const returns = resultTypeOf(prototype) ?? null;
  return { values, made: placing.made, outputs: placing.outputs, returns };
}

/** What a parameter points to; null if it is no pointer, or to nothing of a known size. */
function pointedType(type: CType): MemoryType | null {
  const bare = bareType(type);
  const target =
    bare.kind === "pointer" ? bare.target : bare.kind === "array" ? bare.element : null;
  if (target === null || sizeOfType(target) === null) return null;
  return memoryType(target);
}

/**
 * A text that is the same for two calls exactly if they are the same call, whatever the spelling of a number or the
 * name of a file.
 */
export function callIdentity({ name, args, lets }: CallText): string {
  const plain = (_: string, value: unknown): unknown =>
    typeof value === "bigint" ? `${value}` : value;
  const contentOf = (value: ValueText): unknown => {
    switch (value.kind) {
      case "file":
        return createHash("sha256").update(readInput(value.path)).digest("hex");
      case "name": {
        const named = lets.get(value.name);
        return named === undefined ? value : contentOf(named.value);
      }
      case "list":
        return { ...value, items: value.items.map(contentOf) };
      case "struct":
        return {
          ...value,
          members: value.members.map((one) => ({ ...one, value: contentOf(one.value) })),
        };
      default:
        return value;
    }
  };
  const plainArgument = ({ text: _text, ...argument }: ArgumentText): unknown =>
    argument.kind === "value" ? { ...argument, value: contentOf(argument.value) } : argument;
  return JSON.stringify([name, args.map(plainArgument)], plain);
}

/** A value in guest memory. */
interface Placed {
  readonly address: number;
  readonly size: number;
  readonly says: string;
  readonly type?: MemoryType;
}

class Placing {
  readonly made: MadeArgument[] = [];
  readonly outputs: ShownMemory[] = [];
  readonly #call: CallText;
  readonly #machine: Machine;
  readonly #types: DebugTypes | null;
  readonly #lets = new Map<string, Placed>();
  /** The --lets that are being placed, each within the one before it. */
  readonly #open: string[] = [];

  constructor(call: CallText, machine: Machine, types: DebugTypes | null) {
    this.#call = call;
    this.#machine = machine;
    this.#types = types;
  }

  /** @param type what the parameter points to, if that is known. */
  argument(argument: ArgumentText, type: MemoryType | null): number | bigint {
    const { text } = argument;
    switch (argument.kind) {
      case "word":
        this.made.push({ text, made: hex(argument.value) });
        return argument.value;
      case "double word":
        this.made.push({ text, made: hex(BigInt.asUintN(64, argument.value)) });
        return argument.value;
      case "output": {
        const { size } = argument;
        const address = this.#machine.memory.alloc(size);
        this.made.push({ text, made: `${size} zero bytes at ${hex(address)}` });
        this.outputs.push({ label: text, address, size });
        return address;
      }
      case "value": {
        const { shown, value } = argument;
        const { address, size, says, type: own } = this.#placed(value, type);
        this.made.push({ text, made: `${says} ${hex(address)}` });
        if (shown) this.outputs.push({ label: text, address, size, ...(own && { type: own }) });
        return address;
      }
    }
  }

  /** @param expected the type of the memory, if it is known. */
  #placed(value: ValueText, expected: MemoryType | null): Placed {
    switch (value.kind) {
      case "string":
        return this.#stored(Buffer.from(`${value.value}\0`), "string at");
      case "file": {
        const bytes = readInput(value.path);
        return this.#stored(bytes, `${bytes.length} bytes at`);
      }
      case "symbol":
        return { address: this.#symbol(value.name), size: 0, says: "symbol at" };
      case "name":
        return this.#let(value.name, expected);
      case "list":
      case "struct": {
        const type = this.#typeOf(value, expected);
        const bytes = encodeValue(type, this.#valueFor(value, type), this.#machine.memory);
        const placed = this.#stored(bytes, `${bytes.length} bytes at`, alignmentOf(type));
        return { ...placed, type };
      }
      case "number":
        throw new Misuse(
          `${value.value} is a number, and memory is needed: write u32[${value.value}]`,
        );
    }
  }

  #stored(bytes: Uint8Array, says: string, alignment = 16): Placed {
    const { memory } = this.#machine;
    const address = memory.alloc(bytes.length, Math.max(16, alignment));
    memory.write(address, bytes);
    return { address, size: bytes.length, says };
  }

  #let(name: string, expected: MemoryType | null): Placed {
    const known = this.#lets.get(name);
    if (known !== undefined) return known;
    const { lets } = this.#call;
    const text = lets.get(name);
    if (text === undefined) {
      throw new Misuse(`there is no --let ${name}${didYouMean(name, lets.keys())}`);
    }
    if (this.#open.includes(name)) {
      throw new Misuse(`--let ${name} contains itself: ${[...this.#open, name].join(", ")}`);
    }
    this.#open.push(name);
    const placed = this.#placed(text.value, expected);
    this.#open.pop();
    this.#lets.set(name, placed);
    return placed;
  }

  #symbol(name: string): number {
    const address = this.#machine.addressOf(name);
    if (address !== undefined) return address;
    throw new Misuse(`no loaded module and no kernel has '${name}'`);
  }

  /**
   * The value as the writer of structures takes it: what is passed by address is placed first.
   * @param type the type that it is written as.
   */
  #valueFor(value: ValueText, type: MemoryType | null): StructValue {
    switch (value.kind) {
      case "number":
      case "string":
        return value.value;
      case "file":
        return readInput(value.path);
      case "symbol":
      case "name":
        return this.#placed(value, pointeeOf(type)).address;
      case "list":
      case "struct":
        if (type?.kind === "pointer") return this.#placed(value, pointeeOf(type)).address;
        if (value.kind === "list") {
          const of = type?.kind === "array" ? type.of : null;
          return value.items.map((item) => this.#valueFor(item, of));
        }
        return Object.fromEntries(
          value.members.map((one) => [
            one.name,
            this.#valueFor(one.value, memberType(type, one.name)),
          ]),
        );
    }
  }

  /** The type that the text states, or the one that is expected there. */
  #typeOf(value: ValueText & { kind: "list" | "struct" }, expected: MemoryType | null): MemoryType {
    if (value.kind === "list") {
      const { items } = value;
      if (value.type !== null) return arrayType(this.#elementType(value.type), items.length);
      if (expected === null)
        throw new Misuse("a list needs the type of its elements, as in u32[5, 0]");
      return expected.kind === "array" ? expected : arrayType(expected, items.length);
    }
    if (value.type !== null) {
      const found = this.#structNamed(value.type);
      if (found !== null) return found;
      throw new Misuse(`the module's debugging information has no struct ${value.type}`);
    }
    if (expected?.kind === "struct" && value.members.every(({ type }) => type === null))
      return expected;
    return structOf(
      value.members.map((member) => ({
        name: member.name,
        type: this.#memberType(member, memberType(expected, member.name)),
      })),
    );
  }

  #memberType({ name, type, value }: MemberText, expected: MemoryType | null): MemoryType {
    if (type !== null) return namedType(type);
    if (value.kind === "struct" || (value.kind === "list" && value.type !== null)) {
      return this.#typeOf(value, expected);
    }
    if (expected !== null) return expected;
    throw new Misuse(
      `the type of member '${name}' isn't known: write it as ${name}:u32=…, or build the module with -g`,
    );
  }

  #elementType(name: string): MemoryType {
    return this.#structNamed(name) ?? namedType(name);
  }

  #structNamed(name: string): MemoryType | null {
    const found = this.#types?.struct(name) ?? this.#types?.union(name) ?? null;
    return found === null ? null : memoryType(found);
  }
}

function pointeeOf(type: MemoryType | null): MemoryType | null {
  return type?.kind === "pointer" ? (type.to?.() ?? null) : null;
}

function memberType(type: MemoryType | null, name: string): MemoryType | null {
  return type?.kind === "struct"
    ? (type.members.find((one) => one.name === name)?.type ?? null)
    : null;
}
