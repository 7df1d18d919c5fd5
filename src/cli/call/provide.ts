// `--provide NAME=RESULT`: a function in place of one that the module imports, with results that are known beforehand:
// one value, an argument, or a list with a result for each call. What needs more than that is a test's: provide() in Node.

import type { Command } from "commander";
import { parsedJson } from "../../checked-json.ts";
import { counted } from "../../html/numbers.ts";
import { type HostFunction, type Machine, Misuse, NothingMatches, Refusal } from "../../index.ts";
import { JSON_BYTES } from "../../limits.ts";
import { didYouMean } from "../../near-names.ts";
import { fileText } from "../input.ts";
import { gather } from "../options/numbers.ts";
import { readNumber } from "./number.ts";

/** A provided function. */
export interface Provided {
  readonly name: string;
  readonly run: HostFunction;
  readonly returns: 32 | 64;
}

export function withProvided(command: Command): Command {
  return command
    .option(
      "--provide <NAME=RESULT>",
      "a function in place of an import: NAME=1, NAME=arg0, NAME=@results.json (may be given again)",
      gather,
    )
    .option("--trace-imports", "print every call of an import, with its arguments and its result");
}

/** @throws Misuse for a text that names no function or no result. */
export function readProvided(texts: readonly string[] = []): Provided[] {
  const all = texts.map(readOne);
  for (const [index, { name }] of all.entries()) {
    if (all.findIndex((one) => one.name === name) < index) {
      throw new Misuse(`--provide ${name} is given twice`);
    }
  }
  return all;
}

function readOne(text: string): Provided {
  const [, name, result] = /^\s*([A-Za-z_$.][\w$.]*)\s*=\s*(\S.*?)\s*$/s.exec(text) ?? [];
  if (name === undefined || result === undefined) {
    throw new Misuse(`--provide takes NAME=RESULT, not '${text}'`);
  }
  if (result.startsWith("@")) return listed(name, result.slice(1));
  const argument = /^arg(\d)$/.exec(result)?.[1];
  if (argument !== undefined) {
    return { name, returns: 32, run: (call) => call.arg(Number(argument)) };
  }
  const number = readNumber(result);
  if (number === null) {
    throw new Misuse(
      `--provide ${name}: '${result}' is no result; take a number, arg0 to arg9, or @FILE with a list of numbers`,
    );
  }
  return { name, returns: number.bits, run: () => number.value };
}

/** Results from a file: a JSON list of numbers, or of numbers as text. */
function listed(name: string, path: string): Provided {
  const wrong = (what: string): Misuse => new Misuse(`--provide ${name}: ${path} ${what}`);
  const list = parsedJson(fileText(path, JSON_BYTES), `--provide ${name}: ${path}`);
  if (!Array.isArray(list) || list.length === 0)
    throw wrong("is no list of results, such as [1, 0, -5]");
  const numbers = list.map((one, index) => {
    const number =
      typeof one === "number" || typeof one === "string" ? readNumber(String(one)) : null;
    if (number === null)
      throw wrong(`has ${JSON.stringify(one)} as result ${index + 1}, which is no number`);
    return number;
  });
  const isWide = numbers.some(({ bits }) => bits === 64);
  let next = 0;
  const run: HostFunction = () => {
    const number = numbers[next];
    next += 1;
    if (number !== undefined) return number.value;
    const explanation = `${name} was called ${next} times, and ${path} has ${counted(numbers.length, "result")}`;
    throw new Refusal({ errno: null, dmesg: [], explanation });
  };
  return { name, returns: isWide ? 64 : 32, run };
}

/** The functions of --provide in a machine. */
export class ProvidedFunctions {
  readonly #machine: Machine;
  /** The names that the kernel hasn't. */
  readonly #own: readonly string[];
  /** Calls by name. */
  readonly #calls: Map<string, number>;

  /** Puts them into the machine, before any module is loaded. */
  constructor(machine: Machine, provided: readonly Provided[]) {
    this.#machine = machine;
    this.#calls = new Map(provided.map(({ name }) => [name, 0]));
    this.#own = provided
      .map(({ name }) => name)
      .filter((name) => machine.addressOf(name) === undefined);
    for (const { name, run, returns } of provided) {
      const counted: HostFunction = (call) => {
        this.#calls.set(name, (this.#calls.get(name) ?? 0) + 1);
        return run(call);
      };
      machine.provide(name, counted, { returns });
    }
  }

  /** @throws NothingMatches for a function that no loaded module imports, and that isn't the kernel's. */
  check(): void {
    const { modules } = this.#machine;
    const imports = new Set(
      modules.flatMap(({ file }) =>
        file.elf.symbols.filter(({ section }) => section === 0).map(({ name }) => name),
      ),
    );
    for (const name of this.#own) {
      if (imports.has(name)) continue;
      const defined = modules.some(({ symbols }) => symbols.some((one) => one.name === name));
      const why = defined
        ? "it is a module's own function, and --provide is for functions that modules import"
        : `no module imports it${didYouMean(name, imports)}`;
      throw new NothingMatches(`--provide ${name}: ${why}`);
    }
  }

  /** Notes on the functions that were never called; whole lines. */
  get unused(): string {
    return [...this.#calls]
      .filter(([, calls]) => calls === 0)
      .map(
        ([name]) =>
          `note: ${name} was provided and not called; --provide gives functions, not data\n`,
      )
      .join("");
  }
}
