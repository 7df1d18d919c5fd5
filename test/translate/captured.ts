// Captures the WebAssembly modules that the translator makes, at the point where they are compiled, for the tests of
// this folder: binaryen validates them and prints them as text.

import assert from "node:assert/strict";
import binaryen from "binaryen";
import { CPU_GPR } from "../../assembly/shared/cpu-state.ts";
import {
  LOCAL_A,
  LOCAL_ADDRESS,
  LOCAL_B,
  LOCAL_CONDITION,
  LOCAL_COUNT,
  LOCAL_DEPTH,
  LOCAL_ENDS,
  LOCAL_ENTRY,
  LOCAL_FUEL,
  LOCAL_HI_LO,
  LOCAL_PC,
  LOCAL_RESERVE,
  LOCAL_TARGET,
  LOCAL_TURNS,
  LOCAL_WIDE,
} from "../../assembly/shared/emitted-code.ts";
import { RING } from "../../assembly/shared/memory-map.ts";
import {
  GRAPH_DEPTH,
  GRAPH_FRAME_SIZE,
  GRAPH_FRAMES,
  GRAPH_LIMIT,
  GRAPH_OVERRUN,
  GRAPH_RECORDING,
  RING_CAPACITY,
  RING_PUBLISHED,
  RING_SLOT_SIZE,
  RING_WRITTEN,
} from "../../assembly/shared/trace-ring.ts";
import { EXITED, FUEL, FUEL_END } from "../../assembly/shared/translated-code.ts";

const REGISTERS =
  "zero at v0 v1 a0 a1 a2 a3 t0 t1 t2 t3 t4 t5 t6 t7 s0 s1 s2 s3 s4 s5 s6 s7 t8 t9 k0 k1 gp sp s8 ra".split(
    " ",
  );
const LOCALS = new Map([
  [LOCAL_PC, "pc"],
  [LOCAL_DEPTH, "depth"],
  [LOCAL_HI_LO, "hilo"],
  [LOCAL_FUEL, "fuel"],
  [LOCAL_CONDITION, "condition"],
  [LOCAL_TARGET, "target"],
  [LOCAL_ADDRESS, "address"],
  [LOCAL_ENTRY, "entry"],
  [LOCAL_WIDE, "wide"],
  [LOCAL_COUNT, "count"],
  [LOCAL_TURNS, "turns"],
  [LOCAL_RESERVE, "reserve"],
  [LOCAL_ENDS, "ends"],
  [LOCAL_A, "x"],
  [LOCAL_B, "y"],
]);

/** The state outside the registers that code uses: name, address, bytes. */
const PLACES: readonly (readonly [string, number, number])[] = [
  ["EXITED", EXITED, 4],
  ["FUEL", FUEL, 4],
  ["FUEL_END", FUEL_END, 8],
  ["GRAPH_DEPTH", GRAPH_DEPTH, 4],
  ["GRAPH_OVERRUN", GRAPH_OVERRUN, 4],
  ["GRAPH_RECORDING", GRAPH_RECORDING, 4],
  ["GRAPH_LIMIT", GRAPH_LIMIT, 4],
  ["GRAPH_FRAMES", GRAPH_FRAMES, GRAPH_FRAME_SIZE],
  ["RING_WRITTEN", RING_WRITTEN, 8],
  ["RING_CAPACITY", RING_CAPACITY, 4],
  ["RING_PUBLISHED", RING_PUBLISHED, 8],
  ["RING", RING, 2 * RING_SLOT_SIZE],
];

const WIDTH = 110;

/** The modules compiled while `during` runs. The core's own modules are compiled before. */
export function modulesMade(during: () => void): Uint8Array[] {
  const made: Uint8Array[] = [];
  const original = WebAssembly.Module;
  WebAssembly.Module = new Proxy(original, {
    construct(target, [bytes]: [Uint8Array]) {
      made.push(Uint8Array.from(bytes));
      return new target(bytes as BufferSource);
    },
  });
  try {
    during();
  } finally {
    WebAssembly.Module = original;
  }
  return made;
}

/** Asserts that binaryen finds nothing wrong with them. */
export function assertValid(modules: readonly Uint8Array[]): void {
  for (const bytes of modules) {
    const module = binaryen.readBinary(bytes);
    try {
      module.setFeatures(binaryen.Features.All);
      assert.equal(module.validate(), 1, "binaryen finds a module invalid");
    } finally {
      module.dispose();
    }
  }
}

/** The functions of a module as text, with the guest's names for locals and for its registers in memory. */
export function readable(bytes: Uint8Array): string {
  const module = binaryen.readBinary(bytes);
  try {
    const text = module
      .emitText()
      .replace(/\(func \$(\d+)/g, "(func $unit$1")
      .replace(/\(call \$(\d+)/g, "(call $unit$1")
      .replace(/\$(\d+)\b/g, (whole, digits: string) => name(Number(digits)) ?? whole)
      .replace(/offset=(\d+)/g, (whole, digits: string) => word(Number(digits)) ?? whole);
    return parse(text)
      .filter((part) => Array.isArray(part) && part[0] === "func")
      .map((func) => fold(func, 0))
      .join("\n");
  } finally {
    module.dispose();
  }
}

type Expression = string | Expression[];

/** The parts of the text's single expression. */
function parse(text: string): Expression[] {
  const stack: Expression[][] = [[]];
  for (const [token] of text.matchAll(/[()]|"[^"]*"|[^\s()]+/g)) {
    if (token === "(") stack.push([]);
    else if (token !== ")") stack.at(-1)?.push(token);
    else stack.at(-2)?.push(stack.pop() as Expression[]);
  }
  return (stack[0]?.[0] ?? []) as Expression[];
}

/** Joins into one line what fits; declarations of locals are left out. */
function fold(expression: Expression, depth: number): string {
  const indent = " ".repeat(depth);
  const line = flat(expression);
  if (typeof expression === "string" || line.length + depth <= WIDTH) return indent + line;
  const heads = expression.findIndex((part) => typeof part !== "string");
  const parts = expression
    .slice(heads)
    .filter((part) => part[0] !== "local")
    .map((part) => fold(part, depth + 1));
  return [`${indent}(${expression.slice(0, heads).join(" ")}`, ...parts, `${indent})`].join("\n");
}

function flat(expression: Expression): string {
  return typeof expression === "string" ? expression : `(${expression.map(flat).join(" ")})`;
}

function name(local: number): string | undefined {
  const known = LOCALS.get(local) ?? REGISTERS[local - 1];
  return known === undefined ? undefined : `$${known}`;
}

function word(offset: number): string | undefined {
  const place = PLACES.find(([, start, size]) => offset >= start && offset < start + size);
  if (place !== undefined) {
    const [called, start] = place;
    return `offset=${called}${offset === start ? "" : `+${offset - start}`}`;
  }
  const register = REGISTERS[(offset - CPU_GPR) / 4];
  return register === undefined ? undefined : `offset=CPU.${register}`;
}
