// Accesses whose address the code itself says: a lui and an addiu make it, with an offset of a known range or without.
// Whether such an address is in its window is decided when the unit is made, so the access needs no guard; and the
// address goes into the access's own offset, so it needs no addition either. A pure function of the unit's blocks.

import { commonForms, constantForm, type Form, type Forms, follow } from "./address-form.ts";
import { type Block, type Flow, instructionsOf } from "./blocks.ts";
import { plainAccess } from "./guards.ts";
import type { Access, GuardedWindow, Instruction } from "./instruction.ts";

/** By instruction, the way to memory where it is known without a guard. */
export function constantAccesses(
  flow: Flow,
  access: (instruction: Instruction) => Access,
): ReadonlyMap<Instruction, Access> {
  const found = new Map<Instruction, Access>();
  formsAtBegin(flow).forEach((begin, node) => {
    let forms = begin;
    for (const instruction of instructionsOf(flow.blocks[node] as Block)) {
      const known = knownAccess(instruction, access(instruction), forms);
      if (known !== undefined) found.set(instruction, known);
      forms = follow(instruction, forms);
    }
  });
  return found;
}

function knownAccess(
  instruction: Instruction,
  access: Access,
  forms: Forms,
): GuardedWindow | undefined {
  const plain = plainAccess(instruction, access);
  const base = plain && forms[plain.base];
  if (plain === undefined || base === undefined || base.terms.size > 0) return undefined;
  const { window, offset, size } = plain;
  const lowest = (base.constant + offset) >>> 0;
  const inside = lowest - window.start;
  const isAligned = inside % size === 0 && (base.span === 0 || base.step % size === 0);
  if (inside < 0 || inside + base.span + size > window.size || !isAligned) return undefined;
  // Narrow accesses of a big-endian guest flip the low bits of an address, so only words go into the offset.
  const words = inside - (inside % 4);
  return {
    start: window.start + words,
    size: window.size - words,
    offset: window.offset + words,
    isGuarded: true,
  };
}

/** By block, what is known of the registers at its begin from the code alone, on every way there. */
function formsAtBegin({ blocks, successors }: Flow): Forms[] {
  const nothing: Forms = Array.from({ length: 32 }, (_, register) =>
    register === 0 ? constantForm(0) : undefined,
  );
  const begins: (Forms | undefined)[] = [nothing];
  const queue = [0];
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    const block = blocks[node] as Block;
    const isCall = block.end.kind === "call" || block.end.kind === "call other";
    const after = isCall ? nothing : formsAfter(block, begins[node] ?? nothing);
    for (const next of successors[node] ?? []) {
      const known = begins[next];
      const merged = known === undefined ? after : commonForms(known, after);
      if (known !== undefined && merged.every((form, register) => form === known[register]))
        continue;
      begins[next] = merged;
      if (!queue.includes(next)) queue.push(next);
    }
  }
  return blocks.map((_, node) => begins[node] ?? nothing);
}

function formsAfter(block: Block, begin: Forms): Forms {
  const all = instructionsOf(block);
  const isLikely = "by" in block.end && block.end.by.kind === "likely";
  let forms: readonly (Form | undefined)[] = begin;
  for (const instruction of isLikely ? all.slice(0, -1) : all) forms = follow(instruction, forms);
  // A likely branch's delay slot may not have been executed.
  const slot = all.at(-1);
  return isLikely && slot !== undefined ? commonForms(forms, follow(slot, forms)) : forms;
}
