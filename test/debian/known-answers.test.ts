// Calls Debian's modules that only compute, as the kernel would call them. Their answers are compared with published
// ones (CRC catalogues, RFC 8439), with Node's OpenSSL and with two LZ4 decoders. Each module runs three times,
// untraced, traced natively and traced by guest code, and must give one result: on Debian's kernel, and on the lab
// kernel, which replaces it when a user has none.

import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { before, suite, test } from "node:test";
import { unpackLz4 } from "../../src/compression/lz4.ts";
import { Output } from "../../src/compression/output.ts";
import {
  type Argument,
  type HostCall,
  type Kernel,
  Machine,
  readKernel,
  type TraceWay,
} from "../../src/index.ts";
import { debian, debianSkip } from "../support/debian.ts";
import { Random } from "../support/random.ts";

const BASE = 0xc0000000;

/** A machine with one module, and calls of it, none of which may fail. */
class Bench {
  readonly machine: Machine;
  /** Debian's kernel; null when the module imports from the lab kernel. */
  readonly kernel: Kernel | null;
  instructions = 0;

  constructor(machine: Machine, kernel: Kernel | null) {
    this.machine = machine;
    this.kernel = kernel;
  }

  /** @returns v0. */
  call(name: string, ...args: Argument[]): number {
    const { v0, instructions } = this.machine.call(name, args);
    this.instructions += instructions;
    return v0;
  }

  /** Allocates zeroed guest memory. */
  room(size: number): number {
    return this.machine.memory.alloc(size);
  }

  hex(address: number, size: number): string {
    return Buffer.from(this.machine.memory.read(address, size)).toString("hex");
  }
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));
}

function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}

const DIGITS = Buffer.from("123456789");

/** The check values of the CRC catalogue, for "123456789". */
function crc16(bench: Bench): void {
  assert.equal(bench.call("crc16", 0, DIGITS, DIGITS.length), 0xbb3d, "CRC-16/ARC");
  assert.equal(bench.call("crc16", 0xffff, DIGITS, DIGITS.length), 0x4b37, "CRC-16/MODBUS");
  assert.equal(bench.call("crc16", 0x1234, DIGITS, 0), 0x1234, "of nothing");
}

function crcItuT(bench: Bench): void {
  assert.equal(bench.call("crc_itu_t", 0, DIGITS, DIGITS.length), 0x31c3, "CRC-16/XMODEM");
  assert.equal(bench.call("crc_itu_t", 0xffff, DIGITS, DIGITS.length), 0x29b1, "CRC-16/IBM-3740");
  const half = bench.call("crc_itu_t", 0, DIGITS.subarray(0, 4), 4);
  assert.equal(bench.call("crc_itu_t", half, DIGITS.subarray(4), 5), 0x31c3, "in two parts");
}

const SUNSCREEN =
  "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";

/**
 * chacha_block_generic(state, stream, rounds), the one import that the lab kernel lacks: OpenSSL computes the block's
 * key stream, and the counter is incremented.
 */
function chachaBlock({ memory, arg }: HostCall): void {
  const [state, stream, rounds] = [arg(0), arg(1), arg(2)];
  assert.equal(rounds, 20);
  const [key, iv] = [memory.read(state + 16, 32), memory.read(state + 48, 16)];
  memory.write(stream, createCipheriv("chacha20", key, iv).update(new Uint8Array(64)));
  memory.setU32(state + 48, memory.u32(state + 48) + 1);
}

