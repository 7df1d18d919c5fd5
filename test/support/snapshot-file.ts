// Snapshots with changed parts and a correct checksum, for tests of the checks that follow it. The format is that of
// src/processor/snapshot.ts.

import { createHash } from "node:crypto";
import { deflateSync, inflateSync } from "node:zlib";

const SIZE_AT = 28;
const DIGEST_AT = 32;
const DIGEST_END = 64;
const BODY_AT = 72;

/** The unpacked state in a compressed snapshot without an attachment. */
export function bodyOf(snapshot: Uint8Array): Buffer {
  return inflateSync(snapshot.subarray(BODY_AT));
}

/**
 * The snapshot with another body, compressed, and its size.
 * @param head the bytes before the checksum, where the size is changed too; default: the snapshot's.
 */
export function withBody(
  snapshot: Uint8Array,
  body: Uint8Array,
  head: Uint8Array = snapshot.subarray(0, DIGEST_AT),
): Buffer {
  const own = Buffer.from(head);
  own.writeUInt32LE(body.length, SIZE_AT);
  const words = snapshot.subarray(DIGEST_END, BODY_AT);
  return sealed(own, Buffer.concat([words, deflateSync(body, { level: 1 })]));
}

/** Puts the right checksum between what precedes it and what follows it. */
export function sealed(head: Uint8Array, rest: Uint8Array): Buffer {
  const digest = createHash("sha256").update(head).update(rest).digest();
  return Buffer.concat([head, digest, rest]);
}
