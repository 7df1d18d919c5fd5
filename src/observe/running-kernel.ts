// The functions of a kernel that runs on a board, and of the modules in it, as they come and go: found in the guest's
// memory while it runs, without its help. A jump to do_init_module() announces a module, one to free_module() its end,
// and relocate_kernel()'s result says where a kernel with KASLR goes on. Jumps that lead to other marked addresses are
// passed to one follower. Executed instructions are counted meanwhile.

import type { Board } from "../board/board.ts";
import { slideOf } from "../board/kernel-slide.ts";
import { Misuse } from "../errors.ts";
import { type SymbolTable, symbolTable } from "../ftrace/symbol-table.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { OBSERVED_FUNCTIONS, OBSERVED_GONE } from "../limits.ts";
import { GuestMemory } from "./guest-memory.ts";
import { modulesListedWith, modulesOf, readGuestModule } from "./guest-modules.ts";

const A0 = 4;
const V0 = 2;
const RA = 31;

export interface KernelFunction {
  readonly address: number;
  readonly name: string;
  /** null for the kernel's own. */
  readonly module: string | null;
}

/** Who else wants to know where jumps lead. */
export interface JumpFollower {
  /** A jump leads to a marked address; its instruction is the next one. */
  arrive(address: number): void;
  /** There are other functions than before. The guest doesn't run. */
  changed(): void;
}

export class RunningKernel {
  readonly board: Board;
  readonly kernel: Kernel;
  readonly #modules = new Map<number, SymbolTable>();
  #gone: readonly SymbolTable[] = [];
  #follower: JumpFollower | null = null;
  /** By address: what to do when a jump leads there. */
  readonly #hooks = new Map<number, () => void>();
  #slide: number;
  #text: SymbolTable;

  /**
   * Begins to observe.
   * @param kernel the kernel that runs, or will run, on the board.
   * @throws Misuse when the kernel's file has no symbols.
   */
  constructor(board: Board, kernel: Kernel) {
    if (kernel.symbols.length === 0) throw new Misuse("the kernel's file has no symbols");
    this.board = board;
    this.kernel = kernel;
    board.processor.follow((address) => {
      this.#hooks.get(address)?.();
      this.#follower?.arrive(address);
    });
    this.#slide = slideOf(board, kernel);
    this.#text = functionsOf(kernel, this.#slide);
    const memory = new GuestMemory(board.processor);
    for (const address of modulesOf(memory, kernel, this.#slide)) this.#add(memory, address);
    this.#hookAll();
  }

  /** How far the kernel has moved itself. */
  get slide(): number {
    return this.#slide;
  }

  /** The symbol tables, the newest first. */
  get tables(): readonly SymbolTable[] {
    const own = this.#slide === 0 ? [] : [functionsOf(this.kernel, 0)];
    return [...[...this.#modules.values()].reverse(), this.#text, ...own];
  }

  *functions(): Generator<KernelFunction> {
    for (const { addresses, names, module } of [...this.#modules.values(), this.#text]) {
      for (const [index, name] of names.entries()) {
        yield { address: addresses[index] as number, name, module };
      }
    }
  }

  /** The tables of the modules that are gone, the last one first. */
  get gone(): readonly SymbolTable[] {
    return this.#gone;
  }

  /** Passes jumps to marked addresses to a follower, in place of the one before; null: to none. */
  set follower(follower: JumpFollower | null) {
    this.#follower = follower;
    follower?.changed();
  }

  /** Ends observing. */
  end(): void {
    this.#follower = null;
    this.board.processor.follow(null);
  }

  #hookAll(): void {
    this.#hooks.clear();
    const { processor } = this.board;
    this.#hook("do_init_module", () => {
      const address = processor.gpr(A0);
      this.board.afterThis(() => this.#arrived(address));
    });
    this.#hook("free_module", () => {
      const address = processor.gpr(A0);
      this.board.afterThis(() => this.#left(address));
    });
    if (this.#slide !== 0) return;
    this.#hook("relocate_kernel", () => {
      const back = processor.gpr(RA);
      this.#hooks.set(back, () => {
        this.#hooks.delete(back);
        this.#moved(processor.gpr(V0));
      });
      processor.mark(back);
    });
  }

  #hook(name: string, work: () => void): void {
    const address = this.kernel.symbol(name)?.address;
    if (address === undefined) return;
    this.#hooks.set(address + this.#slide, work);
    this.board.processor.mark(address + this.#slide);
  }

  #arrived(address: number): void {
    const memory = new GuestMemory(this.board.processor);
    const listed = modulesListedWith(memory, address);
    for (const one of [...listed, address]) this.#add(memory, one);
    this.#follower?.changed();
  }

  #left(address: number): void {
    const table = this.#modules.get(address);
    if (table === undefined) return;
    this.#modules.delete(address);
    this.#gone = [table, ...this.#gone].slice(0, OBSERVED_GONE);
    this.#follower?.changed();
  }

  #add(memory: GuestMemory, address: number): void {
    if (this.#modules.has(address)) return;
    const known = [...this.#modules.values()].reduce((sum, { names }) => sum + names.length, 0);
    if (known >= OBSERVED_FUNCTIONS) return;
    const module = readGuestModule(memory, address);
    if (module !== undefined) this.#modules.set(address, module.symbols);
  }

  /** @param start where the relocated kernel begins: its start_kernel. */
  #moved(start: number): void {
    const before = this.kernel.symbol("start_kernel")?.address;
    if (before === undefined || start === before) return;
    this.#slide = start - before;
    this.#text = functionsOf(this.kernel, this.#slide);
    this.#hookAll();
    this.board.afterThis(() => this.#follower?.changed());
  }
}

/** A part of a function that gcc has moved away from it: a jump there is no call. */
const PART = /\.cold(\.\d+)?$/;

/** The symbols of the kernel's code, each up to the next one. */
function functionsOf({ symbols }: Kernel, slide: number): SymbolTable {
  const code = symbols.filter(({ type, name }) => /^[TtWw]$/.test(type) && !PART.test(name));
  const starts = code.filter(({ address }, index) => code[index - 1]?.address !== address);
  return symbolTable(
    null,
    starts.map(({ name, address }, index) => ({
      name,
      address: address + slide,
      end: (starts[index + 1]?.address ?? address + 4) + slide,
    })),
  );
}
