// `npm run bench` runs every bench, one after the other, or those named after `--`. Each bench answers one question,
// in guest units. It takes ratios within one run, with the rows in turns, so that they hold on a busy machine too.

import { board } from "./board.ts";
import { engines } from "./engines.ts";
import { formats } from "./formats.ts";
import { interpreter } from "./interpreter.ts";
import { kernelModules } from "./kernel-modules.ts";
import { loading } from "./loading.ts";
import { relocation } from "./relocation.ts";
import { scale } from "./scale.ts";
import { tracing } from "./tracing.ts";

const BENCHES = {
  engines,
  modules: kernelModules,
  scale,
  interpreter,
  tracing,
  formats,
  loading,
  relocation,
  board,
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  process.stderr.write(`no bench ${unknown.join(", ")}: ${Object.keys(BENCHES).join(", ")}\n`);
  process.exit(2);
}
for (const [name, bench] of Object.entries(BENCHES)) {
  if (names.length > 0 && !names.includes(name)) continue;
  for await (const line of bench()) process.stdout.write(`${line}\n`);
  process.stdout.write("\n");
}
