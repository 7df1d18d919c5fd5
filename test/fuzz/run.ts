// The fuzzer: `npm run fuzz -- --minutes N`. Worker processes pass inputs to farjal's entry points (targets.ts),
// guided by the code that they reach. This process watches the workers' time and memory, keeps each input that
// failed, and prints how to run it again. Failures are: an error that is no Refusal or Misuse, a process that dies, a
// case that takes too long, a process that uses too much memory.
//
//   npm run fuzz -- --minutes 60 --seed 7 --workers 2 --target module
//   npm run fuzz -- --case .cache/fuzz/module-1a2b3c4d.bin
//
// --seconds and --memory (MiB) are the limits of one case; after --failures failures the fuzzer ends.
//
// Exit code 1: it found a failure.

import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { repositoryFile } from "../support/repository.ts";
import type { Target } from "./target.ts";
import type { Message } from "./worker.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    workers: { type: "string", default: "1" },
    target: { type: "string", multiple: true, default: [] },
    memory: { type: "string", default: "1024" },
    seconds: { type: "string", default: "20" },
    failures: { type: "string", default: "100" },
    keep: { type: "string", default: repositoryFile(".cache/fuzz") },
    targets: { type: "string", default: repositoryFile("build/test/fuzz/targets.js") },
    case: { type: "string" },
  },
});

const WATCH_MILLISECONDS = 500;
/** The unit of processor time in /proc; Linux shows this unit to programs for any internal one of the kernel. */
const TICKS_A_SECOND = 100;
const REPORT_MILLISECONDS = 60_000;
/** A worker's JavaScript heap gets far less than its limit: the rest is for buffers and wasm. */
const WORKER_FLAGS = ["--max-old-space-size=512"];

/** A case may take this many times its limit in wall time, because other processes use the processor too. */
const PATIENCE = 20;

/** A worker, and when it began its current case, by the clock and by its own processor time. */
interface Watched {
  readonly folder: string;
  case: number;
  since: number;
  spent: number;
}

class Fuzzing {
  readonly #folder = mkdtempSync(join(tmpdir(), "farjal-fuzz-"));
  readonly #workers = new Map<ChildProcess, Watched>();
  readonly #totals = new Map<string, { cases: number; slowest: number; kept: number }>();
  readonly #ends = new Map<string, number>();
  readonly #failures: string[] = [];
  readonly #end = performance.now() + Number(values.minutes) * 60_000;
  #seed = Number(values.seed);
  #peakMemory = 0;
  #ways = 0;

