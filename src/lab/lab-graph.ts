// function_graph's shadow stack where the guest keeps it: the words of the lab's graph.c. The host gives it
// what to go by, and puts its place back where a call ends in the middle; frames are the guest's own.

import type { OpenFunctions } from "../ftrace/ring/shadow-stack.ts";
import type { GuestGraph } from "../ftrace/trace-host.ts";
import type { GuestMemory } from "../processor/guest-memory.ts";
import type { Lab } from "./lab-kernel.ts";

/** What changes as functions come and go. */
const PLACE = ["lab_graph_depth", "lab_graph_inside", "lab_graph_silent"];
/** An address that no site has: a list of it alone isn't empty, and matches nothing. */
const NO_SITE = 0xffffffff;

export class LabGraph implements OpenFunctions, GuestGraph {
  readonly #lab: Lab;
  readonly #memory: GuestMemory;
  readonly #place: readonly number[];
  readonly #lists = new Map<string, number>();

  constructor(lab: Lab, memory: GuestMemory) {
    this.#lab = lab;
    this.#memory = memory;
    this.#place = PLACE.map((name) => lab.require(name));
  }

  /** Functions that found it full since start(). */
  get overrun(): number {
    return this.#memory.u32(this.#lab.require("lab_graph_overrun"));
  }

  /** Records from now on. @param most functions so deep or deeper are ignored; 0: none is. */
  start(most: number): void {
    this.#set("lab_graph_overrun", 0);
    this.#set("lab_graph_most", most);
    this.#set("lab_graph_recording", 1);
  }

  /** Functions in it still return where they should. */
  stop(): void {
    this.#set("lab_graph_recording", 0);
  }

  setStarts(addresses: readonly number[]): void {
    this.#list("lab_graph_starts", addresses);
  }

  setFunctions(within: readonly number[] | null, without: readonly number[]): void {
    this.#list("lab_graph_functions", within === null || within.length > 0 ? within : [NO_SITE]);
    this.#list("lab_graph_notrace", without);
  }

  get place(): number[] {
    return this.#place.map((address) => this.#memory.u32(address));
  }

  return(place: ArrayLike<number>): void {
    this.#place.forEach((address, index) => {
      this.#memory.setU32(address, place[index] ?? 0);
    });
  }

  #list(name: string, addresses: readonly number[] | null): void {
    const before = this.#lists.get(name);
    this.#set(`${name}_count`, 0);
    if (before !== undefined) this.#memory.free(before);
    this.#lists.delete(name);
    if (addresses === null || addresses.length === 0) return;
    const list = this.#memory.alloc(4 * addresses.length);
    this.#lists.set(name, list);
    addresses
      .toSorted((a, b) => a - b)
      .forEach((address, index) => {
        this.#memory.setU32(list + 4 * index, address);
      });
    this.#set(name, list);
    this.#set(`${name}_count`, addresses.length);
  }

  #set(name: string, value: number): void {
    this.#memory.setU32(this.#lab.require(name), value);
  }
}
