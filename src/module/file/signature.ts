// A module's signature: PKCS#7 data after the ELF image, then a 12-byte record, then a marker line. It must be removed
// before offsets are checked against the file's size. This follows module_sig_check() and mod_check_sig() of Linux 6.1
// without the cryptography, since only the kernel has the keys: a well-formed signature is assumed to be valid.

import { latin1 } from "../../bytes/text.ts";
import { Refusal } from "../../errors.ts";

const MARKER = "~Module signature appended~\n";
/** struct module_signature: algo, hash, id_type, signer_len, key_id_len, three zeros, be32 sig_len. */
const RECORD_SIZE = 12;
const PKEY_ID_PKCS7 = 2;

export interface Signature {
  /** Bytes of the PKCS#7 message. */
  readonly size: number;
  /** False for other data than a PKCS#7 message: Linux then loads the module as unsigned. */
  readonly supported: boolean;
}

export interface SignedFile {
  readonly image: Uint8Array;
  /** null: there is no marker, so the module is unsigned, even if other data follows it. */
  readonly signature: Signature | null;
  /** The kernel's lines. */
  readonly dmesg: readonly string[];
}

/**
 * Separates a module from its signature.
 * @throws Refusal (EBADMSG) if the marker is there but the record is invalid.
 */
export function splitSignature(file: Uint8Array): SignedFile {
  const end = file.length - MARKER.length;
  if (end <= 0 || latin1(file.subarray(end)) !== MARKER) {
    return { image: file, signature: null, dmesg: [] };
  }
  if (end <= RECORD_SIZE) {
    return bad([], "the signature's marker is there, but its 12-byte record isn't");
  }
  const record = file.subarray(end - RECORD_SIZE, end);
  const size = new DataView(record.buffer, record.byteOffset).getUint32(8);
  const length = end - RECORD_SIZE - size;
  if (length <= 0) {
    return bad(
      [],
      `the signature says it has ${size} bytes, but only ${end - RECORD_SIZE} precede its record`,
    );
  }
  if (record[2] !== PKEY_ID_PKCS7) {
    const dmesg = ["module: not signed with expected PKCS#7 message"];
    return { image: file.subarray(0, end), signature: { size, supported: false }, dmesg };
  }
  if (record.subarray(0, 8).some((byte, index) => index !== 2 && byte !== 0)) {
    return bad(
      ["module: PKCS#7 signature info has unexpected non-zero params"],
      "the signature's record must be zero but for its type and size",
    );
  }
  return { image: file.subarray(0, length), signature: { size, supported: true }, dmesg: [] };
}

function bad(dmesg: readonly string[], explanation: string): never {
  throw new Refusal({ errno: "EBADMSG", dmesg, explanation });
}