  /** @returns the number of failures. */
  async run(): Promise<number> {
    for (let count = Number(values.workers); count > 0; count--) this.#start();
    let reported = performance.now();
    while (performance.now() < this.#end && this.#failures.length < Number(values.failures)) {
      await new Promise((done) => setTimeout(done, WATCH_MILLISECONDS));
      for (const worker of this.#workers.keys()) this.#watch(worker);
      if (performance.now() - reported < REPORT_MILLISECONDS) continue;
      reported = performance.now();
      this.#report();
    }
    for (const worker of this.#workers.keys()) worker.removeAllListeners().kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, maxRetries: 5 });
    this.#report();
    return this.#failures.length;
  }

  #start(): void {
    const folder = mkdtempSync(join(this.#folder, "worker-"));
    const words = [resolve(values.targets), String(this.#seed++), folder, values.memory];
    const program = repositoryFile("build/test/fuzz/worker.js");
    const worker = fork(program, [...words, ...values.target], {
      execArgv: WORKER_FLAGS,
      // A worker is killed, so its temporary files are removed with the folder.
      env: { ...process.env, TMPDIR: this.#folder },
    });
    this.#workers.set(worker, { folder, case: 0, since: Date.now(), spent: 0 });
    let told = false;
    worker.on("message", (message: Message) => {
      if (message.kind === "turn") return this.#count(message);
      told = true;
      this.#fail(folder, message.what);
    });
    worker.on("exit", (code, signal) => {
      this.#workers.delete(worker);
      if (!told) this.#fail(folder, `the process ended with ${signal ?? code}`);
      this.#start();
    });
  }

  #count({ target, facts }: Message & { readonly kind: "turn" }): void {
    const total = this.#totals.get(target) ?? { cases: 0, slowest: 0, kept: 0 };
    this.#totals.set(target, {
      cases: total.cases + facts.cases,
      slowest: Math.max(total.slowest, facts.slowest),
      kept: Math.max(total.kept, facts.kept),
    });
    for (const [end, times] of Object.entries(facts.ends)) {
      const name = `${target} ${end}`;
      this.#ends.set(name, (this.#ends.get(name) ?? 0) + times);
    }
    this.#peakMemory = Math.max(this.#peakMemory, facts.peakMemory);
    this.#ways = Math.max(this.#ways, facts.ways);
  }

  /** Ends a worker that has taken too long for one case, or to start. */
  #watch(worker: ChildProcess): void {
    const known = this.#workers.get(worker);
    if (known === undefined) return;
    const running = latest(known.folder)?.time ?? 0;
    const spent = processorSeconds(worker.pid);
    if (running !== known.case) {
      Object.assign(known, { case: running, since: Date.now(), spent: spent ?? 0 });
      return;
    }
    const waited = (Date.now() - known.since) / 1000;
    const limit = Number(values.seconds);
    if ((spent ?? waited + known.spent) - known.spent < limit && waited < PATIENCE * limit) return;
    known.since = Date.now();
    worker.kill("SIGKILL");
  }

  /** Keeps the case that a worker was running. */
  #fail(folder: string, what: string): void {
    const running = latest(folder);
    if (running === undefined) throw new Error(`a worker can't begin: ${what}`);
    mkdirSync(values.keep, { recursive: true });
    const path = join(folder, running.target);
    const digest = createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 8);
    const kept = join(values.keep, `${running.target}-${digest}.bin`);
    copyFileSync(path, kept);
    this.#failures.push(kept);
    console.log(`FAILED ${running.target}: ${what}\n  again: npm run fuzz -- --case ${kept}`);
  }

  #report(): void {
    for (const [target, { cases, slowest, kept }] of this.#totals) {
      const ends = [...this.#ends]
        .filter(([name]) => name.startsWith(`${target} `))
        .map(([name, times]) => `${name.slice(target.length + 1)} ${times}`);
      console.log(
        `${target}: ${cases} cases (${ends.join(", ")}), slowest ${Math.round(slowest)} ms, ${kept} inputs kept`,
      );
    }
    console.log(
      `${this.#ways} ways through functions, ${Math.round(this.#peakMemory)} MiB at most, ` +
        `${this.#failures.length} failures`,
    );
  }
}

/** The case that was last written to a worker's folder. */
function latest(folder: string): { target: string; time: number } | undefined {
  return readdirSync(folder)
    .map((target) => ({ target, time: statSync(join(folder, target)).mtimeMs }))
    .sort((a, b) => b.time - a.time)[0];
}

/** Processor time that a process has used; undefined where the system doesn't provide it. */
function processorSeconds(pid: number | undefined): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [user = 0, system = 0] = stat
      .slice(stat.lastIndexOf(")"))
      .split(" ")
      .slice(12, 14)
      .map(Number);
    return (user + system) / TICKS_A_SECOND;
  } catch {
    return undefined;
  }
}

/** Runs one kept case in this process. */
async function again(path: string): Promise<void> {
  const { TARGETS } = (await import(resolve(values.targets))) as { TARGETS: readonly Target[] };
  const target = TARGETS.find(({ name }) => basename(path).startsWith(`${name}-`));
  if (target === undefined) throw new Error(`${path} isn't named TARGET-….bin`);
  const started = performance.now();
  const end = await target.run(readFileSync(path));
  const memory = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(`${end}, ${Math.round(performance.now() - started)} ms, ${memory} MiB`);
}

if (values.case !== undefined) await again(values.case);
else process.exitCode = (await new Fuzzing().run()) === 0 ? 0 : 1;
