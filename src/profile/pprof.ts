// A profile for pprof (github.com/google/pprof, proto/profile.proto): one sample for each instruction executed, whose
// location has the line and those of the calls that it was inlined through. gzip around it, as pprof expects.

import { host } from "#host";
import type { Profile, ProfiledFunction } from "./profile.ts";
import { Message } from "./protobuf.ts";

/** The fields of profile.proto's messages. */
const PROFILE = {
  sampleType: 1,
  sample: 2,
  mapping: 3,
  location: 4,
  function: 5,
  strings: 6,
  comment: 13,
};
const VALUE_TYPE = { type: 1, unit: 2 };
const SAMPLE = { locations: 1, values: 2 };
const MAPPING = {
  id: 1,
  start: 2,
  limit: 3,
  file: 5,
  hasFunctions: 7,
  hasFiles: 8,
  hasLines: 9,
  hasInlined: 10,
};
const LOCATION = { id: 1, mapping: 2, address: 3, line: 4 };
const LINE = { function: 1, line: 2 };
const FUNCTION = { id: 1, name: 2, systemName: 3, file: 4, startLine: 5 };

const ADDRESS_SPACE = 2 ** 32;

/** A profile.pb.gz. */
export function pprofBytes(profile: Profile): Uint8Array {
  return host.gzip(new Writer().write(profile).bytes());
}

class Writer {
  readonly #profile = new Message();
  readonly #strings = new Map<string, number>([["", 0]]);
  readonly #functions = new Map<string, number>();
  readonly #mappings = new Map<string, number>();
  #locations = 0;

  write({ functions, title }: Profile): Message {
    const profile = this.#profile;
    const type = new Message()
      .number(VALUE_TYPE.type, this.#string("instructions"))
      .number(VALUE_TYPE.unit, this.#string("count"));
    profile.message(PROFILE.sampleType, type);
    for (const one of functions) this.#function(one);
    profile.numbers(PROFILE.comment, [this.#string(title)]);
    for (const text of this.#strings.keys()) profile.text(PROFILE.strings, text);
    return profile;
  }

  #function(one: ProfiledFunction): void {
    const { name, module, path, line, code, instructions } = one;
    const own = this.#functionId(name, path, line);
    if (code.length === 0) this.#sample(module, 0, [[own, 0]], instructions);
    for (const { address, executed, frames } of code) {
      if (executed === 0) continue;
      const lines = frames.map((frame, index): [number, number] => {
        const isOwn = index === frames.length - 1;
        const id = isOwn ? own : this.#functionId(frame.name ?? "", frame.path, null);
        return [id, frame.line ?? 0];
      });
      this.#sample(module, address, lines.length > 0 ? lines : [[own, 0]], executed);
    }
  }

  #sample(
    module: string | null,
    address: number,
    lines: readonly (readonly [functionId: number, line: number])[],
    executed: number,
  ): void {
    this.#locations++;
    const location = new Message()
      .number(LOCATION.id, this.#locations)
      .number(LOCATION.mapping, this.#mappingId(module ?? "kernel"))
      .number(LOCATION.address, address);
    for (const [id, line] of lines) {
      location.message(
        LOCATION.line,
        new Message().number(LINE.function, id).number(LINE.line, line),
      );
    }
    this.#profile.message(PROFILE.location, location);
    const sample = new Message()
      .numbers(SAMPLE.locations, [this.#locations])
      .numbers(SAMPLE.values, [executed]);
    this.#profile.message(PROFILE.sample, sample);
  }

  #functionId(name: string, path: string | null, line: number | null): number {
    const key = `${path ?? ""}\n${name}`;
    const known = this.#functions.get(key);
    if (known !== undefined) return known;
    const id = this.#functions.size + 1;
    this.#functions.set(key, id);
    const text = this.#string(name);
    this.#profile.message(
      PROFILE.function,
      new Message()
        .number(FUNCTION.id, id)
        .number(FUNCTION.name, text)
        .number(FUNCTION.systemName, text)
        .number(FUNCTION.file, this.#string(path ?? ""))
        .number(FUNCTION.startLine, line ?? 0),
    );
    return id;
  }

  /** A mapping for each object; its addresses are the whole space, since only names matter. */
  #mappingId(object: string): number {
    const known = this.#mappings.get(object);
    if (known !== undefined) return known;
    const id = this.#mappings.size + 1;
    this.#mappings.set(object, id);
    const mapping = new Message()
      .number(MAPPING.id, id)
      .number(MAPPING.limit, ADDRESS_SPACE)
      .number(MAPPING.file, this.#string(object));
    const { hasFunctions, hasFiles, hasLines, hasInlined } = MAPPING;
    for (const field of [hasFunctions, hasFiles, hasLines, hasInlined]) mapping.number(field, 1);
    this.#profile.message(PROFILE.mapping, mapping);
    return id;
  }

  #string(text: string): number {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    const index = this.#strings.size;
    this.#strings.set(text, index);
    return index;
  }
}
