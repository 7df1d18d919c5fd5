// Code that moves the guest's registers and FUEL between a unit's locals and memory, where they are between units.
// Which registers, and where, is decided elsewhere (register-state.ts): this file takes a set of them, as bits.

import { CPU_GPR, CPU_HI } from "../../assembly/shared/cpu-state.ts";
import { LOCAL_FUEL, LOCAL_HI_LO } from "../../assembly/shared/emitted-code.ts";
import { FUEL } from "../../assembly/shared/translated-code.ts";
import {
  I32_ADD,
  I32_CONST,
  I32_LOAD,
  I32_STORE,
  I64_CONST,
  I64_LOAD,
  I64_ROTL,
  I64_STORE,
} from "../../assembly/shared/wasm-opcodes.ts";
import type { Body } from "./encoder/body.ts";

/** HI and LO in a set of registers: the bit of r0. */
const ACCUMULATOR = 1;

/** The local of a general register. */
export function localOf(register: number): number {
  return register + 1;
}

export class StateCode {
  readonly #body: Body;

  constructor(body: Body) {
    this.#body = body;
  }

  loadRegisters(bits: number): void {
    for (const number of numbersOf(bits)) this.#load(CPU_GPR + 4 * number, localOf(number));
    if (bits & ACCUMULATOR) this.#loadHiLo();
  }

  loadFuel(): void {
    this.#load(FUEL, LOCAL_FUEL);
  }

  addFuel(count: number): void {
    this.#body.get(LOCAL_FUEL);
    this.#body.op(I32_CONST, count);
    this.#body.op(I32_ADD);
    this.#body.set(LOCAL_FUEL);
  }

  /** Stores these registers and FUEL, after which all of the guest's state is in memory. */
  store(bits: number): void {
    for (const number of numbersOf(bits)) this.#store(CPU_GPR + 4 * number, localOf(number));
    if (bits & ACCUMULATOR) this.#storeHiLo();
    this.#store(FUEL, LOCAL_FUEL);
  }

  #load(address: number, local: number): void {
    this.#body.op(I32_CONST, 0);
    this.#body.op(I32_LOAD, 2, address);
    this.#body.set(local);
  }

  #store(address: number, local: number): void {
    this.#body.op(I32_CONST, 0);
    this.#body.get(local);
    this.#body.op(I32_STORE, 2, address);
  }

  /** HI precedes LO in memory, so reading both as one swaps them. */
  #loadHiLo(): void {
    this.#body.op(I32_CONST, 0);
    this.#body.op(I64_LOAD, 3, CPU_HI);
    this.#swapHalves();
    this.#body.set(LOCAL_HI_LO);
  }

  #storeHiLo(): void {
    this.#body.op(I32_CONST, 0);
    this.#body.get(LOCAL_HI_LO);
    this.#swapHalves();
    this.#body.op(I64_STORE, 3, CPU_HI);
  }

  #swapHalves(): void {
    this.#body.op(I64_CONST, 32);
    this.#body.op(I64_ROTL);
  }
}

/** The general registers of a set. */
function numbersOf(bits: number): number[] {
  const numbers: number[] = [];
  for (let number = 1; number < 32; number++) if (bits & (1 << number)) numbers.push(number);
  return numbers;
}
