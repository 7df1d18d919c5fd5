// A Slurm cluster of this machine alone: munged, slurmctld and slurmd with their configuration, state and logs in a
// directory of the test's. They end with the test.

import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch"] as const;
/** Seconds for the daemons to find each other, and for a job. */
const PATIENCE = 60;

/** For node:test's `skip`: false, or why there can be no cluster here. */
export function clusterSkip(): string | false {
  const missing = PROGRAMS.find((name) => spawnSync(name, ["-V"]).error !== undefined);
  if (missing !== undefined) return `${missing} isn't installed`;
  return process.getuid?.() === 0 ? false : "a cluster of Slurm's needs root";
}

export class Cluster {
  readonly #directory: string;
  readonly #daemons: ChildProcess[] = [];
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(directory: string, environment: Readonly<Record<string, string>>) {
    this.#directory = directory;
    const conf = join(directory, "slurm.conf");
    this.#environment = { ...process.env, ...environment, SLURM_CONF: conf };
  }

  /** Starts the daemons, and waits until the node takes jobs. */
  static async start(
    directory: string,
    environment: Readonly<Record<string, string>>,
  ): Promise<Cluster> {
    const cluster = new Cluster(directory, environment);
    for (const name of ["state", "spool"]) mkdirSync(join(directory, name), { mode: 0o700 });
    writeFileSync(join(directory, "munge.key"), Buffer.alloc(128, 7), { mode: 0o600 });
    writeFileSync(join(directory, "slurm.conf"), cluster.#configuration());
    const file = (name: string) => join(directory, name);
    const own = ["--pid-file", file("munge.pid"), "--log-file", file("munge.log")];
    const places = ["--socket", file("munge"), "--key-file", file("munge.key")];
    cluster.#start("munged", [
      "--foreground",
      "--force",
      ...places,
      ...own,
      "--seed-file",
      file("munge.seed"),
    ]);
    cluster.#start("slurmctld", ["-D", "-c", "-f", file("slurm.conf")]);
    cluster.#start("slurmd", ["-D", "-N", "one", "-f", file("slurm.conf")]);
    await cluster.#until("the node is idle", () => {
      const { stdout } = spawnSync("sinfo", ["-h", "-o", "%T"], cluster.#options());
      return stdout.trim() === "idle";
    });
    return cluster;
  }

  /** Submits a script and waits until all of its tasks have ended. @returns what their output files have. */
  async run(words: readonly string[]): Promise<string> {
    const output = join(this.#directory, "job-%A-%a.out");
    const id = execFileSync(
      "sbatch",
      ["--parsable", "-o", output, ...words],
      this.#options(),
    ).trim();
    await this.#until(`job ${id} has ended`, () => {
      const { stdout, status } = spawnSync("squeue", ["-h", "-j", id], this.#options());
      return status !== 0 || stdout.trim() === "";
    });
    return execFileSync("sh", ["-c", `cat ${this.#directory}/job-${id}-*.out`], this.#options());
  }

  stop(): void {
    for (const daemon of this.#daemons.reverse()) daemon.kill("SIGKILL");
  }

  #options() {
    return { encoding: "utf8", env: this.#environment } as const;
  }

  #start(name: string, words: readonly string[]): void {
    this.#daemons.push(spawn(name, words, { env: this.#environment, stdio: "ignore" }));
  }

  async #until(what: string, holds: () => boolean): Promise<void> {
    for (let second = 0; second < PATIENCE; second += 0.5) {
      if (holds()) return;
      await sleep(500);
    }
    const logs = ["munge.log", "slurmctld.log", "slurmd.log"].map((name) => {
      try {
        return readFileSync(join(this.#directory, name), "utf8").slice(-2000);
      } catch {
        return "";
      }
    });
    assert.fail(`after ${PATIENCE} s it isn't so that ${what}:\n${logs.join("\n")}`);
  }

  #configuration(): string {
    const file = (name: string) => join(this.#directory, name);
    // Ports that nothing else on a test machine takes.
    const port = 20_000 + (process.pid % 20_000) * 2;
    return `ClusterName=farjal
SlurmctldHost=${hostname()}(127.0.0.1)
SlurmUser=root
SlurmctldPort=${port}
SlurmdPort=${port + 1}
AuthType=auth/munge
AuthInfo=socket=${file("munge")}
CredType=cred/munge
StateSaveLocation=${file("state")}
SlurmdSpoolDir=${file("spool")}
SlurmctldPidFile=${file("slurmctld.pid")}
SlurmdPidFile=${file("slurmd.pid")}
SlurmctldLogFile=${file("slurmctld.log")}
SlurmdLogFile=${file("slurmd.log")}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SchedulerParameters=sched_interval=1,batch_sched_delay=0
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
NodeName=one NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=one Default=YES MaxTime=INFINITE State=UP
`;
  }
}
