// Matches patterns with names as the kernel's ftrace_match() does (functions of kernel/trace and
// Documentation/trace/ftrace.rst).

import assert from "node:assert/strict";
import { test } from "node:test";
import { globMatcher } from "../../src/ftrace/filters/glob.ts";

const CASES: readonly [pattern: string, matches: readonly string[], not: readonly string[]][] = [
  ["usb_disabled", ["usb_disabled"], ["usb_disable", "xusb_disabled", ""]],
  ["usb_*", ["usb_", "usb_hub"], ["xusb_hub", "usb"]],
  ["*_hub", ["usb_hub", "_hub"], ["usb_hubs"]],
  ["*hub*", ["hub", "usb_hub_init"], ["hu"]],
  ["*", ["", "anything"], []],
  ["usb_*_hub", ["usb_a_hub", "usb__hub"], ["usb_hub", "usb_a_hubs"]],
  ["usb_?ub", ["usb_hub", "usb_tub"], ["usb_ub", "usb_hhub"]],
  ["[uv]sb", ["usb", "vsb"], ["wsb", "uvsb"]],
  ["[!u]sb", ["vsb"], ["usb"]],
  ["[a-c]x", ["ax", "bx", "cx"], ["dx", "-x"]],
  ["[]]x", ["]x"], ["x"]],
  ["a\\*b", ["a*b"], ["axb"]],
  ["a[b", ["a[b"], ["ab"]],
  // A backslash at the end escapes the NUL after it: glob_match() compares it with the name's end.
  ["work_run\\", ["work_run"], ["work_run\\", "work_runs", "work_ru"]],
  ["work_run\\\\", ["work_run\\"], ["work_run", "work_run\\\\"]],
  ["*run\\", ["run", "work_run", "runrun"], ["run_", "work_run\\"]],
  ["\\", [""], ["\\"]],
  ["a*\\*", ["a*", "ab*"], ["a", "ab", "a*b"]],
  ["a[!b]", ["ac"], ["a", "ab", "acc"]],
  ["*a*a*a*b", ["xaaab"], ["xaaa"]],
];

for (const [pattern, matches, not] of CASES) {
  test(`the pattern ${pattern}`, () => {
    const matcher = globMatcher(pattern);
    for (const name of matches) assert.equal(matcher(name), true, name);
    for (const name of not) assert.equal(matcher(name), false, name);
  });
}

test("a hostile pattern is matched without exponential time", () => {
  const matcher = globMatcher(`${"*a".repeat(60)}?b`);
  assert.equal(matcher("a".repeat(2000)), false);
});
