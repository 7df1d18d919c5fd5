// `npm run bench` runs every bench, one after the other, or those named after `--`. Each bench answers one question,
// in guest units. It takes ratios within one run, with the rows in turns, so that they hold on a busy machine too.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { board } from "./board.ts";
import { counting } from "./counting.ts";
import { ENGINE_ROWS, engines } from "./engines.ts";
import { formats } from "./formats.ts";
import { hot } from "./hot.ts";
import { interpreter } from "./interpreter.ts";
import { kernelModules } from "./kernel-modules.ts";
import { loading } from "./loading.ts";
import { type BenchOptions, benchOptions } from "./options.ts";
import { C_TO_WEBASSEMBLY } from "./peers.ts";
import { PROGRAMS } from "./programs.ts";
import { relocation } from "./relocation.ts";
import { scale } from "./scale.ts";
import { tracing } from "./tracing.ts";

const BENCHES = {
  engines,
  modules: kernelModules,
  scale,
  hot,
  interpreter,
  tracing,
  counting,
  formats,
  loading,
  relocation,
  board,
};

function readOptions(): BenchOptions {
  try {
    return benchOptions(process.argv.slice(2), {
      benches: Object.keys(BENCHES),
      programs: PROGRAMS.map(({ name }) => name),
      against: ENGINE_ROWS,
    });
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(2);
  }
}

/** The translator in another Node beside clang's WebAssembly there. */
function enginesIn(node: string, { programs, samples }: BenchOptions): void {
  const asked = [`--against=${C_TO_WEBASSEMBLY}`, `--samples=${samples}`];
  if (programs !== undefined) asked.push(`--programs=${programs.join(",")}`);
  const { error, status } = spawnSync(node, [fileURLToPath(import.meta.url), "engines", ...asked], {
    stdio: "inherit",
  });
  if (error !== undefined) process.stdout.write(`  without ${node}: ${error.message}\n`);
  if (status !== 0) process.exitCode = 1;
}

const options = readOptions();
for (const [name, bench] of Object.entries(BENCHES)) {
  if (options.benches.length > 0 && !options.benches.includes(name)) continue;
  for await (const line of bench(options)) process.stdout.write(`${line}\n`);
  process.stdout.write("\n");
  if (name === "engines" && options.node !== undefined) enginesIn(options.node, options);
}
