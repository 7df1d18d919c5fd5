// Records the results of QEMU's 4Kc: node build/test/cpu/release-1-write.js. Needs qemu-system-mips{,el}.

import { writeFileSync } from "node:fs";
import { ENDIANS } from "./guest.ts";
import { askQemu, linesOf, recordedPath } from "./release-1.ts";

for (const endian of ENDIANS)
  writeFileSync(recordedPath(endian), `${linesOf(askQemu(endian)).join("\n")}\n`);
