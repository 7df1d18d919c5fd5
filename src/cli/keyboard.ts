// The user's keyboard as the guest's: in raw mode every key goes to the guest's console except for QEMU's escape:
// Ctrl-A x leaves, and Ctrl-A Ctrl-A sends one Ctrl-A.

const ESCAPE = 0x01;
const LEAVE = 0x78;
/** Signals that end the program without Node restoring the terminal, as it does for SIGINT and SIGTERM. */
const FATAL = ["SIGHUP", "SIGQUIT"] as const;

export class Keyboard {
  /** Set once the user asked to leave. */
  left = false;
  readonly #stdin: NodeJS.ReadStream;
  readonly #take = (bytes: Buffer): void => this.#typed(bytes);
  readonly #end = (signal: NodeJS.Signals): void => {
    this.close();
    process.kill(process.pid, signal);
  };
  #escaped = false;
  #waiting: (() => void) | undefined;
  #keys: number[] = [];

  constructor(stdin: NodeJS.ReadStream) {
    this.#stdin = stdin;
  }

  /** Takes the keyboard from the terminal until close(). */
  open(): void {
    this.#stdin.setRawMode(true);
    this.#stdin.on("data", this.#take);
    this.#stdin.resume();
    for (const signal of FATAL) process.on(signal, this.#end);
  }

  close(): void {
    for (const signal of FATAL) process.removeListener(signal, this.#end);
    this.#stdin.removeListener("data", this.#take);
    this.#stdin.setRawMode(false);
    this.#stdin.pause();
  }

  /** The bytes that were typed since the last call. */
  keys(): Uint8Array {
    const keys = Uint8Array.from(this.#keys);
    this.#keys = [];
    return keys;
  }

  /** Waits until a key is typed, or for this many milliseconds. */
  wait(milliseconds: number): Promise<void> {
    if (this.#keys.length > 0 || this.left) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#waiting?.(), milliseconds);
      this.#waiting = (): void => {
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve();
      };
    });
  }

  #typed(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.#escaped) {
        this.#escaped = false;
        if (byte === LEAVE) this.left = true;
        else if (byte === ESCAPE) this.#keys.push(byte);
      } else if (byte === ESCAPE) {
        this.#escaped = true;
      } else {
        this.#keys.push(byte);
      }
    }
    this.#waiting?.();
  }
}
