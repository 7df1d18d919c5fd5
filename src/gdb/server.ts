// The connection to gdb: a port of the loopback interface, one client at a time. It runs the guest in
// slices, so that an interrupt from gdb is noticed between them, and ends when the guest has returned or gdb detaches. It
// keeps a history of the run, as far as the target can go back.

import { createServer, type Server, type Socket } from "node:net";
import { Misuse } from "../errors.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import type { Debugger } from "../processor/debugger.ts";
import type { Halt } from "../processor/stop.ts";
import { framed, PacketReader } from "./packets.ts";
import { type Answer, Stub } from "./stub.ts";

const LOOPBACK = "127.0.0.1";
/** Steps between two checks of the connection: some milliseconds, or tens if pages are watched. */
const SLICE = 200_000;

export interface GdbOptions {
  /** The port; 0 takes any free one. */
  readonly port: number;
  /** Called when gdb can connect. */
  readonly listening?: (port: number) => void;
}

const GDB_OPTIONS: OptionKeys<GdbOptions> = {
  port: true,
  listening: true,
};

/** returned: the guest's call ended; detached: gdb detached or disconnected; killed: gdb asked to end the call. */
export type GdbEnd = "returned" | "detached" | "killed";

/**
 * Waits for gdb and obeys it until the guest has returned or gdb detaches.
 * @throws Misuse when it can't listen on the port.
 */
export async function serveGdb(tool: Debugger, options: GdbOptions): Promise<GdbEnd> {
  checkOptions("serveGdb()", options, GDB_OPTIONS);
  const { port, listening } = options;
  tool.record();
  const server = createServer();
  await listen(server, port);
  const address = server.address();
  if (typeof address === "object" && address !== null) listening?.(address.port);
  try {
    return await new Promise<GdbEnd>((resolve, reject) => {
      let client: Connection | undefined;
      server.on("error", reject);
      server.on("connection", (socket) => {
        if (client !== undefined) {
          socket.destroy();
          return;
        }
        client = new Connection(tool, socket, {
          ended: resolve,
          failed: reject,
          unspoken: () => {
            client = undefined;
          },
        });
      });
    });
  } finally {
    server.close();
    tool.clear();
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(new Misuse(`farjal can't listen for gdb on port ${port}: ${error.message}`));
    });
    server.listen(port, LOOPBACK, resolve);
  });
}

interface Outcome {
  ended(how: GdbEnd): void;
  failed(error: unknown): void;
  /** The client disconnected without sending a packet: it was not gdb. */
  unspoken(): void;
}

class Connection {
  readonly #tool: Debugger;
  readonly #socket: Socket;
  readonly #outcome: Outcome;
  readonly #reader = new PacketReader();
  readonly #stub: Stub;
  #acks = true;
  #spoken = false;
  #running = false;
  #interrupted = false;
  #over = false;
  /** The last answer, for a client that asks for it again. */
  #last: Uint8Array | undefined;

  constructor(tool: Debugger, socket: Socket, outcome: Outcome) {
    this.#tool = tool;
    this.#socket = socket;
    this.#outcome = outcome;
    this.#stub = new Stub(tool);
    socket.setNoDelay(true);
    socket.on("data", (bytes) => this.#guarded(() => this.#receive(bytes)));
    socket.on("drain", () => socket.resume());
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      if (this.#spoken) this.#end("detached");
      else outcome.unspoken();
    });
  }

  #receive(bytes: Uint8Array): void {
    for (const received of this.#reader.read(bytes)) {
      if (this.#over) return;
      switch (received.kind) {
        case "packet":
          this.#spoken = true;
          if (this.#acks) this.#write(Buffer.from("+"));
          // While the guest runs, gdb sends nothing but the interrupt.
          if (!this.#running) this.#follow(this.#stub.answer(received.body));
          break;
        case "damaged":
          if (this.#acks) this.#write(Buffer.from("-"));
          break;
        case "nak":
          if (this.#acks && this.#last !== undefined) this.#write(this.#last);
          break;
        case "interrupt":
          this.#interrupted = true;
          break;
        case "noise":
          // A web page's request could contain a packet in its body. gdb's first byte is a packet's.
          if (!this.#spoken) {
            this.#over = true;
            this.#socket.destroy();
          }
          break;
        case "ack":
          break;
      }
    }
  }

  #follow(answer: Answer): void {
    switch (answer.kind) {
      case "reply":
        this.#send(answer.body);
        break;
      case "noAcks":
        this.#send("OK");
        this.#acks = false;
        break;
      case "run":
        this.#running = true;
        this.#interrupted = false;
        this.#run(answer.steps);
        break;
      case "reverse":
        this.#running = true;
        this.#interrupted = false;
        if (answer.step) this.#halted(this.#tool.reverseStep());
        else this.#search(this.#tool.reverse());
        break;
      case "detach":
        this.#send("OK");
        this.#end("detached");
        break;
      case "kill":
        this.#send("OK");
        this.#end("killed");
        break;
    }
  }

  #run(steps: number): void {
    const slice = Math.min(steps, SLICE);
    const halt = this.#tool.step(slice);
    const more = steps - slice;
    if (halt.reason === "steps" && more > 0 && !this.#interrupted) {
      setImmediate(() => {
        if (!this.#over) this.#guarded(() => this.#run(more));
      });
      return;
    }
    this.#halted(halt);
  }

  /** Goes on searching the past, until something is found or gdb interrupts. */
  #search(reverse: Generator<undefined, Halt>): void {
    if (this.#interrupted) {
      reverse.return({ reason: "steps" });
      this.#halted({ reason: "steps" });
      return;
    }
    const { done, value } = reverse.next();
    if (done === true) this.#halted(value);
    else {
      setImmediate(() => {
        if (!this.#over) this.#guarded(() => this.#search(reverse));
      });
    }
  }

  #halted(halt: Halt): void {
    this.#running = false;
    if (halt.reason === "ended")
      this.#send(`O${Buffer.from(`${halt.stop.message}\n`).toString("hex")}`);
    this.#send(this.#stub.stopped(halt, this.#interrupted));
    if (halt.reason === "returned") this.#end("returned");
  }

  #send(body: string | Uint8Array): void {
    this.#last = framed(body);
    this.#write(this.#last);
  }

  /** Writes to the client, and stops reading from a client that doesn't read. */
  #write(bytes: Uint8Array): void {
    if (!this.#socket.write(bytes)) this.#socket.pause();
  }

  #end(how: GdbEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#socket.end();
    this.#socket.unref();
    this.#outcome.ended(how);
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#over = true;
      this.#socket.destroy();
      this.#outcome.failed(error);
    }
  }
}
