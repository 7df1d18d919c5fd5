// Coverage as a JSON document, for disassemblers and for farjal itself: the value of coverage.ts with a line that says
// what it is. What is read back is checked, element by element.

import { Misuse } from "../errors.ts";
import type {
  BranchCoverage,
  Coverage,
  ElsewhereCoverage,
  FunctionPlace,
  InstructionCoverage,
  LineCoverage,
  ModuleCoverage,
  SectionCoverage,
  SourceCoverage,
  SourceFunctionCoverage,
} from "./coverage.ts";

const FORMAT = "farjal coverage";
const VERSION = 1;

/** The document's text, with an instruction, line or function in each line of it. */
export function coverageJson(coverage: Coverage): string {
  const text = JSON.stringify({ format: FORMAT, version: VERSION, ...coverage }, null, 1);
  // A string in it has no line breaks, so only the breaks between keys are taken out.
  return `${text.replace(/\{\n([^{}[\]]*)\}/g, (object) => object.replace(/\n */g, " "))}\n`;
}

/**
 * Reads such a document.
 * @param path for errors.
 * @throws Misuse when it is none, or of a later version.
 */
export function readCoverageJson(text: string, path: string): Coverage {
  const root = new Value(parsed(text, path), path, "");
  const format = root.key("format").is((value) => value === FORMAT);
  const version = root.key("version").count();
  if (!format) throw new Misuse(`${path} is no coverage of farjal's: write one with --coverage`);
  if (version !== VERSION) {
    throw new Misuse(
      `${path} has version ${version} of coverage, and this farjal reads ${VERSION}`,
    );
  }
  return {
    instructions: root.key("instructions").count(),
    modules: root.key("modules").list(moduleOf),
    elsewhere: root.key("elsewhere").list(elsewhereOf),
    sources: root.key("sources").list(sourceOf),
  };
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Misuse(`${path} is no JSON: ${(error as Error).message}`);
  }
}

/** A value in the document, with its place for errors. */
class Value {
  readonly #value: unknown;
  readonly #path: string;
  readonly #place: string;

  constructor(value: unknown, path: string, place: string) {
    this.#value = value;
    this.#path = path;
    this.#place = place;
  }

  key(name: string): Value {
    const { ...keys } =
      typeof this.#value === "object" && this.#value !== null ? this.#value : this.#fail("object");
    return new Value((keys as Record<string, unknown>)[name], this.#path, `${this.#place}.${name}`);
  }

  list<T>(read: (one: Value) => T): T[] {
    if (!Array.isArray(this.#value)) return this.#fail("list");
    return this.#value.map((one, index) =>
      read(new Value(one, this.#path, `${this.#place}[${index}]`)),
    );
  }

  count(): number {
    const value = this.#value;
    return Number.isSafeInteger(value) && (value as number) >= 0
      ? (value as number)
      : this.#fail("count");
  }

  text(): string {
    return typeof this.#value === "string" ? this.#value : this.#fail("text");
  }

  is(holds: (value: unknown) => boolean): boolean {
    return holds(this.#value);
  }

  or<T>(missing: null | undefined, read: (one: Value) => T): T | typeof missing {
    return this.#value === missing ? missing : read(this);
  }

  #fail(wanted: string): never {
    throw new Misuse(`${this.#path} is damaged: ${this.#place || "it"} is no ${wanted}`);
  }
}

const count = (value: Value): number => value.count();

function moduleOf(value: Value): ModuleCoverage {
  return {
    name: value.key("name").text(),
    code: value.key("code").text(),
    sections: value.key("sections").list(sectionOf),
    functions: value.key("functions").list(functionOf),
  };
}

function sectionOf(value: Value): SectionCoverage {
  return {
    name: value.key("name").text(),
    size: value.key("size").count(),
    instructions: value.key("instructions").list(instructionOf),
  };
}

function instructionOf(value: Value): InstructionCoverage {
  const taken = value.key("taken").or(undefined, count);
  return {
    offset: value.key("offset").count(),
    executed: value.key("executed").count(),
    ...(taken == null ? {} : { taken }),
  };
}

function functionOf(value: Value): FunctionPlace {
  return {
    name: value.key("name").text(),
    section: value.key("section").text(),
    offset: value.key("offset").count(),
    size: value.key("size").count(),
  };
}

function elsewhereOf(value: Value): ElsewhereCoverage {
  return {
    name: value.key("name").or(null, (one) => one.text()) ?? null,
    instructions: value.key("instructions").count(),
  };
}

function sourceOf(value: Value): SourceCoverage {
  return {
    path: value.key("path").text(),
    lines: value.key("lines").list(lineOf),
    functions: value.key("functions").list(sourceFunctionOf),
    branches: value.key("branches").list(branchOf),
  };
}

function lineOf(value: Value): LineCoverage {
  return { line: value.key("line").count(), executed: value.key("executed").count() };
}

function sourceFunctionOf(value: Value): SourceFunctionCoverage {
  return { name: value.key("name").text(), ...lineOf(value) };
}

function branchOf(value: Value): BranchCoverage {
  return {
    line: value.key("line").count(),
    block: value.key("block").count(),
    branch: value.key("branch").count(),
    executed: value.key("executed").or(null, count) ?? null,
  };
}
