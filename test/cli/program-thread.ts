// Runs the program in a thread of the test's own process: returns what main() writes for the given arguments, and its
// exit code. A process of its own costs ten times what most commands do; farjal.ts decides which of the two runs.

import { type MessagePort, parentPort } from "node:worker_threads";
import { main } from "../../src/cli/program.ts";
import { Terminal } from "../../src/cli/terminal.ts";

export interface Order {
  readonly words: readonly string[];
  /** Without NO_COLOR and FORCE_COLOR. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The thread sets this word to 1 when the outcome is on the port. */
  readonly done: SharedArrayBuffer;
  readonly port: MessagePort;
}

parentPort?.on("message", async ({ words, environment, done, port }: Order) => {
  const written = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof written) => ({
    on: () => undefined,
    write: (text: string) => {
      written[name] += text;
      return true;
    },
  });
  const host = { env: environment, stdout: stream("stdout"), stderr: stream("stderr") };
  const code = await main(words, new Terminal(host as unknown as NodeJS.Process));
  port.postMessage({ code, ...written });
  port.close();
  Atomics.store(new Int32Array(done), 0, 1);
  Atomics.notify(new Int32Array(done), 0);
});
