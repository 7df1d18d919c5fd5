// The options of commands that do their work in parts, on many machines: which part, how the parts are balanced, and how
// their results are joined.

import { type Command, InvalidArgumentError } from "commander";
import { parsedJson } from "../../checked-json.ts";
import { Incomplete, Misuse, type Shard, shardFromEnvironment } from "../../index.ts";
import { JSON_BYTES, SHARDS } from "../../limits.ts";
import { isShard } from "../../shards/shard.ts";
import type { Answer } from "../answer.ts";
import { fileText } from "../input.ts";
import type { Terminal } from "../terminal.ts";

/** A part, or that the environment says which; with the number of parts if the user gives it. */
export type ShardChoice = Shard | { readonly auto: true; readonly total: number | undefined };

export interface ShardOptions {
  readonly shard?: ShardChoice;
  readonly timings?: string;
  readonly merge?: boolean;
}

export function withShards(command: Command): Command {
  return command
    .option(
      "--shard <I/N>",
      "do part I of N parts; auto: the part that Slurm, GitLab, … say; auto/N if they don't say of how many",
      readShard,
    )
    .option(
      "--timings <FILE>",
      "an earlier run's JSON document: makes parts that take equally long, and begins with the longest",
    )
    .option(
      "--merge",
      "join the JSON documents of all parts; if some are missing, print them, each as --shard takes it",
    );
}

/** Whether parts are to be joined. @throws Misuse for options that are about doing a part. */
export function joinsParts({ merge, shard, timings }: ShardOptions): boolean {
  if (merge === true && (shard !== undefined || timings !== undefined)) {
    throw new Misuse(
      "--merge joins parts that are done, so --shard and --timings have no meaning with it",
    );
  }
  return merge === true;
}

/** The part to do, if only a part is; notes on stderr where it comes from. @throws Misuse if nothing says it. */
export function chosenShard(
  choice: ShardChoice | undefined,
  terminal: Terminal,
): Shard | undefined {
  if (choice === undefined || !("auto" in choice)) return choice;
  const { engine, shard, used } = shardFromEnvironment(process.env, choice.total);
  terminal.note(`shard ${shard.index}/${shard.count}, as ${engine} says: ${used.join(", ")}\n`);
  return shard;
}

/** A document of an earlier run. @throws Misuse when it isn't JSON, or is too large. */
export function readDocument(name: string): unknown {
  return parsedJson(fileText(name, JSON_BYTES), name);
}

/**
 * The answer for the parts of a work, each read from its JSON document; if they don't make a whole, which parts to do
 * again.
 */
export function mergedAnswer<P, A>(
  names: readonly string[],
  terminal: Terminal,
  read: (name: string, document: unknown) => P,
  answer: (parts: readonly { readonly name: string; readonly part: P }[]) => A,
): A | Answer {
  const parts = names.map((name) => ({ name, part: read(name, readDocument(name)) }));
  try {
    return answer(parts);
  } catch (error) {
    if (error instanceof Incomplete) return incompleteAnswer(error, terminal);
    throw error;
  }
}

/** The parts to do again, one a line. */
function incompleteAnswer(error: Incomplete, { notePaint }: Terminal): Answer {
  const { message, missing, doubled, foreign, retry } = error;
  return {
    held: false,
    misuse: message,
    json: { verdict: "misuse", error: message, missing, doubled, foreign, retry },
    text: retry.map((shard) => `${shard}\n`),
    notes: `${notePaint.red("error:")} ${message}\n`,
  };
}

function readShard(text: string): ShardChoice {
  const [, index = "", count] = /^(auto|\d{1,9})(?:\/(\d{1,9}))?$/.exec(text) ?? [];
  const total = count === undefined ? undefined : Number(count);
  if (index === "auto" && isShard({ index: 1, count: total ?? 1 })) return { auto: true, total };
  const shard = { index: Number(index), count: total ?? 0 };
  if (!isShard(shard)) {
    throw new InvalidArgumentError(
      `A part is I/N, from 1/N to N/N, or auto, or auto/N, with at most ${SHARDS} parts.`,
    );
  }
  return shard;
}
