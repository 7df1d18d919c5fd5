// Finishes a relocated module before it runs or is traced, as Linux 6.1's post_relocation() and module_finalize() do:
// sorts the exception table, fills the kallsyms tables, and writes a nop at the sites of static keys that initially
// don't jump.

import { OP_J } from "../../assembly/shared/opcodes.ts";
import { type Address, ascending, lowWord, plus } from "../address.ts";
import type { Endian } from "../bytes/endian.ts";
import { Words } from "../bytes/words.ts";
import { assemble, NOP } from "../isa/assemble.ts";
import { R } from "../isa/registers.ts";
import type { ModuleHost } from "./host.ts";

/** A loaded section. */
export interface MemoryRange<A extends Address = number> {
  readonly address: A;
  readonly size: number;
}

/** Pointers in struct exception_table_entry and in struct jump_entry. */
const EXCEPTION_ENTRY = 2;
const JUMP_ENTRY = 3;

function wordsAt<A extends Address>(host: ModuleHost<A>, { address, size }: MemoryRange<A>): Words {
  return new Words(host.read(address, size) ?? new Uint8Array(0), host.endian);
}

/** Sorts {insn, fixup} pairs by insn, as the page fault handler's binary search needs them. */
export function sortExceptionTable<A extends Address>(
  host: ModuleHost<A>,
  table: MemoryRange<A>,
): void {
  const words = wordsAt(host, table);
  const { bytes: word, read, write } = host.width;
  const size = EXCEPTION_ENTRY * word;
  const entries: [insn: A, fixup: A][] = [];
  for (let at = 0; at + size <= words.size; at += size) {
    entries.push([read(words, at), read(words, at + word)]);
  }
  entries.sort(([a], [b]) => ascending(a, b));
  for (const [index, [insn, fixup]] of entries.entries()) {
    write(words, index * size, insn);
    write(words, index * size + word, fixup);
  }
  if (entries.length > 0) host.write(table.address, words.bytes);
}

/**
 * jump_label_apply_nops(): writes a nop at the site of each {code, target, key} entry that initially doesn't jump.
 * @returns the number of such sites.
 */
export function applyStaticKeys<A extends Address>(
  host: ModuleHost<A>,
  table: MemoryRange<A>,
): number {
  const words = wordsAt(host, table);
  const { bytes: word, read } = host.width;
  const size = JUMP_ENTRY * word;
  let nops = 0;
  for (let at = 0; at + size <= words.size; at += size) {
    const code = read(words, at);
    const site = readWord(host, code);
    if (site === undefined || !startsAsNop(host, read(words, at + 2 * word), site)) continue;
    host.write(code, wordBytes(NOP, host.endian));
    nops++;
  }
  return nops;
}

const KEY_FLAGS = 3;

/**
 * jump_label_init_type(): combines the key's initial value with the entry's own bit. struct static_key is
 * {atomic_t enabled; unsigned long type}; bit 0 of type is JUMP_TYPE_TRUE. The value of a key in kernel data may be
 * unknown (a System.map has its address only); then the site decides: if the key initially doesn't jump,
 * arch_static_branch() has left a branch to the next instruction; if it does, arch_static_branch_jump() has left a j,
 * which `farjal mend --no-jumps` makes a b.
 */
function startsAsNop<A extends Address>(host: ModuleHost<A>, entryKey: A, site: number): boolean {
  const flags = lowWord(entryKey) & KEY_FLAGS;
  const key = plus(entryKey, -flags);
  const { bytes: word, read } = host.width;
  const type = host.read(plus(key, word), word);
  if (type === undefined) return site >>> 26 !== OP_J && (!isB(site) || site === B_TO_NEXT);
  const low = lowWord(read(new Words(type, host.endian), 0));
  return ((low ^ flags) & 1) === 0;
}

/** `b` over its delay slot, and any `b`. */
const B_TO_NEXT = assemble("beq", R.zero, R.zero, 1);
function isB(word: number): boolean {
  return word >>> 16 === B_TO_NEXT >>> 16;
}

function readWord<A extends Address>(host: ModuleHost<A>, address: A): number | undefined {
  const bytes = host.read(address, 4);
  return bytes && new Words(bytes, host.endian).u32(0);
}

function wordBytes(word: number, endian: Endian): Uint8Array {
  const words = new Words(new Uint8Array(4), endian);
  words.setU32(0, word);
  return words.bytes;
}
