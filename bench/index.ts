// `npm run bench`: every bench, one after the other. Each answers one question, in the guest's units;
// ratios are taken within one run, with the rows in turns, so that they hold on a busy machine too.

import { engines } from "./engines.ts";
import { formats } from "./formats.ts";
import { interpreter } from "./interpreter.ts";
import { loading } from "./loading.ts";
import { relocation } from "./relocation.ts";
import { scale } from "./scale.ts";
import { tracing } from "./tracing.ts";

for (const bench of [engines, scale, interpreter, tracing, formats, loading, relocation]) {
  for await (const line of bench()) process.stdout.write(`${line}\n`);
  process.stdout.write("\n");
}
