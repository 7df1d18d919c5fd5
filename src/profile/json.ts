// The costs in the JSON document of `farjal profile --json`, so that a run can be compared with one that was kept.

import { CheckedJson } from "../checked-json.ts";
import { Misuse } from "../errors.ts";
import type { Costs, FunctionCost, LineCost } from "./differences.ts";

/**
 * Reads such a document.
 * @param path for errors.
 * @throws Misuse when it is none.
 */
export function readProfileJson(text: string, path: string): Costs {
  const root = CheckedJson.parse(text, path);
  if (!root.has("profile")) {
    throw new Misuse(`${path} is no profile: write one with farjal profile --json`);
  }
  const profile = root.key("profile");
  return {
    instructions: profile.key("instructions").count(),
    functions: profile.key("functions").list(functionOf),
    lines: profile.key("lines").list(lineOf),
  };
}

function functionOf(value: CheckedJson): FunctionCost {
  return {
    name: value.key("name").text(),
    module: value.key("module").or(null, (one) => one.text()) ?? null,
    instructions: value.key("instructions").count(),
  };
}

function lineOf(value: CheckedJson): LineCost {
  return {
    function: value.key("function").or(null, (one) => one.text()) ?? null,
    path: value.key("path").text(),
    line: value.key("line").count(),
    definition: value.key("definition").or(null, (one) => one.count()) ?? null,
    instructions: value.key("instructions").count(),
  };
}
