// Tests kernels with every layout of kallsyms since 3.14, made by synthetic.ts: the reader finds symbols and exports
// by the structure of the tables alone. debian.test.ts reads a real kernel.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { Misuse } from "../../src/errors.ts";
import { readKernel, readKernel64 } from "../../src/kernel/read.ts";
import { processorTime } from "../support/processor-time.ts";
import {
  ADDRESS,
  crcOf,
  makeKernel,
  NAMESPACE,
  RELEASE,
  type SyntheticOptions,
  VERMAGIC,
} from "./synthetic.ts";

/** Reads a synthetic kernel and compares everything that the reader returns. */
async function check(options: SyntheticOptions): Promise<void> {
  const made = makeKernel(options);
  const kernel = await readKernel(made.bytes);
  assert.equal(kernel.source, "vmlinuz");
  assert.equal(kernel.endian, options.endian ?? "little");
  assert.equal(kernel.release, RELEASE);
  assert.equal(kernel.vermagic, VERMAGIC);
  assert.equal(kernel.image?.address, ADDRESS);
  assert.deepEqual(kernel.image?.bytes, made.bytes);
  assert.deepEqual(
    kernel.symbols.map(({ name, type, address }) => ({ name, type, address })),
    made.symbols,
  );
  assert.equal(kernel.exportsKnown, true);
  assert.deepEqual([...kernel.exports.keys()], [...made.plain, ...made.gpl]);
  for (const [index, name] of [...made.plain, ...made.gpl].entries()) {
    assert.deepEqual(kernel.exports.get(name), {
      name,
      address: made.symbols.find((symbol) => symbol.name === name)?.address,
      crc: options.crcs === false ? null : crcOf(name),
      gplOnly: index >= made.plain.length,
      namespace: index % 10 === 0 && options.namespaces !== false ? NAMESPACE : null,
    });
  }
}

