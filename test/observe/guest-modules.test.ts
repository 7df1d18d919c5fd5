// Tests the reading of modules from a guest's memory that doesn't look as a kernel's does: a list that leads round
// elsewhere, names that are none, pointers to nowhere. It must end, with nothing found.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { GuestMemory } from "../../src/observe/guest-memory.ts";
import { modulesListedWith, readGuestModule } from "../../src/observe/guest-modules.ts";
import { DATA, ENDIANS, Guest } from "../cpu/guest.ts";
import { Random } from "../support/random.ts";

for (const endian of ENDIANS) {
  suite(`modules in a hostile guest's memory, ${endian}-endian`, () => {
    test("a list that doesn't come back to its begin ends", () => {
      const guest = new Guest(endian);
      guest.put(DATA + 4, DATA + 0x104);
      guest.put(DATA + 0x104, DATA + 0x104); // leads to itself
      assert.deepEqual(modulesListedWith(new GuestMemory(guest.core), DATA), []);
      guest.put(DATA + 0x104, 0xdeadbeec);
      assert.deepEqual(modulesListedWith(new GuestMemory(guest.core), DATA), []);
    });

    test("random words are no module", () => {
      const random = new Random(5);
      for (let round = 0; round < 50; round += 1) {
        const guest = new Guest(endian);
        const words = Array.from({ length: 512 }, () =>
          random.below(2) === 0 ? DATA + 4 * random.below(512) : random.below(2 ** 32),
        );
        guest.put(DATA, ...words);
        guest.put(DATA + 12, endian === "little" ? 0x00006261 : 0x61620000); // the name "ab"
        const module = readGuestModule(new GuestMemory(guest.core), DATA);
        assert.ok(module === undefined || module.name === "ab");
      }
    });
  });
}
