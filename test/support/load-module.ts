// Loads small modules for tests: takes a spec, returns the loaded module or the Refusal.

import assert from "node:assert/strict";
import type { Errno, Refusal } from "../../src/errors.ts";
import { readModule } from "../../src/module/file/file.ts";
import { type LoadOptions, loadModule } from "../../src/module/load.ts";
import type { LoadedModule } from "../../src/module/loaded.ts";
import { TestHost, type TestHostOptions } from "./module-host.ts";
import { type ModuleSpec, writeModule } from "./module-writer.ts";
import { refusal } from "./refusal.ts";

/** The default address of the core block: the first one that a booted malta kernel gives. */
export const BASE = 0xc0017000;

/** The malta kernel's exports. */
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

/** Returns the Refusal that loading ends in; asserts that nothing stays allocated. */
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
