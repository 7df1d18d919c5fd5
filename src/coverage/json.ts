// Coverage as a JSON document, for disassemblers and for farjal itself: the value of coverage.ts with a line that says
// what it is. What is read back is checked, element by element.

import { CheckedJson } from "../checked-json.ts";
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
  const root = CheckedJson.parse(text, path);
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

const count = (value: CheckedJson): number => value.count();

function moduleOf(value: CheckedJson): ModuleCoverage {
  return {
    name: value.key("name").text(),
    code: value.key("code").text(),
    sections: value.key("sections").list(sectionOf),
    functions: value.key("functions").list(functionOf),
  };
}

function sectionOf(value: CheckedJson): SectionCoverage {
  return {
    name: value.key("name").text(),
    size: value.key("size").count(),
    instructions: value.key("instructions").list(instructionOf),
  };
}

function instructionOf(value: CheckedJson): InstructionCoverage {
  const taken = value.key("taken").or(undefined, count);
  return {
    offset: value.key("offset").count(),
    executed: value.key("executed").count(),
    ...(taken == null ? {} : { taken }),
  };
}

function functionOf(value: CheckedJson): FunctionPlace {
  return {
    name: value.key("name").text(),
    section: value.key("section").text(),
    offset: value.key("offset").count(),
    size: value.key("size").count(),
  };
}

function elsewhereOf(value: CheckedJson): ElsewhereCoverage {
  return {
    name: value.key("name").or(null, (one) => one.text()) ?? null,
    instructions: value.key("instructions").count(),
  };
}

function sourceOf(value: CheckedJson): SourceCoverage {
  return {
    path: value.key("path").text(),
    lines: value.key("lines").list(lineOf),
    functions: value.key("functions").list(sourceFunctionOf),
    branches: value.key("branches").list(branchOf),
  };
}

function lineOf(value: CheckedJson): LineCoverage {
  return { line: value.key("line").count(), executed: value.key("executed").count() };
}

function sourceFunctionOf(value: CheckedJson): SourceFunctionCoverage {
  return { name: value.key("name").text(), ...lineOf(value) };
}

function branchOf(value: CheckedJson): BranchCoverage {
  return {
    line: value.key("line").count(),
    block: value.key("block").count(),
    branch: value.key("branch").count(),
    executed: value.key("executed").or(null, count) ?? null,
  };
}
