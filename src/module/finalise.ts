// What Linux 6.1 does to a relocated module before anybody runs or traces it: post_relocation() and
// module_finalize(). The exception table is sorted, the kallsyms tables are filled, and static keys' sites
// that start out as no jump become a nop.

import { OP_J } from "../../assembly/opcodes.ts";
import type { Endian } from "../elf/object.ts";
import { Words } from "../elf/words.ts";
import type { ModuleHost } from "./host.ts";

/** A loaded section. */
export interface MemoryRange {
  readonly address: number;
  readonly size: number;
}

const EXCEPTION_ENTRY = 8;
const JUMP_ENTRY = 12;
const NOP = 0;

function wordsAt(host: ModuleHost, { address, size }: MemoryRange): Words {
  return new Words(host.read(address, size) ?? new Uint8Array(0), host.endian);
}

/** Sorts {insn, fixup} pairs by insn, as the page fault handler's binary search needs them. */
export function sortExceptionTable(host: ModuleHost, table: MemoryRange): void {
  const words = wordsAt(host, table);
  const entries: [insn: number, fixup: number][] = [];
  for (let at = 0; at + EXCEPTION_ENTRY <= words.size; at += EXCEPTION_ENTRY) {
    entries.push([words.u32(at), words.u32(at + 4)]);
  }
  entries.sort(([a], [b]) => a - b);
  for (const [index, [insn, fixup]] of entries.entries()) {
    words.setU32(index * EXCEPTION_ENTRY, insn);
    words.setU32(index * EXCEPTION_ENTRY + 4, fixup);
  }
  if (entries.length > 0) host.write(table.address, words.bytes);
}

/**
 * jump_label_apply_nops(): {code, target, key} entries whose site starts out as a nop get one.
 * @returns how many sites did.
 */
export function applyStaticKeys(host: ModuleHost, table: MemoryRange): number {
  const words = wordsAt(host, table);
  let nops = 0;
  for (let at = 0; at + JUMP_ENTRY <= words.size; at += JUMP_ENTRY) {
    const code = words.u32(at);
    const site = readWord(host, code);
    if (site === undefined || !startsAsNop(host, words.u32(at + 8), site)) continue;
    host.write(code, wordBytes(NOP, host.endian));
    nops++;
  }
  return nops;
}

/** struct static_key of a 32-bit kernel: {atomic_t enabled; unsigned long type}; bit 0 of the type is JUMP_TYPE_TRUE. */
const KEY_TYPE = 4;
const KEY_FLAGS = 3;

/**
 * jump_label_init_type(): the key's initial value and the entry's own bit together. A key in kernel data
 * that isn't there (a System.map says where it is, not what) is told from the site: arch_static_branch()
 * left a branch to the next instruction where the key starts out as no jump, arch_static_branch_jump() a
 * j where it starts out as one.
 */
function startsAsNop(host: ModuleHost, key: number, site: number): boolean {
  const type = readWord(host, ((key & ~KEY_FLAGS) >>> 0) + KEY_TYPE);
  if (type === undefined) return site >>> 26 !== OP_J;
  return ((type ^ key) & 1) === 0;
}

function readWord(host: ModuleHost, address: number): number | undefined {
  const bytes = host.read(address, 4);
  return bytes && new Words(bytes, host.endian).u32(0);
}

function wordBytes(word: number, endian: Endian): Uint8Array {
  const words = new Words(new Uint8Array(4), endian);
  words.setU32(0, word);
  return words.bytes;
}
