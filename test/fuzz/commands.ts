// The command line as a target, and the trees of files that it searches. An input is the words of a call, separated by
// NUL; words that begin with @ are files of a directory that has one of each kind: modules, traces, documents, damaged
// ones, links to nothing and to themselves, a device without an end. The options are those that --help lists, so a new
// option is called without a change here. Whatever the words are, a call ends with exit code 0, 1 or 2, prints no stack
// and no control character, and leaves no temporary file.

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  constants,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../src/cli/program.ts";
import { Terminal } from "../../src/cli/terminal.ts";
import { TEMPORARY_PREFIX } from "../../src/host/temporary-name.ts";
import { Random } from "../support/random.ts";
import { repositoryFile } from "../support/repository.ts";
import { checksum } from "./modules.ts";
import type { Target } from "./target.ts";

/** Control characters that a text may not have; a JSON document has none of them either. */
const CONTROL = /(?![\n\t])\p{Cc}/u;
const STACK = /internal error|^\s+at .*:\d+:\d+\)?$/m;
/** More than the longest error of one sentence, with a name of the greatest length in it. */
const LONGEST_ERROR = 16_384;

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function call(words: readonly string[]): Promise<Outcome> {
  const written = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof written) => ({
    on: () => undefined,
    write: (text: string | Uint8Array) => {
      written[name] += typeof text === "string" ? text : Buffer.from(text).toString("latin1");
      return true;
    },
  });
  const host = { env: {}, stdout: stream("stdout"), stderr: stream("stderr") };
  const code = await main(words, new Terminal(host as unknown as NodeJS.Process));
  return { code, ...written };
}

/** Calls, and throws if the outcome is none that a user may see. */
async function checked(words: readonly string[], directory: string): Promise<string> {
  const { code, stdout, stderr } = await call(words);
  const wrong = (what: string): Error =>
    new Error(`${what}: ${JSON.stringify(words)}: ${stderr.slice(0, 2000)}`);
  if (![0, 1, 2].includes(code)) throw wrong(`exit code ${code}`);
  if (STACK.test(stderr)) throw wrong("a stack");
  if (CONTROL.test(stdout) || CONTROL.test(stderr)) throw wrong("a control character");
  if (code === 2 && stderr.length + stdout.length === 0) throw wrong("no sentence");
  if (code === 2 && stderr.length > LONGEST_ERROR) throw wrong("an error without an end");
  if (readdirSync(directory).some((name) => name.startsWith(TEMPORARY_PREFIX))) {
    throw wrong("a temporary file is left");
  }
  return ["held", "failed", "misuse"][code] ?? "";
}

const built = (name: string): string => repositoryFile(`test/modules/built/${name}`);
let files: string | undefined;

/** The directory that the words with @ name, made once in a process and removed at its end. */
function directory(): string {
  if (files !== undefined) return files;
  files = mkdtempSync(join(tmpdir(), "farjal-commands-"));
  const made = files;
  process.on("exit", () => rmSync(made, { recursive: true, force: true }));
  process.env["XDG_CACHE_HOME"] = join(made, "cache");
  const file = (name: string): string => join(made, name);
  copyFileSync(built("modern-little.ko"), file("good.ko"));
  copyFileSync(built("jal2009-big.ko"), file("far.ko"));
  copyFileSync(built("work-little.o"), file("plain.o"));
  copyFileSync(repositoryFile("test/oops/built/little/faulty.ko"), file("faulty.ko"));
  const [oops = ""] = readdirSync(repositoryFile("test/oops/transcripts"));
  copyFileSync(repositoryFile(`test/oops/transcripts/${oops}`), file("oops.txt"));
  writeFileSync(file("empty"), "");
  writeFileSync(file("garbage"), "\x7fELF\x01\x01\x1b[31m\0\n".repeat(50));
  writeFileSync(file("System.map"), "80100000 T _text\n80100400 t start\n80b24030 A _etext\n");
  writeFileSync(file("symvers"), "0x9514151a\t_mcount\tvmlinux\tEXPORT_SYMBOL\t\n");
  writeFileSync(file("list.json"), "[1, -5, 7]");
  writeFileSync(file("deep.json"), "[".repeat(5000));
  writeFileSync(file("trace.txt"), "# tracer: function\n#\n a-1 [000] .... 1.0: f <-g\n");
  writeFileSync(file("lcov.info"), "SF:a\x1b.c\nDA:1,2\nend_of_record\n");
  mkdirSync(file("tree"));
  copyFileSync(built("leaf-little.ko"), join(made, "tree", "leaf.ko"));
  symlinkSync("..", join(made, "tree", "up"));
  symlinkSync("loop", file("loop"));
  symlinkSync("nowhere", file("dangling"));
  return made;
}