/** RFC 8439, sections 2.3.2 and 2.4.2; then other lengths, keys and counters against OpenSSL. */
function chacha20(bench: Bench): void {
  const ordinals = Uint8Array.from({ length: 32 }, (_, index) => index);
  const state = bench.room(64);
  const nonce = fromHex("01000000 000000090000004a00000000");
  bench.machine.memory.write(
    state,
    Buffer.concat([Buffer.from("expand 32-byte k"), ordinals, nonce]),
  );
  const stream = bench.room(64);
  bench.call("chacha_block_generic", state, stream, 20);
  assert.equal(
    bench.hex(stream, 64),
    "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e" +
      "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e",
  );
  assert.equal(bench.machine.memory.u32(state + 48), 2, "the counter counts on");

  const encrypt = (key: Uint8Array, iv: Uint8Array, text: Uint8Array): string => {
    const state = Buffer.concat([Buffer.from("expand 32-byte k"), key, iv]);
    const out = bench.room(Math.max(text.length, 1));
    bench.call("chacha_crypt_generic", state, out, text, text.length, 20);
    return bench.hex(out, text.length);
  };
  const iv = fromHex("01000000 000000000000004a00000000");
  assert.equal(
    encrypt(ordinals, iv, Buffer.from(SUNSCREEN)),
    "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0b" +
      "f91b65c5524733ab8f593dabcd62b3571639d624e65152ab8f530c359f0861d8" +
      "07ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab7793736" +
      "5af90bbf74a35be6b40b8eedf2785e42874d",
  );
  const random = new Random(8439);
  for (const length of [0, 1, 63, 64, 65, 128, 1000]) {
    const [someKey, someIv] = [randomBytes(random, 32), randomBytes(random, 16)];
    const text = randomBytes(random, length);
    const cipher = createCipheriv("chacha20", someKey, someIv);
    assert.equal(encrypt(someKey, someIv, text), cipher.update(text, undefined, "hex"));
  }
}

/** RFC 8439, section 2.5.2 and the corner cases of appendix A.3: one-time key, text, tag. */
const POLY1305: readonly (readonly [key: string, text: string, tag: string])[] = [
  [
    "85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b",
    Buffer.from("Cryptographic Forum Research Group").toString("hex"),
    "a8061dc1305136c6c22b8baf0c0127a9",
  ],
  [`02${"00".repeat(31)}`, "ff".repeat(16), `03${"00".repeat(15)}`],
  [`02${"00".repeat(15)}${"ff".repeat(16)}`, `02${"00".repeat(15)}`, `03${"00".repeat(15)}`],
  [
    `01${"00".repeat(31)}`,
    `${"ff".repeat(16)}f0${"ff".repeat(15)}11${"00".repeat(15)}`,
    `05${"00".repeat(15)}`,
  ],
  [
    `01${"00".repeat(31)}`,
    `${"ff".repeat(16)}fb${"fe".repeat(15)}${"01".repeat(16)}`,
    "00".repeat(16),
  ],
  [`02${"00".repeat(31)}`, `fd${"ff".repeat(15)}`, `fa${"ff".repeat(15)}`],
  [
    `0100000000000000040000${"00".repeat(21)}`,
    "e33594d7505e43b900000000000000003394d7505e4379cd0100000000000000" +
      "0000000000000000000000000000000001000000000000000000000000000000",
    "14000000000000005500000000000000",
  ],
  [
    `0100000000000000040000${"00".repeat(21)}`,
    "e33594d7505e43b900000000000000003394d7505e4379cd0100000000000000" +
      "00000000000000000000000000000000",
    "13000000000000000000000000000000",
  ],
];

/** More than the size of struct poly1305_desc_ctx. */
const POLY1305_CONTEXT = 512;

function poly1305(bench: Bench): void {
  for (const [key, text, tag] of POLY1305) {
    const message = fromHex(text);
    for (const cut of [message.length, 5]) {
      const context = bench.room(POLY1305_CONTEXT);
      bench.call("poly1305_init_generic", context, fromHex(key));
      for (const part of [message.subarray(0, cut), message.subarray(cut)]) {
        bench.call("poly1305_update_generic", context, part, part.length);
      }
      const out = bench.room(16);
      bench.call("poly1305_final_generic", context, out);
      assert.equal(bench.hex(out, 16), tag);
    }
  }
}

/** LZ4_MEM_COMPRESS, a table and 32 bytes, and LZ4_compressBound(): include/linux/lz4.h. */
const LZ4_MEMORY = 16_416;
const lz4Bound = (size: number): number => size + Math.floor(size / 255) + 16;

/**
 * The output must decompress to the input: by farjal's own decoder, and by the one in Debian's kernel where it is
 * available.
 */
