// Puts finished bodies into a WebAssembly module: imports first, each function exported by its number. The binary
// format is the core specification's, with the threads proposal's shared memory.

import type { FunctionType } from "./body.ts";
import { Bytes } from "./bytes.ts";
import { TYPE_BYTES } from "./opcodes.ts";

const SECTION = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const;
const KIND = { function: 0, table: 1, memory: 2 } as const;
const FUNCTION_TYPE = 0x60;
const FUNCREF = 0x70;
const AT_LEAST = 0;
const SHARED = 3;

export interface ModuleShape {
  /** The function types, which calls through the table name by index. */
  readonly types: readonly FunctionType[];
  /** Functions imported from "env", in order, with their type's index: functions 0, 1, … */
  readonly imports: readonly { readonly name: string; readonly type: number }[];
  /** The shared memory's pages and the table's elements, as the least that the imports must have. */
  readonly memoryPages: number;
  readonly tableSize: number;
}

/** The magic number and version 1. */
const HEADER = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

/** The module's bytes; bodies all have type 0. Function n is exported as `fn`. */
export function wasmModule(shape: ModuleShape, bodies: readonly Bytes[]): Uint8Array<ArrayBuffer> {
  const whole = new Bytes();
  whole.write(HEADER);
  section(whole, SECTION.type, shape.types, (part, { parameters, results }) => {
    part.byte(FUNCTION_TYPE);
    for (const list of [parameters, results]) {
      part.unsigned(list.length);
      for (const type of list) part.byte(TYPE_BYTES[type]);
    }
  });
  const imports: ((part: Bytes) => void)[] = shape.imports.map(({ name, type }) => (part) => {
    part.name("env");
    part.name(name);
    part.byte(KIND.function);
    part.unsigned(type);
  });
  imports.push(
    (part) => {
      part.name("env");
      part.name("memory");
      part.byte(KIND.memory);
      part.byte(SHARED);
      part.unsigned(shape.memoryPages);
      part.unsigned(shape.memoryPages);
    },
    (part) => {
      part.name("env");
      part.name("table");
      for (const byte of [KIND.table, FUNCREF, AT_LEAST]) part.byte(byte);
      part.unsigned(shape.tableSize);
    },
  );
  section(whole, SECTION.import, imports, (part, write) => write(part));
  section(whole, SECTION.function, bodies, (part) => part.unsigned(0));
  section(whole, SECTION.export, bodies, (part, _body, index) => {
    part.name(`f${index}`);
    part.byte(KIND.function);
    part.unsigned(shape.imports.length + index);
  });
  section(whole, SECTION.code, bodies, (part, body) => part.sized(body));
  return whole.bytes().slice();
}

function section<T>(
  whole: Bytes,
  id: number,
  items: readonly T[],
  write: (part: Bytes, item: T, index: number) => void,
): void {
  const part = new Bytes();
  part.unsigned(items.length);
  items.forEach((item, index) => {
    write(part, item, index);
  });
  whole.byte(id);
  whole.sized(part);
}
