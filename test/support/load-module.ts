// Loads small modules for tests: a spec in, the loaded module or the Refusal out.

import assert from "node:assert/strict";
import type { Errno, Refusal } from "../../src/errors.ts";
import { readModule } from "../../src/module/file/file.ts";
import { type LoadOptions, loadModule } from "../../src/module/load.ts";
import type { LoadedModule } from "../../src/module/loaded.ts";
import { TestHost, type TestHostOptions } from "./module-host.ts";
import { type ModuleSpec, writeModule } from "./module-writer.ts";
import { refusal } from "./refusal.ts";

/** Where the core block goes unless a test says otherwise: the first place a booted malta kernel gives. */
export const BASE = 0xc0017000;

/** What the malta kernel exports, as it exports it. */
export const MCOUNT = { name: "_mcount", address: 0x801156a0, crc: 0x9514151a };
export const LAYOUT = { name: "module_layout", address: 0x80400000, crc: 0x2154240b };
export const PRINTK = { name: "_printk", address: 0x80b0bdb8, crc: 0x92997ed8 };

export type Options = TestHostOptions & Partial<LoadOptions>;

export function load(
  spec: ModuleSpec,
  options: Options = {},
  host = new TestHost(options),
): LoadedModule {
  const { base = BASE, initBase, farJumps = "refuse" } = options;
  return loadModule(readModule(writeModule(spec)), host, { base, initBase, farJumps });
}

/** The Refusal that loading ends in; asserts that nothing stays allocated. */
export function refused(spec: ModuleSpec, options: Options = {}): Refusal {
  const host = new TestHost(options);
  const error = refusal(() => load(spec, options, host));
  assert.equal(host.allocations, 0);
  return error;
}

/** Asserts on errno and the kernel's lines, and returns the explanation. */
export function refusedWith(
  spec: ModuleSpec,
  options: Options,
  errno: Errno | null,
  ...dmesg: string[]
): string {
  const error = refused(spec, options);
  assert.deepEqual([error.errno, error.dmesg], [errno, dmesg]);
  return error.explanation;
}
