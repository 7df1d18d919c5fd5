// Checks the command line of `npm run bench`: defaults, lists of names, and one line for what isn't known.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { benchOptions } from "../../bench/options.ts";

const KNOWN = { benches: ["engines", "scale"], programs: ["crc", "fib"], against: ["native"] };

suite("options of npm run bench", () => {
  test("without any, everything is asked for", () => {
    assert.deepEqual(benchOptions([], KNOWN), {
      benches: [],
      programs: undefined,
      against: undefined,
      samples: 7,
      node: undefined,
    });
  });

  test("lists are taken apart", () => {
    const args = ["engines", "--programs=fib,crc", "--against", "native", "--samples=3"];
    const { benches, programs, against, samples } = benchOptions(args, KNOWN);
    assert.deepEqual(
      { benches, programs, against, samples },
      { benches: ["engines"], programs: ["fib", "crc"], against: ["native"], samples: 3 },
    );
  });

  test("what isn't known is refused", () => {
    const refusals: readonly [string[], RegExp][] = [
      [["engine"], /no bench engine: engines, scale/],
      [["--programs=crc,sh"], /no program sh: crc, fib/],
      [["--against=qemu"], /no engine qemu: native/],
      [["--samples=0"], /--samples takes a number of samples, not 0/],
      [["--rounds=3"], /Unknown option '--rounds'/],
    ];
    for (const [args, why] of refusals) assert.throws(() => benchOptions(args, KNOWN), why);
  });
});
