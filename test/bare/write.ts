// Records again what QEMU prints for every ROM: npm run bare, which builds the ROMs before.

import { writeFileSync } from "node:fs";
import { runOnBoard } from "./qemu.ts";
import { builtPath, ENDIANS, lines, ROMS, romBytes } from "./roms.ts";

for (const rom of ROMS) {
  for (const endian of ENDIANS) {
    const transcript = runOnBoard(romBytes(rom, endian), endian);
    writeFileSync(builtPath(rom, endian, "txt"), transcript);
    console.log(`${rom}, ${endian}-endian: ${lines(transcript).length - 1} lines`);
  }
}
