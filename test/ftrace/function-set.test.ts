// Tests set_ftrace_filter's grammar and the effect of its words one after the other, against 6.1: match_records(),
// cache_mod() and ftrace_graph_set_hash() of ftrace.c, much of it observed on a running kernel.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Misuse } from "../../src/errors.ts";
import {
  type FilterFile,
  FunctionSet,
  type Traceable,
  type TraceableSite,
} from "../../src/ftrace/filters/function-set.ts";

function site(address: number, name: string, module: string | null): TraceableSite {
  return { address, name, module };
}

const TOP = site(0xc0000000, "top", "modern");
const LEAF = site(0xc0000010, "leaf", "modern");
const DISABLED = site(0xc0010000, "usb_disabled", "usbcore");
const STATE = site(0xc0020000, "usb_state", "usb_common");
const MEMCPY = site(0x80100000, "memcpy", null);
const WORLD: Traceable = {
  functions: [MEMCPY, TOP, LEAF, DISABLED, STATE],
  modules: ["modern", "usbcore", "usb_common"],
};
const ALL = "#### all functions enabled ####";

function set(file: FilterFile, ...texts: string[]): FunctionSet {
  const made = new FunctionSet(file);
  for (const text of texts) made.append(text, WORLD);
  return made;
}

function lines(...texts: string[]): string[] {
  return set("set_ftrace_filter", ...texts).lines(WORLD);
}

test("names, globs, numbers and modules add functions, in the order of the list", () => {
  assert.deepEqual(lines("leaf", "memcpy"), ["memcpy", "leaf [modern]"]);
  assert.deepEqual(lines("usb_*"), ["usb_disabled [usbcore]", "usb_state [usb_common]"]);
  assert.deepEqual(lines("*e*"), [
    "memcpy",
    "leaf [modern]",
    "usb_disabled [usbcore]",
    "usb_state [usb_common]",
  ]);
  assert.deepEqual(lines("[t-u]?[!b]*"), ["top [modern]"]);
  assert.deepEqual(lines("2 0x3"), ["top [modern]", "leaf [modern]"]);
  assert.deepEqual(lines(":mod:modern"), ["top [modern]", "leaf [modern]"]);
  assert.deepEqual(lines("*:mod:usb*"), ["usb_disabled [usbcore]", "usb_state [usb_common]"]);
  assert.deepEqual(lines("*:mod:!*"), ["memcpy"]);
  assert.deepEqual(lines("*s*:mod:!usbcore"), ["usb_state [usb_common]"]);
});

test("! removes functions, and without any left all are enabled", () => {
  assert.deepEqual(lines("usb_* !usb_state"), ["usb_disabled [usbcore]"]);
  assert.deepEqual(lines("!usb_state usb_*").length, 2);
  assert.deepEqual(lines("2 3 !2"), ["leaf [modern]"]);
  assert.deepEqual(lines("top !top"), [ALL]);
  assert.deepEqual(lines("!top"), [ALL]);
  assert.deepEqual(set("set_ftrace_notrace").lines(WORLD), ["#### no functions disabled ####"]);
});

test("a word that matches nothing fails, and earlier words keep their effect", () => {
  const failing = (text: string): string[] => {
    const made = set("set_ftrace_filter");
    assert.throws(() => made.append(text, WORLD), /EINVAL/, text);
    return made.lines(WORLD);
  };
  assert.deepEqual(failing("top nosuch leaf"), ["top [modern]"]);
  assert.deepEqual(failing("nosuch top"), [ALL]);
  for (const text of [
    "!nosuch",
    "0",
    "6",
    "99999999999999999999",
    "1x",
    "!",
    "top:mod:usbcore",
    "a:b",
  ]) {
    assert.deepEqual(failing(text), [ALL], text);
  }
  assert.deepEqual(failing("[modern]"), [ALL], "what the file lists is not what it takes");
});

test("commands that farjal doesn't have are refused by their names", () => {
  for (const command of ["traceoff", "stacktrace", "enable_event"]) {
    assert.throws(
      () => lines(`top:${command}`),
      new RegExp(`no filter command but mod, and so not ${command}`),
    );
  }
  assert.throws(() => lines("a:mod:b:c"), Misuse);
});

test("a missing module is waited for, by its plain name, and nothing is traced until it is loaded", () => {
  const made = set("set_ftrace_filter", "b*:mod:later", ":mod:latest");
  assert.deepEqual(made.lines(WORLD), [":mod:latest", "b*:mod:later"]);
  assert.equal(made.empty, false);
  made.arrived("other", [site(1, "ba", "other")]);
  assert.equal(made.has(1), false);
  const functions = [site(4, "aa", "later"), site(8, "ba", "later")];
  made.arrived("later", functions);
  assert.deepEqual([made.has(4), made.has(8)], [false, true]);
  assert.deepEqual(made.lines({ ...WORLD, functions }), ["ba [later]", ":mod:latest"]);
  made.append("!:mod:latest", WORLD);
  assert.deepEqual(made.lines({ ...WORLD, functions }), ["ba [later]"]);
  assert.throws(() => made.append("!:mod:latest", WORLD), /EINVAL/);
});

test("the rule of an unloaded module matches nothing, even when the module is loaded again", () => {
  const made = set("set_ftrace_filter", "top");
  made.left(TOP.address);
  assert.deepEqual([made.empty, made.has(TOP.address), made.lines(WORLD)], [false, false, []]);
  made.arrived("modern", [TOP, LEAF]);
  assert.equal(made.has(TOP.address), false);
  made.clear();
  assert.equal(made.empty, true);
});

test("a plain name doesn't add functions of a module that is loaded later", () => {
  const made = set("set_ftrace_filter", "usb_*");
  made.arrived("usb_later", [site(16, "usb_late", "usb_later")]);
  assert.equal(made.has(16), false);
});

test("set_graph_function accepts names and globs only, and ! only for entries that it has", () => {
  const made = set("set_graph_function", "usb_* top !top");
  assert.deepEqual(made.lines(WORLD), ["usb_disabled [usbcore]", "usb_state [usb_common]"]);
  for (const text of ["2", ":mod:modern", "!top", "nosuch"]) {
    assert.throws(() => made.append(text, WORLD), /EINVAL/, text);
  }
  made.left(STATE.address);
  assert.equal(made.has(STATE.address), true);
});
