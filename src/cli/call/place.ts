// Puts a call's arguments into a machine: files are read, values are laid out in guest memory, and each argument becomes
// a word or a double word. What was made of each is kept as text. Everything stays in memory after the call, since the
// function may keep its address and the user wants to see it.

import { createHash } from "node:crypto";
import { hex } from "../../hex.ts";
import {
  alignmentOf,
  arrayType,
  encodeValue,
  type Machine,
  type MemoryType,
  Misuse,
  namedType,
  type StructValue,
  structOf,
} from "../../index.ts";
import { didYouMean } from "../../near-names.ts";
import { readInput } from "../input.ts";
import type { ArgumentText, CallText } from "./call-text.ts";
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
  readonly values: readonly (number | bigint)[];
  readonly made: readonly MadeArgument[];
  readonly outputs: readonly ShownMemory[];
}

/** @throws Misuse for a file that can't be read, a symbol that doesn't exist and a value that doesn't fit its type. */
export function placeCall(call: CallText, machine: Machine): PlacedCall {
  const placing = new Placing(call, machine);
  const values = call.args.map((argument) => placing.argument(argument));
  return { values, made: placing.made, outputs: placing.outputs };
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
  readonly #lets = new Map<string, Placed>();
  /** The --lets that are being placed, each within the one before it. */
  readonly #open: string[] = [];

  constructor(call: CallText, machine: Machine) {
    this.#call = call;
    this.#machine = machine;
  }

  argument(argument: ArgumentText): number | bigint {
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
        const { address, size, says, type } = this.#placed(value);
        this.made.push({ text, made: `${says} ${hex(address)}` });
        if (shown) this.outputs.push({ label: text, address, size, ...(type && { type }) });
        return address;
      }
    }
  }

  #placed(value: ValueText): Placed {
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
        return this.#let(value.name);
      case "list":
      case "struct": {
        const type = typeOf(value);
        const bytes = encodeValue(type, this.#valueFor(value), this.#machine.memory);
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

  #let(name: string): Placed {
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
    const placed = this.#placed(text.value);
    this.#open.pop();
    this.#lets.set(name, placed);
    return placed;
  }

  #symbol(name: string): number {
    const address = this.#machine.addressOf(name);
    if (address !== undefined) return address;
    throw new Misuse(`no loaded module and no kernel has '${name}'`);
  }

  /** The value as the writer of structures takes it: what is passed by address is placed first. */
  #valueFor(value: ValueText): StructValue {
    switch (value.kind) {
      case "number":
      case "string":
        return value.value;
      case "file":
        return readInput(value.path);
      case "symbol":
      case "name":
        return this.#placed(value).address;
      case "list":
        return value.items.map((item) => this.#valueFor(item));
      case "struct":
        return Object.fromEntries(
          value.members.map((one) => [one.name, this.#valueFor(one.value)]),
        );
    }
  }
}

/** The type that the text itself states. */
function typeOf(value: ValueText): MemoryType {
  if (value.kind === "list") {
    const { type, items } = value;
    if (type === null) throw new Misuse("a list needs the type of its elements, as in u32[5, 0]");
    return arrayType(namedType(type), items.length);
  }
  if (value.kind !== "struct") throw new Misuse("a structure or a list was expected");
  return structOf(
    value.members.map((member) => ({ name: member.name, type: memberType(member) })),
    value.type,
  );
}

function memberType({ name, type, value }: MemberText): MemoryType {
  if (type !== null) return namedType(type);
  if (value.kind === "struct" || (value.kind === "list" && value.type !== null))
    return typeOf(value);
  throw new Misuse(`the type of member '${name}' isn't known: write it as ${name}:u32=…`);
}
