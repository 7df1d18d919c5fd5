// The code of units that were written before, so that a unit which is needed again isn't written again: after a
// snapshot was restored, after all translations were dropped, and in another machine that runs the same program at the
// same addresses. Writing a unit takes some 20 times as long as V8 takes to accept it. The key is all that a unit is made
// from: its instructions and how they lead to each other, the way to memory of each of them, its slot and its place in
// its module. What else the writing asks for is kept with its answer, and asked again. The oldest units are dropped.

import { type BlockEnd, type Flow, instructionsOf } from "./blocks.ts";
import type { Bytes } from "./encoder/bytes.ts";
import type { Access, Instruction } from "./instruction.ts";
import { type UnitSetting, unitBody } from "./unit.ts";

/** What the keys and the code of all units may take, in characters and bytes. */
const MOST = 8 << 20;

/** A question that the writing of a unit asked its setting. */
interface Question {
  readonly ask: "slotOf" | "likelyTarget";
  readonly pc: number;
  readonly answer: number | null;
}

interface Kept {
  readonly body: Bytes;
  readonly asked: readonly Question[];
}

/** For processors of one byte order, whose units are the same code. */
export class UnitCache {
  readonly #kept = new Map<string, Kept>();
  readonly #most: number;
  #size = 0;

  /** @param most characters and bytes of all keys and code. Default: 8 MiB. */
  constructor(most = MOST) {
    this.#most = most;
  }

  /** The function of a unit that counts nothing; `isKept`: it was written before. */
  body(flow: Flow, setting: UnitSetting): { body: Bytes; isKept: boolean } {
    const ways = new Map<Instruction, Access>();
    for (const one of flow.blocks.flatMap(instructionsOf)) ways.set(one, setting.access(one));
    const key = keyOf(flow, setting, ways);
    const known = this.#kept.get(key);
    if (known?.asked.every(({ ask, pc, answer }) => setting[ask](pc) === answer)) {
      this.#kept.delete(key);
      this.#kept.set(key, known); // it is the newest now
      return { body: known.body, isKept: true };
    }
    const asked: Question[] = [];
    const asking =
      <Answer extends number | null>(ask: Question["ask"], of: (pc: number) => Answer) =>
      (pc: number): Answer => {
        const answer = of(pc);
        asked.push({ ask, pc, answer });
        return answer;
      };
    const body = unitBody(flow, {
      ...setting,
      access: (one) => ways.get(one) ?? "pages",
      slotOf: asking("slotOf", (pc) => setting.slotOf(pc)),
      likelyTarget: asking("likelyTarget", (pc) => setting.likelyTarget(pc)),
    });
    this.#keep(key, { body, asked });
    return { body, isKept: false };
  }

  #keep(key: string, kept: Kept): void {
    this.#drop(key);
    this.#kept.set(key, kept);
    this.#size += key.length + kept.body.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#size <= this.#most) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#kept.delete(key);
    this.#size -= key.length + kept.body.length;
  }
}

function keyOf(
  { blocks, successors }: Flow,
  { slot, index }: UnitSetting,
  ways: ReadonlyMap<Instruction, Access>,
): string {
  const parts = [`${slot} ${index}`];
  blocks.forEach((block, node) => {
    parts.push(`${block.pc} ${endKey(block.end)} ${successors[node]?.join()}`);
    for (const one of instructionsOf(block)) {
      parts.push(`${one.pc} ${one.word} ${one.kind} ${accessKey(ways.get(one))}`);
    }
  });
  return parts.join("\n");
}

/** Its instructions are among those of its block. */
function endKey(end: BlockEnd): string {
  return JSON.stringify(end, (name, value) =>
    name === "by" || name === "slot" ? undefined : value,
  );
}

function accessKey(access: Access | undefined): string {
  if (access === undefined || typeof access === "string") return access ?? "";
  return `${access.start} ${access.size} ${access.offset} ${"isGuarded" in access}`;
}