const FILES = [
  ...["good.ko", "good.ko", "good.ko", "far.ko", "plain.o", "faulty.ko", "oops.txt", "empty"],
  ...["garbage", "System.map", "symvers", "list.json", "deep.json", "trace.txt", "lcov.info"],
  ...["tree", "loop", "dangling", "nowhere", "good.ko/below", "n".repeat(300)],
].map((name) => `@${name}`);
const VALUES = [
  ...["", "0", "1", "-1", "3", "0x", "c0000000", "cfffff00", "ffffffff", "100000000", "1e9", "NaN"],
  ...["Infinity", "9007199254740993", "99999999999999999999", "1/2", "0/0", "2/1", "a=b", "="],
  ...["__proto__=1", "__proto__", "constructor", "toString", "a\x1b[31mb", "a\nb", "é", "%s%n"],
  ...["x".repeat(5000), "work_run(1, 2", "work_run(1)", "f((((((", "work_run", "-5", "+2%", ".5"],
  ...[
    "little",
    "big",
    "text=c0000000,text=c0000000",
    "level=1",
    "*",
    "[",
    "!",
    ":mod:*",
    "V20=refuse",
  ],
  ...["x=arg0", "x=@list.json", "x=@loop", "x=bytes:00", "x=inout:@good.ko", "6.12.95", "9.9.9"],
] as const;
/** Options that write: never to a place outside of the directory. */
const WRITES =
  /^(-o|--output|--html|--save|--junit|--coverage|--log|--save-disk|--network|--record)$/;
const PLACES = ["@out", "@out.dat", "@out.json", "@out.html", "@tree", "@loop", "@nowhere/out"];
/** Options whose value is work that the user asks for, with values of little work. */
const WORK: Readonly<Record<string, readonly string[]>> = {
  "--budget": ["0", "1", "1000", "-1", "x"],
  "--trials": ["0", "1", "2", "-1", "1.5"],
  "--time": ["0", "1", "-1", "x"],
  "--time-limit": ["0", "0.01", "-1", "x"],
  "--jobs": ["1", "0", "-1", "x"],
  "--memory": ["0", "1", "16", "64", "100000", "1.5"],
  "--buffer": ["1", "0", "100000000", "-1"],
};
/** What waits for a user, or needs minutes. */
const LEFT_OUT = /^(--gdb|--machine|--help|-h|-i|--input)$/;
const COMMANDS = [
  ...["info", "plan", "mend", "jumps", "load", "explain", "run", "trace", "coverage merge"],
  ...["coverage report", "profile", "list", "report", "diff", "cost", "fits", "oops", "sweep"],
  ...["verify", "boot", "insmod", "demo", "help", "nosuch", ""],
];
/** Commands that start threads or measure time are called less often. */
const SLOW = ["cost", "sweep", "demo", "boot"];

/** Commands that wait for standard input when they are given no file. */
const READERS = ["oops", "report"];

/** The options of each command, as its help lists them: [name, whether it takes a value]. */
const options = new Map<string, readonly (readonly [name: string, hasValue: boolean])[]>();

async function readOptions(): Promise<void> {
  if (options.size > 0) return;
  for (const command of COMMANDS.filter((one) => one !== "" && one !== "nosuch")) {
    const { stdout } = await call([...command.split(" "), "--help"]);
    const listed = [...stdout.matchAll(/^ {2}(-\w|--[\w-]+)(?:, (--[\w-]+))?( <)?/gm)];
    options.set(
      command,
      listed.flatMap(([, first = "", second, value]) =>
        [first, second ?? first]
          .filter((name) => !LEFT_OUT.test(name))
          .map((name) => [name, value !== undefined] as const),
      ),
    );
  }
}

