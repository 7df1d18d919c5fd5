// Checks that the stored vectors cover every instruction that user mode can run.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { INSTRUCTIONS } from "../../src/isa/table.ts";
import { coveredElsewhere } from "./cases.ts";
import { storedFiles } from "./stored.ts";

const files = storedFiles();

describe("the vectors", () => {
  it("cover every instruction that user mode can run", () => {
    const covered = files.flatMap(({ sections }) => sections.map(({ name }) => name));
    const missing = INSTRUCTIONS.filter(
      (row) => !coveredElsewhere(row) && !covered.includes(row.name),
    );
    assert.deepEqual(
      missing.map(({ name }) => name),
      [],
    );
  });

  it("leave out only what test/cpu covers", () => {
    assert.deepEqual(
      INSTRUCTIONS.filter(coveredElsewhere).map(({ name }) => name),
      "mfc0 mtc0 rdpgpr wrpgpr di ei tlbr tlbwi tlbwr tlbp eret deret wait cache sdbbp".split(" "),
    );
  });
});
