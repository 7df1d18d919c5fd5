// function_graph's shadow stack in guest memory: the variables of the lab kernel's graph.c. The host sets its
// configuration and resets its depth when a call ends early; the frames are written by guest code.

import type { OpenFunctions } from "../ftrace/ring/shadow-stack.ts";
import type { GuestGraph } from "../ftrace/trace-host.ts";
import type { GuestMemory } from "../processor/guest-memory.ts";
import type { Lab } from "./lab-kernel.ts";

/** The variables that change on function entry and return. */
const PLACE = ["lab_graph_depth", "lab_graph_inside", "lab_graph_silent"];
/** An address that no site has. A list of it alone isn't empty and matches nothing. */
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

  /** Functions not recorded because the stack was full, since start(). */
  get overrun(): number {
    return this.#memory.u32(this.#lab.require("lab_graph_overrun"));
  }

  /**
   * Starts recording.
   * @param most functions at this depth or deeper are ignored; 0: no limit.
   * @param frames the frames that the stack has.
   */
  start(most: number, frames: number): void {
    this.#set("lab_graph_overrun", 0);
    this.#set("lab_graph_most", most);
    this.resize(frames);
    this.#set("lab_graph_recording", 1);
  }

  /** Changes the number of frames. */
  resize(frames: number): void {
    this.#set("lab_graph_frames", frames);
  }

  /** Stops recording. Functions on the stack still return to their real callers. */
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
