// Tests the packet layer: framing, escapes and checksums as in the protocol's manual; bytes of any kind, divided
// anywhere, give events and never an error.

import assert from "node:assert/strict";
import { test } from "node:test";
import { framed, PACKET_SIZE, PacketReader, type Received } from "../../src/gdb/packets.ts";
import { Random } from "../support/random.ts";

function read(bytes: Uint8Array | string, reader = new PacketReader()): string[] {
  return [...reader.read(Buffer.from(bytes as string, "latin1"))].map(said);
}

function said(received: Received): string {
  return received.kind === "packet"
    ? `packet ${Buffer.from(received.body).toString("latin1")}`
    : received.kind;
}

test("a packet is a body with its checksum, in either case", () => {
  assert.deepEqual(read("$m80000000,4#55"), ["packet m80000000,4"]);
  assert.deepEqual(read("$O#4f$#00$O#4F"), ["packet O", "packet ", "packet O"]);
});

test("acknowledgements and the interrupt may be between packets; other bytes are noise", () => {
  assert.deepEqual(read("+-\x03noise$g#67\r\n+"), [
    ...["ack", "nak", "interrupt"],
    ..."noise".replaceAll(/./g, "noise ").trim().split(" "),
    ...["packet g", "noise", "noise", "ack"],
  ]);
});

test("a wrong checksum, an invalid one, and a body that is too long are damage", () => {
  assert.deepEqual(read("$g#68"), ["damaged"]);
  assert.deepEqual(read("$g#g7+"), ["damaged", "ack"]);
  assert.deepEqual(read(`$${"a".repeat(PACKET_SIZE + 1)}`), ["damaged"]);
  const longest = "a".repeat(PACKET_SIZE);
  assert.deepEqual(read(framed(longest)), [`packet ${longest}`]);
});

test("a packet that begins within another replaces it", () => {
  assert.deepEqual(read("$m8000$g#67"), ["packet g"]);
});

test("bytes that frame packets are escaped and unescaped", () => {
  assert.equal(Buffer.from(framed("a}#$*b")).toString("latin1"), "$a}]}\x03}\x04}\nb#25");
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  assert.deepEqual(read(framed(all)), [`packet ${Buffer.from(all).toString("latin1")}`]);
});

test("a stream may be divided anywhere", () => {
  const bytes = Buffer.concat([framed("vCont?"), Buffer.from("+\x03"), framed("X0,1:}")]);
  const whole = read(bytes);
  assert.equal(whole.length, 4);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const reader = new PacketReader();
    const pieces = [...read(bytes.subarray(0, cut), reader), ...read(bytes.subarray(cut), reader)];
    assert.deepEqual(pieces, whole);
  }
});

test("random bytes give events, and a packet after them is read", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = new Random(seed);
    const reader = new PacketReader();
    const noise = Uint8Array.from({ length: random.below(300) }, () =>
      random.oneIn(4) ? random.pick([0x23, 0x24, 0x7d, 0x2b]) : random.below(256),
    );
    for (const _ of reader.read(noise));
    // Ends a packet that the noise may have begun; then the packet follows.
    assert.equal(read("#00#00$?#3f", reader).at(-1), "packet ?", `seed ${seed}`);
  }
});
