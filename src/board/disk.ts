// A disk's content: an image that is only read, with the guest's writes kept in memory over it. So an image stays as it
// is unless the user writes the result to a file, a run is the same each time, and a snapshot has only what changed.

import { host } from "#host";
import { type ByteSource, memorySource } from "../bytes/source.ts";
import { base64, fromBase64, hexDigits, joined } from "../bytes/text.ts";
import { Words } from "../bytes/words.ts";
import { Misuse } from "../errors.ts";
import { DISK_SECTORS } from "../limits.ts";
import type { Saved } from "./device.ts";

export const SECTOR_SIZE = 512;
/** Changes are kept in pieces of this size. */
const PIECE = 4096;
const NUMBER = 4;
const SMALLEST = SECTOR_SIZE;
const CHUNK = 1 << 20;

export class Disk {
  readonly #image: ByteSource;
  /** Pieces that the guest has written, by their number. */
  readonly #changed = new Map<number, Uint8Array>();
  #digest: string | undefined;

  /** A disk with a file's image, which is read as the guest needs it. @throws Misuse for a file that can't be one. */
  static open(path: string): Disk {
    const image = host.openFile(path);
    try {
      return new Disk(image);
    } catch (error) {
      image.close();
      throw error instanceof Misuse ? new Misuse(`${path}: ${error.message}`) : error;
    }
  }

  /**
   * @param image its bytes, a multiple of 512 and at most 128 GiB.
   * @throws Misuse for another size.
   */
  constructor(image: Uint8Array | ByteSource) {
    this.#image = image instanceof Uint8Array ? memorySource(image) : image;
    const { size } = this.#image;
    if (size < SMALLEST || size % SECTOR_SIZE !== 0 || size / SECTOR_SIZE > DISK_SECTORS) {
      throw new Misuse(
        `a disk has a whole number of sectors of ${SECTOR_SIZE} bytes, at most 128 GiB, and not ${size} bytes`,
      );
    }
  }

  /** Bytes. */
  get size(): number {
    return this.#image.size;
  }

  get sectors(): number {
    return this.size / SECTOR_SIZE;
  }

  /** Bytes of the image that the guest's writes have replaced, in whole pieces. */
  get changedBytes(): number {
    return this.#changed.size * PIECE;
  }

  /** The content at an offset; both are inside the disk. */
  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      const { piece, start, size } = placeOf(offset + at, length - at);
      const changed = this.#changed.get(piece);
      bytes.set(
        changed === undefined
          ? this.#image.read(offset + at, size)
          : changed.subarray(start, start + size),
        at,
      );
      at += size;
    }
    return bytes;
  }

  write(offset: number, bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const { piece, start, size } = placeOf(offset + at, bytes.length - at);
      this.#piece(piece).set(bytes.subarray(at, at + size), start);
      at += size;
    }
  }

  /** The whole content with the guest's writes, in parts of a mebibyte. */
  *content(): Generator<Uint8Array> {
    for (let at = 0; at < this.size; at += CHUNK)
      yield this.read(at, Math.min(CHUNK, this.size - at));
  }

  /** What a snapshot holds: the image's checksum and the changes, pieces with their numbers in 32 bits, deflated. */
  save(): Saved {
    const changes = [...this.#changed]
      .sort(([one], [other]) => one - other)
      .flatMap(([number, bytes]) => {
        const head = new Words(new Uint8Array(NUMBER), "little");
        head.setU32(0, number);
        return [head.bytes, bytes];
      });
    return { image: this.digest, changes: base64(host.deflate(joined(changes))) };
  }

  /** @throws Misuse for what another image's disk has saved, and for damage. */
  check(saved: Saved): void {
    if ((saved as unknown as SavedDisk).image !== this.digest) {
      throw new Misuse("the snapshot is of a board with another image in its disk");
    }
    this.#pieces(saved);
  }

  restore(saved: Saved): void {
    const pieces = this.#pieces(saved);
    this.#changed.clear();
    for (const [number, content] of pieces) this.#changed.set(number, content);
  }

  /** SHA-256 of the image, without the guest's writes, in hexadecimal digits. */
  get digest(): string {
    this.#digest ??= digestOf(this.#image);
    return this.#digest;
  }

  #pieces(saved: Saved): [number, Uint8Array][] {
    const each = NUMBER + PIECE;
    const bytes = this.#unpacked((saved as unknown as SavedDisk).changes, each);
    const words = new Words(bytes, "little");
    const pieces: [number, Uint8Array][] = [];
    for (let at = 0; at < bytes.length; at += each) {
      if (at + each > bytes.length || words.u32(at) * PIECE >= this.size) throw damaged();
      pieces.push([words.u32(at), bytes.slice(at + NUMBER, at + each)]);
    }
    return pieces;
  }

  #unpacked(changes: string, each: number): Uint8Array {
    try {
      return host.inflate(fromBase64(changes), Math.ceil(this.size / PIECE) * each);
    } catch {
      throw damaged();
    }
  }

  #piece(number: number): Uint8Array {
    const known = this.#changed.get(number);
    if (known !== undefined) return known;
    const bytes = new Uint8Array(PIECE);
    const at = number * PIECE;
    bytes.set(this.#image.read(at, Math.min(PIECE, this.size - at)));
    this.#changed.set(number, bytes);
    return bytes;
  }
}

interface SavedDisk {
  readonly image: string;
  readonly changes: string;
}

function damaged(): Misuse {
  return new Misuse("the snapshot is damaged (the content of its disk)");
}

function placeOf(offset: number, length: number) {
  const piece = Math.floor(offset / PIECE);
  const start = offset % PIECE;
  return { piece, start, size: Math.min(PIECE - start, length) };
}

function digestOf(image: ByteSource): string {
  const parts = function* (): Generator<Uint8Array> {
    for (let at = 0; at < image.size; at += CHUNK) yield image.read(at, CHUNK);
  };
  return hexDigits(host.sha256(parts()));
}
