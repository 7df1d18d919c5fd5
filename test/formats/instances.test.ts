// Tests a trace.dat with several buffers, as `trace-cmd record -B NAME` writes it: which one is read, and what is
// reported when none is chosen. The test adds an instance's buffer to a file of farjal's, and trace-cmd accepts it as
// one.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { ByteBuffer } from "../../src/bytes/byte-buffer.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { Packer } from "../../src/bytes/packer.ts";
import { Misuse } from "../../src/errors.ts";
import { writeTrace } from "../../src/formats/export.ts";
import { traceFromBytes } from "../../src/formats/read.ts";
import { FLYRECORD_V6, OPTION_BUFFER, OPTIONS_V6 } from "../../src/formats/trace-dat/format.ts";
import { RING_PAGE_SIZE } from "../../src/formats/trace-dat/ring-pages.ts";
import { farjal, ORDERS, temporaryDirectory } from "../cli/farjal.ts";
import { traceCmd, traceCmdSkip } from "../support/trace-cmd.ts";
import { call, traceOf } from "./traces.ts";

const INSTANCE = "side";
const OWN = call(1000, "work_run", "host_call");
const SIDE = call(2000, "mix", "checksum");

/**
 * A trace of two pages, whose second becomes the instance's. A gap in time as long as a page can span begins a page.
 */
function fileOf(version: 6 | 7, endian: Endian): Buffer {
  const sink = new ByteBuffer();
  const events = [OWN, { ...SIDE, lost: null }];
  writeTrace(traceOf(events, endian), "trace.dat", sink, { version });
  return Buffer.from(sink.bytes());
}

const numbers = (endian: Endian) => ({
  u64: (bytes: Buffer, at: number): number =>
    Number(endian === "little" ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at)),
  pack: () => new Packer(endian),
});

/** Gives the last page of a file to an instance. */
function split(version: 6 | 7, endian: Endian): Buffer {
  const file = fileOf(version, endian);
  return version === 6 ? splitV6(file, endian) : splitV7(file, endian);
}

/** The instance's option fills a page, so that pages stay at multiples of their size. */
function splitV6(file: Buffer, endian: Endian): Buffer {
  const { u64, pack } = numbers(endian);
  const options = file.indexOf(OPTIONS_V6) + OPTIONS_V6.length + 1;
  const places = file.indexOf(FLYRECORD_V6) + FLYRECORD_V6.length + 1;
  const first = u64(file, places) + RING_PAGE_SIZE;
  const end = file.length + RING_PAGE_SIZE;
  const option = pack()
    .u16(OPTION_BUFFER)
    .u32(RING_PAGE_SIZE - 6)
    .u64(end)
    .string(INSTANCE);
  const room = new Uint8Array(RING_PAGE_SIZE - option.length);
  const own = pack().u64(first).u64(RING_PAGE_SIZE);
  const side = pack()
    .string(FLYRECORD_V6)
    .u64(first + RING_PAGE_SIZE)
    .u64(RING_PAGE_SIZE);
  return Buffer.concat([
    file.subarray(0, options),
    option.bytes(),
    room,
    file.subarray(options, places),
    own.bytes(),
    file.subarray(places + 16),
    side.sized("[local]\0", 8).bytes(),
  ]);
}

/** The instance's option is in an options section of its own, at the end, to which the first one leads. */
function splitV7(file: Buffer, endian: Endian): Buffer {
  const { u64, pack } = numbers(endian);
  const options = u64(file, file.indexOf("none\0") + 6);
  const end = options + 16 + u64(file, options + 8);
  // The last two options: the buffer with one CPU, and DONE with the place of the next options.
  const buffer = end - 14 - 49;
  const place = buffer + 6;
  const [section, first] = [u64(file, place), u64(file, place + 27)];
  const content = pack().u64(section).string(INSTANCE).string("local").u32(RING_PAGE_SIZE).u32(1);
  content
    .u32(0)
    .u64(first + RING_PAGE_SIZE)
    .u64(RING_PAGE_SIZE);
  const more = pack().u16(OPTION_BUFFER).u32(content.length).raw(content.bytes());
  more.u16(0).u32(8).u64(0);
  const header = pack().u16(0).u16(0).u32(0).u64(more.length);
  const changed = Buffer.from(file);
  changed.set(pack().u64(RING_PAGE_SIZE).bytes(), place + 35);
  changed.set(pack().u64(file.length).bytes(), end - 8);
  return Buffer.concat([changed, header.bytes(), more.bytes()]);
}

const callsOf = (bytes: Buffer, instance: string): string[] =>
  [...traceFromBytes(bytes, "two.dat", { instance }).events].map(({ name }) => name);

suite("a trace.dat of several instances", () => {
  for (const endian of ORDERS) {
    for (const version of [6, 7] as const) {
      const name = `version ${version}, ${endian}-endian`;

      test(`is one for trace-cmd: ${name}`, { skip: traceCmdSkip }, (context) => {
        const path = join(temporaryDirectory(context), "two.dat");
        writeFileSync(path, split(version, endian));
        const report = traceCmd("report", "-i", path);
        assert.match(report, /^ +farjal-1 .* function: +work_run\n/m);
        assert.match(report, /^side: CPU:0 \[EVENTS DROPPED\]\n +farjal-1 .* function: +mix\n/m);
      });

      test(`is read when the instance's name is given: ${name}`, () => {
        const bytes = split(version, endian);
        assert.deepEqual(callsOf(bytes, "top"), ["work_run"]);
        assert.deepEqual(callsOf(bytes, INSTANCE), ["mix"]);
        assert.deepEqual(callsOf(fileOf(version, endian), "top"), ["work_run", "mix"]);
      });

      test(`is refused in a sentence that names them: ${name}`, () => {
        const bytes = split(version, endian);
        assert.throws(
          () => traceFromBytes(bytes, "two.dat"),
          new Misuse(
            "two.dat holds the buffers of several instances; say which one to read (--instance): " +
              (version === 6 ? "side, top" : "top, side"),
          ),
        );
        assert.throws(
          () => callsOf(bytes, "none"),
          /^Misuse: two.dat holds no buffer of an instance 'none'/,
        );
      });
    }
  }

  test("report accepts the name", (context) => {
    const path = join(temporaryDirectory(context), "two.dat");
    writeFileSync(path, split(7, "big"));
    const { code, stdout } = farjal(["report", path, "--instance", INSTANCE]);
    assert.equal(code, 0);
    assert.match(stdout, /function: +mix <-- checksum\n$/);
    assert.doesNotMatch(stdout, /work_run/);
    assert.equal(farjal(["report", path]).code, 2);
  });
});
