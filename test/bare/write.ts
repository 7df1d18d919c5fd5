// Records again what QEMU prints for every ROM. Run it with npm run bare, which builds the ROMs first.

import { writeFileSync } from "node:fs";
import { runOnBoard } from "./qemu.ts";
import { lines, nameOf, RUNS, transcriptPath } from "./roms.ts";

for (const run of RUNS) {
  const transcript = runOnBoard(run);
  writeFileSync(transcriptPath(run), transcript);
  console.log(`${nameOf(run)}: ${lines(transcript).length - 1} lines`);
}
