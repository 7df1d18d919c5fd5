// Runs every case on QEMU; the stored vectors are made from the outcomes.

import { type Group, INSTRUCTIONS } from "../../src/isa/table.ts";
import {
  background,
  type Case,
  casesOf,
  coveredElsewhere,
  programOf,
  reservedCases,
} from "./cases.ts";
import type { Section, VectorFile } from "./format.ts";
import type { Endian, Stop } from "./program.ts";
import { runOnQemu } from "./qemu.ts";

/** The cases of an instruction, under its name. */
interface Asked {
  readonly name: string;
  readonly cases: readonly Case[];
}

/** The vector files by group; the last holds the reserved encodings. */
export function generate(): ReadonlyMap<string, VectorFile> {
  const files = new Map<string, VectorFile>();
  const rows = INSTRUCTIONS.filter((row) => !coveredElsewhere(row));
  for (const group of new Set<Group>(rows.map((row) => row.group))) {
    const members = rows.filter((row) => row.group === group);
    files.set(group, answer(members.map((row) => ({ name: row.name, cases: casesOf(row) }))));
  }
  files.set("reserved", answer([{ name: "reserved", cases: reservedCases() }]));
  return files;
}

function answer(asked: readonly Asked[]): VectorFile {
  const start = background();
  const programs = asked.flatMap(({ cases }) => cases.map((one) => programOf(one, start)));
  const answers: Record<Endian, Stop[][]> = {
    little: runOnQemu("little", programs),
    big: runOnQemu("big", programs),
  };
  let at = 0;
  const sections: Section[] = asked.map(({ name, cases }) => ({
    name,
    vectors: cases.map((one) => {
      const outcome = {
        little: answers.little[at]?.[0] as Stop,
        big: answers.big[at]?.[0] as Stop,
      };
      at += 1;
      return { ...one, outcome };
    }),
  }));
  return { start, sections };
}
