// Tests filters as lists of rules: what each rule matches, what `!` removes, what :mod: waits for, what is refused.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Misuse } from "../../src/errors.ts";
import { FunctionFilter } from "../../src/ftrace/filters/filter.ts";

const HUB = { name: "hub_port_init", module: "usbcore" };
const DISABLED = { name: "usb_disabled", module: "usbcore" };
const OTHER = { name: "usb_state", module: "usb_common" };
const KERNEL = { name: "memcpy", module: null };
const ALL = [HUB, DISABLED, OTHER, KERNEL];

function named(...patterns: string[]): string[] {
  const filter = new FunctionFilter(patterns);
  return ALL.filter((candidate) => filter.names(candidate)).map(({ name }) => name);
}

test("a pattern matches names in every module", () => {
  assert.deepEqual(named("usb_*"), ["usb_disabled", "usb_state"]);
});

test(":mod: limits a rule to one module, or excludes it", () => {
  assert.deepEqual(named("usb_*:mod:usbcore"), ["usb_disabled"]);
  assert.deepEqual(named(":mod:usbcore"), ["hub_port_init", "usb_disabled"]);
  assert.deepEqual(named("*:mod:usb*"), ["hub_port_init", "usb_disabled", "usb_state"]);
  assert.deepEqual(named("*:mod:!usbcore"), ["usb_state", "memcpy"]);
  assert.deepEqual(named("*:mod:!*"), ["memcpy"]);
});

test("! removes what earlier rules added, in order", () => {
  assert.deepEqual(named("usb_*", "!usb_state"), ["usb_disabled"]);
  assert.deepEqual(named("!usb_state", "usb_*"), ["usb_disabled", "usb_state"]);
});

test("several patterns may be in one text", () => {
  assert.deepEqual(named("hub_port_init memcpy"), ["hub_port_init", "memcpy"]);
});

test("a text that is no filter is refused", () => {
  for (const text of ["!", "a:b", "a:mod:b:c", "a:traceoff"]) {
    assert.throws(() => new FunctionFilter([text]), Misuse, text);
  }
});

test(":mod: takes a word that begins with a digit for a number, as the kernel does", () => {
  const vlan = { name: "vlan_proto_init", module: "8021q" };
  const takes = (text: string) => new FunctionFilter([text]).names(vlan);
  assert.deepEqual([":mod:8021q", ":mod:?021q", ":mod:!8021q"].map(takes), [false, true, true]);
});
