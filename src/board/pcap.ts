// Frames as a capture file, which Wireshark and tcpdump read: libpcap's format 2.4 with microseconds, little-endian
// (pcap-savefile(5)).

import { Words } from "../bytes/words.ts";

const MAGIC = 0xa1b2c3d4;
const VERSION_MAJOR = 2;
const VERSION_MINOR = 4;
const LONGEST = 65535;
const ETHERNET = 1;
const HEADER_SIZE = 24;
const RECORD_SIZE = 16;

/** The start of the file. */
export function pcapHeader(): Uint8Array {
  const words = new Words(new Uint8Array(HEADER_SIZE), "little");
  words.setU32(0, MAGIC);
  words.setU32(4, VERSION_MAJOR + VERSION_MINOR * 65536);
  words.setU32(16, LONGEST);
  words.setU32(20, ETHERNET);
  return words.bytes;
}

/** A frame's record. @param microseconds when it was sent. */
export function pcapRecord(frame: Uint8Array, microseconds: number): Uint8Array {
  const bytes = new Uint8Array(RECORD_SIZE + frame.length);
  const words = new Words(bytes, "little");
  words.setU32(0, Math.floor(microseconds / 1e6));
  words.setU32(4, microseconds % 1e6);
  words.setU32(8, frame.length);
  words.setU32(12, frame.length);
  bytes.set(frame, RECORD_SIZE);
  return bytes;
}
