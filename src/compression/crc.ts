// The cyclic redundancy checks of compressed files: CRC-32 (IEEE 802.3) and CRC-64 (ECMA-182), both reflected.

const POLYNOMIAL_32 = 0xedb8_8320;
/** The two halves of 0xc96c5795d7870f42. */
const [HIGH_64, LOW_64] = [0xc96c_5795, 0xd787_0f42];

const TABLE_32 = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) * POLYNOMIAL_32);
  return crc;
});

/** Pairs of words, the low one first. */
const TABLE_64 = new Uint32Array(512);
for (let byte = 0; byte < 256; byte++) {
  let [low, high] = [byte, 0];
  for (let bit = 0; bit < 8; bit++) {
    const odd = (low & 1) === 1;
    low = ((low >>> 1) | (high << 31)) ^ (odd ? LOW_64 : 0);
    high = (high >>> 1) ^ (odd ? HIGH_64 : 0);
  }
  TABLE_64[2 * byte] = low;
  TABLE_64[2 * byte + 1] = high;
}

export function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) crc = (TABLE_32[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

export function crc64(bytes: Uint8Array): bigint {
  let [low, high] = [0xffff_ffff, 0xffff_ffff];
  for (const byte of bytes) {
    const at = 2 * ((low ^ byte) & 0xff);
    low = (TABLE_64[at] as number) ^ ((low >>> 8) | (high << 24));
    high = (TABLE_64[at + 1] as number) ^ (high >>> 8);
  }
  return (BigInt(~high >>> 0) << 32n) | BigInt(~low >>> 0);
}
