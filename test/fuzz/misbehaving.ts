// Targets that misbehave in the ways that the fuzzer must notice, one way each.

import type { Target } from "./target.ts";

function target(name: string, run: Target["run"]): Target {
  return {
    name,
    seeds: () => [Uint8Array.of(1)],
    vary: (_input, _other, random) => Uint8Array.of(random.below(256)),
    run,
  };
}

const kept: Uint8Array[] = [];

export const TARGETS: readonly Target[] = [
  target("error", ([first = 0]) => {
    if (first < 128) throw new TypeError("nobody named this");
    return "fine";
  }),
  target("hang", () => {
    for (;;);
  }),
  target("hungry", () => {
    kept.push(new Uint8Array(16 << 20).fill(1));
    return "fine";
  }),
  target("dead", () => process.abort()),
  target("good", () => "fine"),
];