suite("a kernel's image, its tables found by their structure", () => {
  for (const endian of ["little", "big"] as const) {
    test(`${endian}-endian, as 6.1 with seqs_of_names`, () => check({ endian }));
    test(`${endian}-endian, as 5.4: no seqs_of_names`, () => check({ endian, sequences: false }));
    test(`${endian}-endian, as 4.19: no namespaces, absolute addresses`, () =>
      check({ endian, sequences: false, namespaces: false, addresses: "absolute" }));
    test(`${endian}-endian, as 6.6: addresses after the tokens`, () =>
      check({ endian, addresses: "last" }));
    test(`${endian}-endian, as 3.14: pointers, tables at multiples of 16 bytes`, () =>
      check({ endian, old: true, sequences: false, namespaces: false, addresses: "absolute" }));
    test(`${endian}-endian, as 4.9: offsets, tables at multiples of 16 bytes`, () =>
      check({ endian, old: true, sequences: false, namespaces: false }));
    test(`${endian}-endian, as in 2026: offsets from their own places`, () =>
      check({ endian, addresses: "placeRelative" }));
    for (const addresses of ["relative", "absolute", "last", "placeRelative"] as const) {
      test(`${endian}-endian, as OpenWrt's: names without tokens, addresses ${addresses}`, () =>
        check({ endian, addresses, uncompressed: true, sequences: false, crcs: false }));
    }
    test(`${endian}-endian, without CONFIG_MODVERSIONS`, () => check({ endian, crcs: false }));
  }

  for (const endian of ["little", "big"] as const) {
    const old = { old: true, namespaces: false, sequences: false } as const;
    const cases: readonly SyntheticOptions[] = [
      { addresses: "relative" },
      { addresses: "absolute", sequences: false },
      { addresses: "last" },
      { addresses: "placeRelative" },
      { ...old, addresses: "absolute", longCrcs: true },
      { ...old, addresses: "relative", longCrcs: true },
      { ...old, addresses: "relative" },
      { addresses: "last", uncompressed: true, sequences: false },
      { ...old, addresses: "absolute", uncompressed: true },
    ];
    for (const options of cases) {
      test(`64-bit, ${endian}-endian, ${JSON.stringify(options)}`, async () => {
        const made = makeKernel({ endian, bits: 64, ...options });
        const kernel = await readKernel64(made.bytes);
        const wide = (low: number): bigint => 0xffffffff_00000000n + BigInt(low);
        assert.deepEqual([kernel.source, kernel.bits, kernel.endian], ["vmlinuz", 64, endian]);
        assert.equal(kernel.image?.address, wide(ADDRESS));
        assert.deepEqual(
          kernel.symbols,
          made.symbols.map((symbol) => ({ ...symbol, address: wide(symbol.address) })),
        );
        assert.deepEqual([...kernel.exports.keys()], [...made.plain, ...made.gpl]);
        for (const [index, name] of [...made.plain, ...made.gpl].entries()) {
          const { address, crc, namespace } = kernel.exports.get(name) ?? {};
          assert.equal(address, kernel.symbol(name)?.address);
          assert.equal(crc, crcOf(name));
          assert.equal(
            namespace,
            index % 10 === 0 && options.namespaces !== false ? NAMESPACE : null,
          );
        }
      });
    }
  }

  test("a number of symbols that fills the last marker, or only begins it", async () => {
    for (const symbols of [2048, 2049, 2047]) await check({ symbols });
  });

  test("gzipped between other bytes, as in a vmlinuz", async () => {
    const { bytes, symbols } = makeKernel();
    const other = Buffer.from("decompressor and its data\x1f\x8b");
    const kernel = await readKernel(Buffer.concat([other, gzipSync(bytes), other]));
    assert.equal(kernel.symbols.length, symbols.length);
    assert.deepEqual(kernel.image?.bytes, bytes);
  });

  for (const endian of ["little", "big"] as const) {
    test(`raw, from a Buffer of an odd length, which isn't modified, ${endian}-endian`, async () => {
      const { bytes, symbols } = makeKernel({ endian });
      const buffer = Buffer.concat([bytes, Buffer.from("end")]);
      const kernel = await readKernel(buffer);
      assert.equal(kernel.symbols.length, symbols.length);
      assert.deepEqual(buffer, Buffer.concat([bytes, Buffer.from("end")]));
    });
  }

  test("with tokens that expand to names longer than allowed has no symbols", async () => {
    const { bytes } = makeKernel({ longToken: 200 });
    await assert.rejects(readKernel(bytes), { name: "Misuse", message: /no symbol table/ });
  });

  test("a banner and a version magic that occur a million times are found quickly", async () => {
    const { bytes, symbols } = makeKernel();
    const filler = Buffer.alloc(8 << 20, `\0${RELEASE} \0Linux version x`);
    const kernel = await readKernel(Buffer.concat([bytes, filler]));
    assert.equal(kernel.vermagic, VERMAGIC);
    assert.equal(kernel.symbols.length, symbols.length);
    await assert.rejects(readKernel(filler), /no kernel is in this file/);
  });

  test("without kallsyms is reported", async () => {
    await assert.rejects(readKernel(makeKernel({ kallsyms: false }).bytes), {
      name: "Misuse",
      message: /no symbol table \(CONFIG_KALLSYMS=n, .*give its vmlinux or System.map/,
    });
  });

  test("without exports has no known load address, which is reported", async () => {
    await assert.rejects(readKernel(makeKernel({ exports: false }).bytes), {
      name: "Misuse",
      message: /has no load address that farjal finds/,
    });
  });
});

suite("lookups", () => {
  test("the symbol at an address", async () => {
    const kernel = await readKernel(makeKernel().bytes);
    assert.equal(kernel.symbolAt(ADDRESS), null);
    assert.deepEqual(kernel.symbolAt(ADDRESS + 0x400), { symbol: kernel.symbols[0], offset: 0 });
    assert.deepEqual(kernel.symbolAt(ADDRESS + 0x41f), { symbol: kernel.symbols[1], offset: 15 });
    assert.equal(kernel.symbolAt(ADDRESS + 0x1000000), null);
    assert.equal(kernel.symbolAt(0xffffffff), null);
  });

  test("the reason why a name isn't exported", async () => {
    const kernel = await readKernel(makeKernel().bytes);
    assert.match(
      kernel.whyMissing("function_0_ar"),
      /is in the kernel at 0x80100400, but isn't exported/,
    );
    assert.equal(kernel.whyMissing("nowhere"), "the kernel doesn't export nowhere");
  });
});

suite("damaged images", () => {
  const { bytes } = makeKernel({ symbols: 1100 });

  test("are read or refused with a Misuse, for any damage", async () => {
    const damage = fc.record({
      at: fc.nat({ max: bytes.length - 1 }),
      with: fc.uint8Array({ minLength: 1, maxLength: 64 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(damage, { minLength: 1, maxLength: 8 }),
        fc.nat({ max: bytes.length }),
        async (damages, length) => {
          const damaged = bytes.slice();
          for (const { at, with: garbage } of damages)
            damaged.set(garbage.subarray(0, damaged.length - at), at);
          try {
            await readKernel(length % 3 === 0 ? damaged.subarray(0, length) : damaged);
          } catch (error) {
            assert.ok(error instanceof Misuse, String(error));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test("an image full of false beginnings is refused quickly", async () => {
    // Markers, counts and tokens everywhere: the tables could begin at each of these places.
    const words = new Uint32Array(0x40000);
    for (let at = 0; at < words.length; at++) words[at] = at % 8 === 0 ? 0 : 0x400 * (at % 8);
    const tail = makeKernel({ symbols: 1100 }).bytes.subarray(-2048);
    const hostile = Buffer.concat([
      Buffer.from(`\0Linux version 6.1.0 (x)\0\0\0\0`),
      Buffer.from(words.buffer),
      tail,
    ]);
    const took = await processorTime(() => assert.rejects(readKernel(hostile), Misuse));
    assert.ok(took < 20_000, `${took} ms`);
  });
});
