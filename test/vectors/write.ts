// Replaces the stored vectors: npm run vectors. Needs the cross compilers and QEMU that qemu.ts names.

import { writeFileSync } from "node:fs";
import { encode } from "./format.ts";
import { generate } from "./generate.ts";
import { storedPath } from "./stored.ts";

for (const [group, file] of generate()) {
  const bytes = encode(file);
  writeFileSync(storedPath(group), bytes);
  const vectors = file.sections.reduce((sum, section) => sum + section.vectors.length, 0);
  console.log(
    `${group}: ${file.sections.length} instructions, ${vectors} vectors, ${bytes.length} bytes`,
  );
}
