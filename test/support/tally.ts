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
  #passed = 0;
  /** One line for each. */
  readonly #failed: string[] = [];
  readonly #skipped: Skip[] = [];

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
    this.#failed.push(`${placeOf(event)}: ${event.name}`);
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
  return { name, file: placeOf(event), reason: reason === true ? "no reason given" : reason };
}

/** "machine/call.test" for ".../build/test/machine/call.test.js". */
function placeOf({ file = "" }: TestEvent): string {
  return file.replace(/^.*\/build\/test\//, "").replace(/\.js$/, "");
}
