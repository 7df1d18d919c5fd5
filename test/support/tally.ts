// Counts tests as node:test reports them, so that the numbers add up: every test is passed, failed or skipped. A
// suite is no test. A skipped suite counts once in place of its uncounted tests. A suite that fails by itself (in a
// hook, or while it declares its tests) is a failure that none of its tests shows.

/** The part of node:test's events that is counted. */
export interface TestEvent {
  readonly name: string;
  readonly file?: string | undefined;
  readonly skip?: string | boolean | undefined;
  readonly todo?: string | boolean | undefined;
  readonly details: {
    readonly type?: "suite" | "test";
    readonly error?: Error & { readonly failureType?: string };
  };
}

/** Node 20's skip reason for a test whose title matches no pattern; newer versions don't report it. */
const NOT_ASKED_FOR = "test name does not match pattern";

interface Skip {
  readonly name: string;
  readonly file: string;
  readonly reason: string;
}

export class Tally {
  readonly #processes: ReadonlyMap<string, readonly string[]>;
  /** Places of the files of which a test was reported. */
  readonly #reported = new Set<string>();
  #passed = 0;
  /** One line for each. */
  readonly #failed: string[] = [];
  readonly #skipped: Skip[] = [];

  /** `processes` gives the test files of each script that node:test runs; none: the scripts are the test files. */
  constructor(processes: ReadonlyMap<string, readonly string[]> = new Map()) {
    this.#processes = processes;
  }

  get passed(): number {
    return this.#passed;
  }

  get failed(): number {
    return this.#failed.length;
  }

  /** Tests that were passed, failed or skipped. */
  get count(): number {
    return this.#passed + this.#failed.length + this.#skipped.length;
  }

  /** For "test:pass", which a skipped test emits too. */
  pass(event: TestEvent): void {
    this.#reported.add(placeOf(event.file));
    const reason = event.skip ?? event.todo;
    // Newer versions report a file in which no test ran as a test of its own, with the file's path as its name.
    if (reason === NOT_ASKED_FOR || event.name === event.file) return;
    if (reason !== undefined && reason !== false) this.#skipped.push(skipOf(event, reason));
    else if (event.details.type !== "suite") this.#passed += 1;
  }

  /** For "test:fail". */
  fail(event: TestEvent): void {
    const { type, error } = event.details;
    if (type === "suite" && error?.failureType === "subtestsFailed") return;
    const files = this.#processes.get(event.name);
    if (files !== undefined) this.#failed.push(`${this.#lost(files)}: ${error?.message}`);
    else this.#failed.push(`${placeOf(event.file)}: ${event.name}`);
    this.#reported.add(placeOf(event.file));
  }

  /** Which files of a process that failed as a whole it may have failed in: all, if each has reported a test. */
  #lost(files: readonly string[]): string {
    const places = files.map(placeOf);
    const silent = places.filter((place) => !this.#reported.has(place));
    return (silent.length === 0 ? places : silent).join(", ");
  }

  /** Counts as failed each test that was skipped for a reason that matches one of these patterns. */
  mustRun(reasons: readonly RegExp[]): void {
    const kept = this.#skipped.filter(({ file, name, reason }) => {
      const had = reasons.some((pattern) => pattern.test(reason));
      if (had) this.#failed.push(`${file}: ${name} (had to run, was skipped: ${reason})`);
      return !had;
    });
    this.#skipped.splice(0, this.#skipped.length, ...kept);
  }

  /** The failed tests and the skipped ones by name, then `N passed, N failed, N skipped`. */
  lines(): string[] {
    return [
      ...this.#failed.map((name) => `failed: ${name}`),
      ...this.#skipped.map(({ file, name, reason }) => `skipped: ${file}: ${name} (${reason})`),
      `${this.#passed} passed, ${this.#failed.length} failed, ${this.#skipped.length} skipped`,
    ];
  }
}

function skipOf(event: TestEvent, reason: string | true): Skip {
  const { name } = event;
  return { name, file: placeOf(event.file), reason: reason === true ? "no reason given" : reason };
}

/** "machine/call.test" for ".../build/test/machine/call.test.js" and for "test/machine/call.test.ts". */
function placeOf(file = ""): string {
  return file.replace(/^(?:.*\/build\/)?test\//, "").replace(/\.[jt]s$/, "");
}