function someWords(random: Random): string[] {
  let command = random.pick(COMMANDS);
  if (SLOW.includes(command) && !random.oneIn(6)) command = "run";
  const words = command.split(" ");
  const known = options.get(command) ?? [["--json", false] as const];
  const fewest = READERS.includes(command) ? 1 : 0;
  for (let count = Math.max(random.pick([0, 1, 1, 1, 2, 3]), fewest); count > 0; count--) {
    words.push(random.oneIn(12) ? random.pick(VALUES) : random.pick(FILES));
  }
  for (let count = random.below(5); count > 0; count--) {
    const [name, hasValue] = random.pick(known);
    words.push(name);
    if (!hasValue && !random.oneIn(20)) continue;
    const values = WRITES.test(name) ? PLACES : (WORK[name] ?? null);
    words.push(random.pick(values ?? (random.oneIn(3) ? FILES : VALUES)));
  }
  if (known.some(([name]) => name === "--call") && random.oneIn(2)) {
    words.push("--call", random.pick(["work_run", "work_run(3)", "init_module", "c0000000", "x"]));
  }
  if (known.some(([name]) => name === "--budget")) words.push("--budget", "20000");
  return words;
}

const commands: Target = {
  name: "commands",
  seeds: () => [Buffer.from("info\0@good.ko")],
  vary: (_input, _other, random) => {
    // The options are read when the first case runs; a case before that has the options that all commands share.
    const words = someWords(random);
    if (random.oneIn(30)) words.splice(random.below(words.length + 1), 0, random.pick(VALUES));
    return Buffer.from(words.join("\0"));
  },
  run: async (input) => {
    await readOptions();
    const place = directory();
    const words = Buffer.from(input).toString().split("\0");
    const placed = words.map((word) => word.replace(/^(x=|x=inout:)?@/, `$1${place}/`));
    return checked(placed, place);
  },
};

const NAMES = ["a.ko", "b.ko.gz", "c.ko.xz", "\x1b[31m.ko", "d\ne.ko", "é.ko", "-o.ko", ".ko", "x"];

/** Fills a directory with modules, links, pipes and directories, some of which may not be read. */
function fill(place: string, random: Random, depth: number): void {
  for (let count = random.between(1, 5); count > 0; count--) {
    const path = join(place, random.pick([...NAMES, `${"n".repeat(random.between(1, 250))}.ko`]));
    try {
      const kind = random.below(9);
      if (kind < 3) {
        const name = random.pick(["leaf-little.ko", "greet-big.ko"]);
        copyFileSync(built(name), path, constants.COPYFILE_EXCL);
      } else if (kind === 3) {
        writeFileSync(path, "\x7fELF".repeat(random.below(100)), { flag: "wx" });
      } else if (kind === 4) execFileSync("mkfifo", [path], { stdio: "ignore" });
      else if (kind === 5) {
        const targets = [".", "..", "nowhere", path, "/dev/zero", "/", built("card-little.ko")];
        symlinkSync(random.pick(targets), path);
      } else if (kind === 6) chmodSync(place, random.pick([0o700, 0o500, 0o300]));
      else if (depth < 4) {
        mkdirSync(path);
        fill(path, random, depth + 1);
      }
    } catch {
      // The name is taken, or the directory may not be written.
    }
  }
}

const trees: Target = {
  name: "trees",
  seeds: () => [Buffer.alloc(8)],
  vary: (_input, _other, random) => {
    const seed = Buffer.alloc(8);
    seed.writeUInt32LE(random.word());
    return seed;
  },
  run: async (input) => {
    const random = new Random(checksum(input) || 1);
    const place = mkdtempSync(join(directory(), "fuzzed-"));
    const kernel = join(place, "kernel");
    try {
      mkdirSync(kernel);
      fill(kernel, random, 0);
      copyFileSync(built("jal2009-little.ko"), join(place, "needs.ko"));
      const oops = join(directory(), "oops.txt");
      const words = random.oneIn(12)
        ? ["sweep", place, "--jobs", "1"]
        : random.pick([
            ["jumps", place],
            ["oops", oops, "--modules", place, "--debug-info", place],
            ["load", join(place, "needs.ko")],
            ["mend", place, "--check"],
            ["info", kernel],
          ]);
      return await checked(words, place);
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  },
};

export const COMMAND_TARGETS: readonly Target[] = [commands, trees];
