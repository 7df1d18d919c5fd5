// Rewrites a module's file so that a stock kernel loads and traces it: each call site that is a jal becomes the long
// call that ftrace patches in modules, and each jump whose target may be out of reach becomes a jump through a
// register. The sections are laid out again around them. A pure function: bytes in, bytes and a report out.
//
// Nothing is guessed. Code that can't be moved with certainty is refused with section, offset, symbol and reason, and
// then no file is made.

import { Words } from "../bytes/words.ts";
import { SHF_ALLOC } from "../elf/numbers.ts";
import { readElf } from "../elf/reader.ts";
import { withoutSections } from "../elf/without.ts";
import { type ElfImage, type ImageSection, imageOf, writeElf } from "../elf/writer.ts";
import { Refusal } from "../errors.ts";
import { splitSignature } from "../module/file/signature.ts";
import { checkOptions } from "../options.ts";
import { type Applied, applyPlan } from "./apply.ts";
import { type Edit, wordsOf } from "./edit.ts";
import { listedOffset } from "./mcount-table.ts";
import { notesOn } from "./notes.ts";
import type { OffsetMap } from "./offset-map.ts";
import { MEND_OPTIONS, type MendOptions, type MendPlan, planMend } from "./plan.ts";
import type { Change, MendReport, SectionChange } from "./report.ts";
import { Subject } from "./subject.ts";
import { wideJumps, wideSites } from "./wide.ts";

export interface Mended {
  /** The file: the given bytes when there is nothing to mend, null when mending is refused. */
  readonly file: Uint8Array | null;
  readonly report: MendReport;
}

/**
 * Mends one module.
 * @param bytes a whole .ko or .o of a 32-bit kernel, uncompressed, with its signature if it has one.
 * @throws Refusal as readModule does, for a file that is no relocatable MIPS ELF file or is damaged.
 */
export function mendModule(bytes: Uint8Array, options: MendOptions = {}): Mended {
  checkOptions("mendModule()", options, MEND_OPTIONS);
  const { image, signature } = splitSignature(bytes);
  const elf = readElf(image, { relocatable: true });
  if (elf.symbols.length === 0) {
    throw new Refusal({
      errno: "ENOEXEC",
      dmesg: [],
      explanation: "the file has no symbol table; strip a module with --strip-debug at most",
    });
  }
  const subject = new Subject(elf);
  if (elf.class === 64) return wideVerdict(subject, bytes, options);
  const plan = planMend(subject, options);
  const strips = options.stripDebug === true && elf.sections.some(isDebug);
  if (plan === null && !strips && subject.refusals.length === 0) {
    return { file: bytes, report: { ...EMPTY, notes: [] } };
  }
  const unmovable = subject.unmovable();
  if (unmovable !== null) {
    const edits = [...(plan?.edits.values() ?? [])].flat();
    const places = edits.map(({ section, change: { offset, symbol } }) => ({
      section: section.name,
      offset,
      symbol,
      reason: unmovable,
    }));
    const whole = { section: "", offset: 0, symbol: "", reason: unmovable };
    const all = [...places, ...subject.refusals];
    return refused(all.length === 0 ? [whole] : all);
  }
  if (subject.refusals.length > 0) return refused(subject.refusals);
  const applied = plan === null ? unchanged(subject) : applyPlan(subject, plan);
  if (subject.refusals.length > 0) return refused(subject.refusals);
  const stripped = withoutSections(applied.image, (section) => strips && isDebug(section));
  return {
    file: writeElf(stripped.image),
    report: {
      verdict: "mended",
      sections: sectionChanges(subject, applied.image),
      changes: plan === null ? [] : changesOf(subject, plan, applied),
      refusals: [],
      moved: { branches: applied.branches, addends: applied.addends },
      signatureDropped: signature === null ? 0 : bytes.length - image.length,
      stripped: stripped.names,
      notes: notesOn(subject, plan, strips),
    },
  };
}

/** A section with debugging information, which describes the code as it was compiled. */
function isDebug({ name, flags }: Pick<ImageSection, "name" | "flags">): boolean {
  return name.startsWith(".debug_") && (flags & SHF_ALLOC) === 0;
}

function unchanged({ elf }: Subject): Applied {
  return { image: imageOf(elf), relaid: new Map(), branches: 0, addends: 0 };
}

/** A 64-bit module is returned unchanged, or refused with every place that would need mending. */
function wideVerdict(subject: Subject, bytes: Uint8Array, options: MendOptions): Mended {
  const places = wideJumps(subject, options.noJumps === true);
  if (options.sites === "remove") for (const site of wideSites(subject)) places.push(site);
  return places.length > 0 ? refused(places) : { file: bytes, report: EMPTY };
}

const EMPTY: MendReport = {
  verdict: "nothing",
  sections: [],
  changes: [],
  refusals: [],
  moved: { branches: 0, addends: 0 },
  signatureDropped: 0,
  stripped: [],
  notes: [],
};

function refused(refusals: MendReport["refusals"]): Mended {
  return { file: null, report: { ...EMPTY, verdict: "refused", refusals } };
}

function sectionChanges({ elf }: Subject, { sections }: ElfImage): SectionChange[] {
  return sections
    .map(({ name, size, bytes }, index) => ({
      name,
      before: elf.sections[index]?.size ?? 0,
      after: size ?? bytes.length,
    }))
    .filter(({ before, after }) => before !== after);
}

function changesOf(subject: Subject, plan: MendPlan, { relaid }: Applied): Change[] {
  const changes: Change[] = [];
  for (const [index, edits] of plan.edits) {
    const map = plan.maps.get(index) as OffsetMap;
    const words = new Words(relaid.get(index)?.bytes as Uint8Array, subject.elf.endian);
    for (const edit of edits) changes.push(changeOf(subject, edit, map, words));
  }
  for (const listed of plan.added) {
    const { section, offset, size, call } = listed.site;
    if (call.kind === "short") continue;
    const before = wordsOf(subject, section, offset, size);
    changes.push({
      section: section.name,
      offset,
      kind: "site-listed",
      symbol: "_mcount",
      addend: 0,
      newOffset: listedOffset(plan, listed),
      before,
      after: before,
      register: null,
      newlyListed: true,
    });
  }
  return changes;
}

function changeOf(subject: Subject, edit: Edit, map: OffsetMap, words: Words): Change {
  const newOffset = map.at(edit.offset) as number;
  return {
    section: edit.section.name,
    ...edit.change,
    newOffset,
    before: wordsOf(subject, edit.section, edit.offset, edit.size),
    after: edit.words.map((_, index) => words.u32(newOffset + 4 * index)),
  };
}
