// The board's console, its first serial port, as text: all output, a listener, and the texts that end a run. The run
// ends directly after the instruction that sends a text's last character, so that input typed then arrives at the same
// instruction in every run.

import { latin1, latin1Bytes, utf8, utf8Bytes } from "../bytes/text.ts";
import { CONSOLE_CHARACTERS } from "../limits.ts";
import type { BoardStop } from "./board-stop.ts";
import type { Uart } from "./devices/uart.ts";

const NEWLINE = 0x0a;
/** The beginning of panic()'s last line, which it prints unless the kernel is to reboot (kernel/panic.c). */
const PANIC = "---[ end Kernel panic";

export class Console {
  /** Called with each byte of output. */
  onByte: (byte: number) => void = () => undefined;
  /** Called with each piece of input, before the guest gets it. */
  onInput: (bytes: Uint8Array) => void = () => undefined;
  readonly #uart: Uart;
  readonly #end: (reason: BoardStop) => void;
  #panic = new Matcher(PANIC);
  /** Whether the last line of panic() has begun. */
  #panicking = false;
  #awaited: Matcher[] = [];
  #matched: string | undefined;
  /** The text in pieces; output is appended to the last one. */
  #pieces: string[] = [];
  #last: number[] = [];
  #length = 0;
  #printed = 0;

  constructor(uart: Uart, end: (reason: BoardStop) => void) {
    this.#uart = uart;
    this.#end = end;
    uart.onByte = (byte) => this.#take(byte);
  }

  /**
   * Sets the texts that end the run when they appear. The search for a text that is already awaited isn't restarted, so
   * a run may be divided into several; a new text is searched for in later output only.
   */
  await(texts: readonly string[]): void {
    this.#awaited = [...new Set(texts)]
      .filter((text) => text !== "")
      .map((text) => this.#awaited.find((matcher) => matcher.text === text) ?? new Matcher(text));
    this.#matched = undefined;
  }

  /** The awaited text that appeared; undefined before that. */
  get matched(): string | undefined {
    return this.#matched;
  }

  /** All output as UTF-8 text; only the last part if there is too much. */
  get text(): string {
    this.#flush();
    return utf8(latin1Bytes(this.#pieces.join("")));
  }

  /** Types text, as UTF-8. @returns the number of bytes that the port accepted. */
  send(text: string | Uint8Array): number {
    const bytes = typeof text === "string" ? utf8Bytes(text) : text;
    if (bytes.length > 0) this.onInput(bytes);
    return this.#uart.receive(bytes);
  }

  /** Characters printed since the start. */
  get printed(): number {
    return this.#printed;
  }

  /** Goes back to when fewer characters were printed: the others are dropped, and awaited texts are searched anew. */
  rewind(printed: number): void {
    this.#flush();
    let surplus = this.#printed - printed;
    while (surplus > 0) {
      const piece = this.#pieces.pop() ?? "";
      if (piece.length > surplus) this.#pieces.push(piece.slice(0, piece.length - surplus));
      this.#length -= Math.min(piece.length, surplus);
      surplus -= piece.length === 0 ? surplus : piece.length;
    }
    this.#printed = printed;
    this.#panic = new Matcher(PANIC);
    this.#panicking = false;
    this.#awaited = this.#awaited.map(({ text }) => new Matcher(text));
  }

  /** Clears the text. */
  clear(): void {
    this.#pieces = [];
    this.#last = [];
    this.#length = 0;
  }

  #take(byte: number): void {
    this.#last.push(byte);
    this.#printed += 1;
    if (this.#last.length >= 1024) this.#flush();
    this.onByte(byte);
    this.#panicking ||= this.#panic.take(byte);
    if (this.#panicking && byte === NEWLINE) this.#end("panic");
    for (const matcher of this.#awaited) {
      if (!matcher.take(byte)) continue;
      this.#matched ??= matcher.text;
      this.#end("until");
    }
    if (this.#matched !== undefined) {
      this.#awaited = this.#awaited.filter(({ text }) => text !== this.#matched);
    }
  }

  #flush(): void {
    if (this.#last.length === 0) return;
    const piece = latin1(Uint8Array.from(this.#last));
    this.#last = [];
    this.#pieces.push(piece);
    this.#length += piece.length;
    while (this.#length > CONSOLE_CHARACTERS)
      this.#length -= this.#pieces.shift()?.length ?? this.#length;
  }
}

/** Finds a text in a stream of bytes (Knuth, Morris and Pratt). */
class Matcher {
  readonly text: string;
  readonly #bytes: Uint8Array;
  readonly #fallback: number[];
  #matched = 0;

  constructor(text: string) {
    this.text = text;
    this.#bytes = utf8Bytes(text);
    this.#fallback = [0];
    for (let index = 1, length = 0; index < this.#bytes.length; index += 1) {
      while (length > 0 && this.#bytes[index] !== this.#bytes[length])
        length = this.#fallback[length - 1] ?? 0;
      if (this.#bytes[index] === this.#bytes[length]) length += 1;
      this.#fallback.push(length);
    }
  }

  /** @returns whether the text is complete with this byte. */
  take(byte: number): boolean {
    while (this.#matched > 0 && byte !== this.#bytes[this.#matched]) {
      this.#matched = this.#fallback[this.#matched - 1] ?? 0;
    }
    if (byte === this.#bytes[this.#matched]) this.#matched += 1;
    if (this.#matched < this.#bytes.length) return false;
    this.#matched = this.#fallback[this.#matched - 1] ?? 0;
    return true;
  }
}
