// The program `farjal`, which farjal.cts starts: passes the process's arguments to program.ts and its answer to the
// terminal.

import { main } from "./program.ts";
import { Terminal } from "./terminal.ts";

process.exitCode = await main(process.argv.slice(2), new Terminal(process));
