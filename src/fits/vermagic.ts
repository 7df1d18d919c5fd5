// Compares two version magics word by word: the release, then options of the configuration that change the layout of
// structures (include/linux/vermagic.h), then the processor and the class (arch/mips/include/asm/vermagic.h). Whether
// they fit is the loader's decision (module/checks); this file says how they differ.

/** The options that the words mean, where a word doesn't name its option. */
const OPTIONS: Readonly<Record<string, string>> = {
  SMP: "CONFIG_SMP",
  preempt: "CONFIG_PREEMPT",
  preempt_rt: "CONFIG_PREEMPT_RT",
  mod_unload: "CONFIG_MODULE_UNLOAD",
  modversions: "CONFIG_MODVERSIONS",
};
const CLASS = /^(?:32|64)BIT$/;

interface Magic {
  readonly release: string;
  readonly processor: string;
  readonly class: string;
  /** The other words. */
  readonly options: readonly string[];
}

/** The release of the module and of the kernel; null if they are the same, or one is missing. */
export function releaseDifference(
  module: string,
  kernel: string,
): { readonly module: string; readonly kernel: string } | null {
  const [own, other] = [parse(module).release, parse(kernel).release];
  return own === other ? null : { module: own, kernel: other };
}

/**
 * The differences between a module's version magic and a kernel's, as a sentence.
 * @param withRelease whether the release counts; Linux doesn't compare it if both have checksums.
 */
export function magicDifference(module: string, kernel: string, withRelease: boolean): string {
  const [own, other] = [parse(module), parse(kernel)];
  const parts: string[] = [];
  const differ = (what: "release" | "processor" | "class"): boolean => own[what] !== other[what];
  if (withRelease && differ("release")) {
    parts.push(`the module is for ${own.release}, and the kernel is ${other.release}`);
  }
  for (const what of ["processor", "class"] as const) {
    if (differ(what))
      parts.push(`the module is built for ${own[what]}, and the kernel for ${other[what]}`);
  }
  for (const word of other.options.filter((one) => !own.options.includes(one))) {
    parts.push(`the kernel has ${named(word)}, the module doesn't`);
  }
  for (const word of own.options.filter((one) => !other.options.includes(one))) {
    parts.push(`the module has ${named(word)}, the kernel doesn't`);
  }
  return parts.join("; ") || "the words are the same, in another order or spacing";
}

function parse(magic: string): Magic {
  const [release = "", ...words] = magic.split(" ").filter(Boolean);
  const at = words.findIndex((word) => CLASS.test(word));
  const processor = at > 0 ? (words[at - 1] ?? "") : "";
  const bits = at < 0 ? "" : (words[at] ?? "");
  const options = words.filter((word) => word !== processor && word !== bits);
  return { release, processor, class: bits, options };
}

function named(word: string): string {
  const option = OPTIONS[word];
  return option === undefined ? word : `${word} (${option})`;
}
