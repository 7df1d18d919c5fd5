// Runs npm scripts that don't wait for each other: `node scripts/together.mjs NAME…`, as many at a time as there are
// processors, in the given order. When one fails, no other is started, and the exit code is its exit code.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";

const waiting = process.argv.slice(2);
let failed = 0;

async function work() {
  for (let name = waiting.shift(); name !== undefined && failed === 0; name = waiting.shift()) {
    const child = spawn("npm", ["run", "-s", name], {
      stdio: ["ignore", "inherit", "inherit"],
      shell: process.platform === "win32",
    });
    const [code] = await once(child, "exit");
    if (code !== 0) failed ||= code ?? 1;
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, work));
process.exitCode = failed;
