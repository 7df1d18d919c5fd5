// The call sites in a user's kernel, read from its image: those that its __mcount_loc lists, which the boot switches
// off, and those of them that can be traced. Init code can't, since a booted kernel has freed it. A call that
// recordmcount missed is in no list: it calls _mcount all the time, as on the real kernel.

import { ascending } from "../address.ts";
import type { Endian } from "../bytes/endian.ts";
import { PUSH, recogniseSite, type SitePatch } from "../ftrace/sites/site.ts";
import { symbolIn } from "../ftrace/symbol-table.ts";
import type { TraceSite } from "../ftrace/trace-host.ts";
import { jumpTo } from "../isa/assemble.ts";
import { Image } from "../kernel/image.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { kernelSymbols } from "./kernel-symbols.ts";

export interface KernelSite extends TraceSite {
  /** Its function's address, and the word that the image has there. */
  readonly begin: number;
  readonly first: number;
}

export class KernelSites {
  /** The addresses in __mcount_loc, in ascending order. */
  readonly listed: readonly number[];
  readonly #kernel: Kernel;
  readonly #base: number;
  readonly #words: Uint32Array;
  readonly #loaded: SitePatch;
  #traceable: readonly KernelSite[] | undefined;

  private constructor(kernel: Kernel, base: number, words: Uint32Array, mcount: number) {
    this.#kernel = kernel;
    this.#base = base;
    this.#words = words;
    this.#loaded = [jumpTo("jal", mcount), PUSH];
    this.listed = listedCalls(words, base, this.#loaded);
  }

  /** @returns null for a kernel without code, or without _mcount. */
  static of(kernel: Kernel, endian: Endian): KernelSites | null {
    const found = known.get(kernel);
    if (found !== undefined) return found;
    const { image } = kernel;
    const mcount = kernel.addressOf("_mcount");
    if (image === null || mcount === undefined) return null;
    const { words } = new Image(image.bytes, endian);
    const sites = new KernelSites(kernel, image.address, words, mcount);
    known.set(kernel, sites);
    return sites;
  }

  /** The sites that can be traced, in ascending order. */
  get traceable(): readonly KernelSite[] {
    this.#traceable ??= this.#read();
    return this.#traceable;
  }

  #read(): KernelSite[] {
    const wordAt = (address: number): number | undefined => this.#words[(address - this.#base) / 4];
    const table = kernelSymbols(this.#kernel);
    const initBegin = this.#kernel.addressOf("_sinittext") ?? 0;
    const initEnd = this.#kernel.addressOf("_einittext") ?? 0;
    return this.listed.flatMap((address): KernelSite[] => {
      if (address >= initBegin && address < initEnd) return [];
      const site = recogniseSite(address, wordAt);
      const symbol = symbolIn(table, address);
      const first = symbol && wordAt(symbol.address);
      if (site === undefined || symbol === undefined || first === undefined) return [];
      const { name, address: begin } = symbol;
      const loaded = this.#loaded;
      return [{ site, loaded, recorded: true, name, module: null, begin, first }];
    });
  }
}

/** By kernel: machines often share one, and it has tens of thousands of sites. */
const known = new WeakMap<Kernel, KernelSites>();

/**
 * The calls of _mcount that __mcount_loc lists. No symbol says where the table is: it is the longest run of words that
 * are addresses of such calls. Without a run of at least half of them there is no table, and each call counts.
 */
function listedCalls(words: Uint32Array, base: number, [jal, push]: SitePatch): number[] {
  const isCall = new Uint8Array(words.length);
  const calls: number[] = [];
  for (let index = 0; index + 1 < words.length; index += 1) {
    if (words[index] !== jal || words[index + 1] !== push) continue;
    isCall[index] = 1;
    calls.push(base + 4 * index);
  }
  let [begin, length, run] = [0, 0, 0];
  for (let index = 0; index < words.length; index += 1) {
    const into = (words[index] ?? 0) - base;
    const names = into >= 0 && (into & 3) === 0 && isCall[into >>> 2] === 1;
    run = names ? run + 1 : 0;
    if (run > length) [begin, length] = [index + 1 - run, run];
  }
  return length < calls.length / 2
    ? calls
    : [...words.subarray(begin, begin + length)].sort(ascending);
}
