// A Node tool: loads a module, prints which jumps were mended, calls a function and prints the functions that it
// called.
//
//   node examples/trace-a-module.mjs [MODULE.ko FUNCTION [NUMBER…]]
//
// Without arguments it uses the module of farjal's own demo.

import { readFileSync } from "node:fs";
import { Machine, Refusal, readModule } from "farjal";

const demo = new URL("../src/lab-kernel/built/demo-little.ko", import.meta.url);
const [path, name, ...numbers] =
  process.argv.length > 2 ? process.argv.slice(2) : [demo, "demo_run", "2"];

// The machine has to have the module's byte order, which is in the module's file.
const file = readModule(readFileSync(path));
const machine = await Machine.create({ endian: file.elf.endian });

try {
  const module = machine.insmodFile(file, { base: 0xc0000000, farJumps: "trampoline" });
  for (const { symbol, address, sites } of module.plan.trampolines) {
    console.log(`${symbol}: trampoline at 0x${address.toString(16)}, jumps: ${sites.length}`);
  }
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  // The kernel's own lines, then the explanation.
  console.error([...error.dmesg, error.explanation].join("\n"));
  process.exit(1);
}

const tracer = machine.trace({ tracer: "function", notrace: ["*checksum*"] });
const { v0, instructions, exception } = machine.call(name, numbers.map(Number), { throws: false });
tracer.stop();

for (const event of tracer.events()) {
  console.log(`${(event.time * 1e6).toFixed(2)} us  ${event.name} <- ${event.parentName}`);
}
for (const line of machine.log) console.log(`printed: ${line}`);
if (exception === undefined) {
  console.log(`${name} returned ${v0} after ${instructions} instructions`);
} else {
  console.error(`${name} did not return: ${exception.message}`);
  process.exitCode = 1;
}
