// The two streams and their colours. Results go to stdout and notes to stderr. A reader that closes the pipe
// (`farjal trace … | head`) ends the program quietly; a stream that can't be written (a full disk) ends it with one
// line that gives the reason. NO_COLOR and pipes turn colours off, FORCE_COLOR turns them on.
// Names come from files that anyone may have made, so control characters in text never reach the terminal. Inside the
// program a colour is marked by a word that is random in each process, so that no file's text can contain one. A JSON
// document has neither (json/json-text.ts) and is written unchanged, and so is a booted guest's console, whose control
// characters are meant for the terminal.

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import picocolors from "picocolors";
import { systemError } from "../errors.ts";
import type { Colour, Paint } from "../report/paint.ts";

/** Exit code of a wrong call. */
const MISUSED = 2;
/** Pieces are joined to about this many characters before they are written. */
const CHUNK = 1 << 16;
/** The start of a colour inside the program; replaced by the terminal's escape on output. */
const MARK = `<${randomUUID()}>`;
const ESCAPE = "\x1b";
/** A colour's mark, or a control character other than newline and tab. */
const SPECIAL = new RegExp(`${MARK}|[\\0-\\x08\\x0b-\\x1f\\x7f-\\x9f]`, "g");

export class Terminal {
  /** Colours for stdout. */
  readonly paint: Paint;
  /** Colours for stderr. */
  readonly notePaint: Paint;
  readonly #process: NodeJS.Process;

  constructor(host: NodeJS.Process) {
    this.#process = host;
    this.paint = marked(coloured(host, host.stdout));
    this.notePaint = marked(coloured(host, host.stderr));
    for (const stream of [host.stdout, host.stderr]) {
      stream.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code === "EPIPE") host.exit(host.exitCode ?? 0);
        if (stream === host.stdout) {
          const why = `standard output can't be written: ${systemError(error)}`;
          this.note(`${this.notePaint.red("error:")} ${why}\n`);
        }
        host.exit(MISUSED);
      });
    }
  }

  /** The stream for a progress bar: stderr, if it is a terminal. */
  get progress(): NodeJS.WriteStream | null {
    const { stderr } = this.#process;
    return stderr.isTTY === true ? stderr : null;
  }

  /** Writes a text to stdout, no faster than its reader takes it. */
  async out(pieces: Iterable<string>): Promise<void> {
    for (const chunk of chunks(pieces)) await this.#write(visible(chunk));
  }

  /** Writes a JSON document to stdout in the same way. */
  async json(pieces: Iterable<string>): Promise<void> {
    for (const chunk of chunks(pieces)) await this.#write(chunk);
  }

  /** Writes a short text to stdout. */
  print(text: string): void {
    this.#process.stdout.write(visible(text));
  }

  /** Writes bytes to stdout as they are: a guest's console, whose control characters are for the terminal. */
  raw(bytes: Uint8Array): void {
    this.#process.stdout.write(bytes);
  }

  /** Writes a note or an error to stderr. */
  note(text: string): void {
    this.#process.stderr.write(visible(text));
  }

  async #write(text: string): Promise<void> {
    const { stdout } = this.#process;
    if (!stdout.write(text)) await once(stdout, "drain");
  }
}

/** The same text in larger pieces. */
function* chunks(pieces: Iterable<string>): Generator<string> {
  let chunk = "";
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = "";
  }
  if (chunk !== "") yield chunk;
}

function coloured({ env }: NodeJS.Process, stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = env;
  if (NO_COLOR) return false;
  return Boolean(FORCE_COLOR) || (stream.isTTY === true && TERM !== "dumb");
}

/** Colours whose escapes start with the mark. An escape in the text itself is kept, for visible() to make harmless. */
function marked(enabled: boolean): Paint {
  const colours = picocolors.createColors(enabled);
  const colour = (paint: Colour): Colour => {
    const [open = "", close = ""] = paint("|").replaceAll(ESCAPE, MARK).split("|");
    return (text) => `${open}${text}${close}`;
  };
  return {
    bold: colour(colours.bold),
    dim: colour(colours.dim),
    red: colour(colours.red),
    green: colour(colours.green),
    yellow: colour(colours.yellow),
    cyan: colour(colours.cyan),
  };
}

/** Turns marks into the terminal's escapes, and control characters except newline and tab into \xNN. */
function visible(text: string): string {
  return text.replace(SPECIAL, (found) => {
    if (found === MARK) return ESCAPE;
    return `\\x${found.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
