// Makes the stored vectors: npm run vectors. Needs the cross compilers and QEMU that qemu.ts names.

import { writeFileSync } from "node:fs";
import { type Group, INSTRUCTIONS } from "../../src/isa/table.ts";
import { background, type Case, casesOf, coveredElsewhere, programOf, reservedCases } from "./cases.ts";
import { encode, type Section } from "./format.ts";
import type { Endian, Stop } from "./program.ts";
import { runOnQemu } from "./qemu.ts";
import { storedPath } from "./stored.ts";

const start = background();

function outcomes(cases: readonly Case[]): readonly Record<Endian, Stop>[] {
  const programs = cases.map((one) => programOf(one, start));
  const little = runOnQemu("little", programs);
  const big = runOnQemu("big", programs);
  return cases.map((_, i) => ({ little: little[i]?.[0] as Stop, big: big[i]?.[0] as Stop }));
}

function store(file: string, named: readonly { readonly name: string; readonly cases: readonly Case[] }[]): void {
  const all = outcomes(named.flatMap(({ cases }) => cases));
  let at = 0;
  const sections: Section[] = named.map(({ name, cases }) => ({
    name,
    vectors: cases.map((one) => ({ ...one, outcome: all[at++] as Record<Endian, Stop> })),
  }));
  const bytes = encode({ start, sections });
  writeFileSync(storedPath(file), bytes);
  console.log(`${file}: ${sections.length} instructions, ${at} vectors, ${bytes.length} bytes`);
}

const groups = new Set<Group>(INSTRUCTIONS.filter((row) => !coveredElsewhere(row)).map((row) => row.group));
for (const group of groups) {
  const rows = INSTRUCTIONS.filter((row) => row.group === group && !coveredElsewhere(row));
  store(
    group,
    rows.map((row) => ({ name: row.name, cases: casesOf(row) })),
  );
}
store("reserved", [{ name: "reserved", cases: reservedCases() }]);