function lz4(bench: Bench): void {
  const random = new Random(4);
  const phrases = ["jal _mcount; ", "addiu sp,sp,-8; ", "lui v1,0x8011; ", "jalr v1; "];
  const texts = [
    Buffer.from("farjal"),
    Buffer.alloc(70_000),
    randomBytes(random, 3000),
    Buffer.from(Array.from({ length: 9000 }, () => random.pick(phrases)).join("")),
  ];
  const sizes = texts.map((text) => {
    const packed = bench.room(lz4Bound(text.length));
    const work = bench.room(LZ4_MEMORY);
    const bound = lz4Bound(text.length);
    const size = bench.call("LZ4_compress_default", text, packed, text.length, bound, work);

    const frame = Buffer.alloc(8 + size);
    frame.writeUInt32LE(0x184c2102);
    frame.writeUInt32LE(size, 4);
    frame.set(bench.machine.memory.read(packed, size), 8);
    const output = new Output();
    unpackLz4(frame, output);
    assert.ok(Buffer.from(output.bytes()).equals(text), "farjal's decoder");

    if (bench.kernel === null) return size;
    const unpacked = bench.room(text.length);
    const length = bench.call("LZ4_decompress_safe", packed, unpacked, size, text.length);
    assert.equal(length, text.length);
    assert.ok(
      Buffer.from(bench.machine.memory.read(unpacked, length)).equals(text),
      "the kernel's",
    );
    return size;
  });
  const [, zeros = 0, noise = 0, words = 0] = sizes;
  assert.ok(zeros < 400 && noise > 3000 && words < (texts[3]?.length ?? 0) / 2, String(sizes));
}

interface Subject {
  readonly work: (bench: Bench) => void;
  /** The functions of the module that a tracer records; none where the module is built without -pg. */
  readonly traced: readonly string[];
}

const SUBJECTS: Readonly<Record<string, Subject>> = {
  crc16: { work: crc16, traced: [] },
  "crc-itu-t": { work: crcItuT, traced: [] },
  libchacha: { work: chacha20, traced: ["chacha_crypt_generic"] },
  libpoly1305: {
    work: poly1305,
    traced: [
      "poly1305_core_blocks",
      "poly1305_core_emit",
      "poly1305_core_setkey",
      "poly1305_final_generic",
      "poly1305_init_generic",
      "poly1305_update_generic",
    ],
  },
  lz4_compress: {
    work: lz4,
    traced: ["LZ4_compress_default", "LZ4_compress_fast_extState"],
  },
};

/** Runs a module's test on a machine of its own; returns its cost, the recorded calls, and the modules' functions in them. */
async function perform(
  module: string,
  work: Subject["work"],
  kernel: Kernel | null,
  way?: TraceWay,
) {
  const machine = await Machine.create(kernel === null ? {} : { kernel });
  if (kernel === null) machine.provide("chacha_block_generic", chachaBlock);
  await machine.insmod(debian?.module(module) ?? "", { base: BASE });
  const bench = new Bench(machine, kernel);
  const tracer = way === undefined ? null : machine.trace({ way });
  work(bench);
  tracer?.stop();
  assert.equal(tracer?.overruns ?? 0, 0);
  const events = [...(tracer?.events() ?? [])];
  const calls = events.map(({ name, parentName }) => `${name} <- ${parentName}`);
  const own = events.filter((event) => event.module !== null);
  const functions = [...new Set(own.map(({ name }) => name))].sort();
  return { instructions: bench.instructions, calls, functions };
}

for (const on of ["Debian's kernel", "the lab kernel"] as const) {
  suite(`Debian's modules give known answers on ${on}`, { skip: debianSkip }, () => {
    let kernel: Kernel | null = null;
    before(async () => {
      if (on === "Debian's kernel") kernel = await readKernel(debian?.vmlinuz ?? "");
    });

    for (const [module, { work, traced }] of Object.entries(SUBJECTS)) {
      test(`${module}.ko, traced and untraced`, async () => {
        const untraced = await perform(module, work, kernel);
        const native = await perform(module, work, kernel, "native");
        const guest = await perform(module, work, kernel, "guest");
        assert.deepEqual(native.functions, traced);
        assert.deepEqual(guest.calls, native.calls);
        assert.equal(native.instructions, untraced.instructions);
        assert.equal(guest.instructions > untraced.instructions, traced.length > 0);
      });
    }
  });
}
