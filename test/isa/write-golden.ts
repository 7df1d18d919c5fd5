// Replaces test/isa/golden.txt: npm run golden:isa. Needs objdump.

import { writeGolden } from "./golden.ts";

writeGolden();
