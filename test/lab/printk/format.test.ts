// Compares printk's conversions with Linux 6.1's vsnprintf(): the expected values are those that lib/test_printf.c
// checks, that Documentation/core-api/printk-formats.rst shows, or that the functions of lib/vsprintf.c compute.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { format } from "../../../src/lab/printk/format.ts";
import { FormattedText } from "../../../src/lab/printk/text.ts";
import { processorTime } from "../../support/processor-time.ts";
import { type Argument, argumentsOf, print } from "./guest.ts";

/** The address of the tests' bytes. */
const AT = 0x80200000;

suite("numbers and texts", () => {
  const memory = { [AT]: "text at AT", [AT + 0x100]: "ABCD", [AT + 0x200]: "123456" };
  const CASES: readonly [expected: string, format: string, ...values: Argument[]][] = [
    ["plain 100%", "plain 100%%"],
    ["-1 4294967295 ffffffff FFFFFFFF", "%d %u %x %X", -1, -1, -1, -1],
    ["   42|42   |00042|+42| 42", "%5d|%-5d|%05d|%+d|% d", 42, 42, 42, 42, 42],
    [
      "0|001| 12|+123| 1234|-123|-1234",
      "%d|%03d|%3d|%+d|% d|%+d|% d",
      0,
      1,
      12,
      123,
      1234,
      -123,
      -1234,
    ],
    ["0x1234abcd  |  0x1234abcd", "%#-12x|%#12x", 0x1234abcd, 0x1234abcd],
    ["0x00ff 0xff 017 0", "%#06x %#x %#o %#o", 255, 255, 15, 0],
    ["0xfffffff0|0xf0|0xf0", "%#02x|%#02x|%#02x", 0xfffffff0, 0xf0, 0xf0],
    ["-005|00|0|0", "%04d|%.2d|%.0d|%1.0d", -5, 0, 0, 0],
    ["00042   |", "%-8.5d|", 42],
    ["0|1|1|-128|-1", "%hhd|%hhd|%hhd|%hhd|%hhd", 0, 1, 257, 128, -1],
    ["0|1|1|128|255", "%hhu|%hhu|%hhu|%hhu|%hhu", 0, 1, 257, 128, -1],
    ["2015122420151225", "%ho%ho%#ho", 1037, 5282, -11627],
    ["-1 255", "%hd %hhu", 0xffff, 0x1ff],
    ["4294967296 -1 ffffffffffffffff", "%llu %lld %Lx", 1n << 32n, -1n, -1n],
    ["a|  a|a  ", "%c|%3c|%-3c", 0x61, 0x61, 0x61],
    ["text|  text at AT", "%.4s|%12s", AT, AT],
    ["ABCD|ABC|123", "%s|%.3s|%.*s", AT + 0x100, AT + 0x100, 3, AT + 0x200],
    ["1234      |      1234", "%-10.4s|%10.4s", AT + 0x200, AT + 0x200],
    // A negative precision from the arguments is 0; a point without digits means 0 too.
    ["    |123456|ABCD  ", "%4.*s|%.s|%*s", -5, AT + 0x200, AT + 0x200, -6, AT + 0x100],
    ["(null)|(efault)|(efault)|(nu", "%s|%s|%s|%.3s", 0, 0xab, -11, 0],
    // %n and other letters end the text: the rest would take the wrong arguments.
    ["a ", "a %n %d", AT, 1],
    ["a ", "a %y", 1],
    ["a ", "a %"],
    // struct printf_spec keeps 24 bits of a width and 16 of a precision.
    ["42", "%16777216d", 42],
    ["42", "%.65536d", 42],
  ];
  for (const [expected, text, ...values] of CASES) {
    test(JSON.stringify(text), () => assert.equal(print({ memory }, text, ...values), expected));
  }
});

suite("%p", () => {
  const BYTES = [0xc0, 0xff, 0xee, 0x2d, 0x48, 0xd6, 0xfc, 0x7a, 0x05];
  const IP4 = [127, 0, 0, 1];
  const IP6 = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1];
  const UUID = Array.from({ length: 16 }, (_, index) => index);
  const memory = {
    [AT]: BYTES,
    [AT + 0x100]: IP4,
    [AT + 0x200]: IP6,
    [AT + 0x300]: UUID,
    [AT + 0x400]: '\t\x07\x01a"\\\0\xe9',
    [AT + 0x500]: [...new Array<number>(10).fill(0), 0xff, 0xff, 192, 0, 2, 1],
    [AT + 0x600]: [...new Array<number>(15).fill(0), 1],
    [AT + 0x700]: new Array<number>(16).fill(0),
    [AT + 0x800]: [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0x5e, 0xfe, 10, 0, 0, 1],
  };
  const CASES: readonly [expected: string, format: string, ...values: Argument[]][] = [
    ["00000000 0000000a 80200000", "%p %px %pK", 0, 10, AT],
    ["(null)|(efault)|(efault)|(efault)", "%pE|%pE|%pM|%ph", 0, -11, 0xab, 0xc0000000],
    [
      "f f+0x10/0x20 f+0x10/0x20 f+0x10/0x20",
      "%ps %pS %pSR %pB",
      0x80100000,
      0x80100010,
      0x80100010,
      0x80100010,
    ],
    ["c0 ff ee|c0:ff:ee|c0-ff-ee|c0ffee", "%3ph|%3phC|%3phD|%3phN", AT, AT, AT, AT],
    ["c0 ff ee|c0ffee|c0", "%*ph|%*phN|%ph", 3, AT, 3, AT, AT],
    ["2d:48:d6:fc:7a:05|05:7a:fc:d6:48:2d", "%pM|%pMR", AT + 3, AT + 3],
    ["2d-48-d6-fc-7a-05|2d48d6fc7a05|057afcd6482d", "%pMF|%pm|%pmR", AT + 3, AT + 3, AT + 3],
    ["127.000.000.001|127.0.0.1", "%pi4|%pI4", AT + 0x100, AT + 0x100],
    ["127.0.0.1|127.0.0.1|1.0.0.127", "%pI4n|%pI4b|%pI4l", AT + 0x100, AT + 0x100, AT + 0x100],
    ["2001:0db8:0000:0000:0000:0001:0000:0001", "%pI6", AT + 0x200],
    ["20010db8000000000000000100000001", "%pi6", AT + 0x200],
    [
      "2001:db8::1:0:1|::ffff:192.0.2.1|::1|::",
      "%pI6c|%pI6c|%pI6c|%pI6c",
      AT + 0x200,
      AT + 0x500,
      AT + 0x600,
      AT + 0x700,
    ],
    ["fe80::5efe:10.0.0.1", "%pI6c", AT + 0x800],
    ["   127.0.0.1|127.", "%12pI4|%.4pI4", AT + 0x100, AT + 0x100],
    ["(%pI?) (%pi?)", "%pI5 %pi", AT, AT],
    ["00010203-0405-0607-0809-0a0b0c0d0e0f", "%pUb", AT + 0x300],
    ["00010203-0405-0607-0809-0A0B0C0D0E0F", "%pUB", AT + 0x300],
    ["03020100-0504-0706-0809-0a0b0c0d0e0f", "%pUl", AT + 0x300],
    ["03020100-0504-0706-0809-0A0B0C0D0E0F", "%pUL", AT + 0x300],
    ["-1234|(-ENOTSOCK)|(-EAGAIN)|-EDQUOT", "%pe|(%pe)|(%pe)|%pe", -1234, -95, -11, -1133],
    ["[-EIO    ]|[    -EIO]|-EPROBE_DEFER|80200000", "[%-8pe]|[%8pe]|%pe|%pe", -5, -5, -517, AT],
    ['\\t\\a\\001a"\\\\0\xe9', "%8pE", AT + 0x400],
    ["\\x09\\x07\\x01\\x61", "%4pEh", AT + 0x400],
    ["\\t\x07\x01a", "%4pEs", AT + 0x400],
    [
      "(%pd?) (%pD4?) (%pOFf?) (%pCn?) (%pGg?) (%pg?)",
      "%pd %pD4 %pOFf %pCn %pGg %pg",
      AT,
      AT,
      AT,
      AT,
      AT,
      AT,
    ],
    ["ABC|(einval)", "%pks|%pkx", AT + 0x900, AT],
    // Letters and digits directly after a pointer conversion belong to it.
    ["80200000 and", "%pZanything9 and", AT],
  ];
  for (const [expected, text, ...values] of CASES) {
    const all = { ...memory, [AT + 0x900]: "ABC" };
    test(JSON.stringify(text), () =>
      assert.equal(print({ memory: all }, text, ...values), expected),
    );
  }

  test("conversions that depend on the byte order", () => {
    for (const littleEndian of [true, false]) {
      const word = (value: number): number[] => {
        const bytes = [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
        return littleEndian ? bytes.reverse() : bytes;
      };
      const half = (value: number): number[] =>
        littleEndian ? [value & 255, value >>> 8] : [value >>> 8, value & 255];
      const long = (value: bigint): number[] => {
        const words = [Number(value >> 32n), Number(value & 0xffffffffn)];
        return (littleEndian ? words.reverse() : words).flatMap((one) => word(one >>> 0));
      };
      const socket4 = [...half(2), 0x30, 0x39, 1, 2, 3, 4];
      const socket6 = [...half(10), 0x30, 0x39, 0, 0, 0, 7, ...IP6, ...word(9)];
      const time = 1546615943n;
      const rtc = [43, 35, 5, 26, 10, 118, 1, 330, 0].flatMap(word);
      const pages = {
        [AT]: socket4,
        [AT + 0x100]: socket6,
        [AT + 0x200]: long(time),
        [AT + 0x300]: rtc,
        [AT + 0x400]: [...word(0xa28ac), ...word(0)],
        [AT + 0x500]: [...word(0x10000000), ...word(0x100003ff), ...word(0), ...word(0x102200)],
        [AT + 0x600]: word(0x10000000),
        [AT + 0x700]: long(0x10_0000_4803n),
        [AT + 0x800]: word(0x34325258),
        [AT + 0x900]: word(0xb4325258),
        [AT + 0xa00]: "%s is %d",
        [AT + 0xa80]: "ten",
        [AT + 0xb00]: [...word(AT + 0xa00), ...word(AT + 0xb10)],
        [AT + 0xb10]: word(AT + 0xb20),
        [AT + 0xb20]: [...word(AT + 0xa80), ...word(10)],
        [AT + 0xc00]: half(1),
        [AT + 0xd00]: [...word(0x1f0), ...word(0x1f0), ...word(0), ...word(0x100)],
      };
      const is = (expected: string, text: string, ...values: Argument[]): void =>
        assert.equal(print({ memory: pages, littleEndian }, text, ...values), expected, text);
      is(littleEndian ? "4.3.2.1" : "1.2.3.4", "%pI4h", AT + 4);
      is("001.002.003.004:12345|1.2.3.4:12345|1.2.3.4", "%piSp|%pISp|%pIS", AT, AT, AT);
      is("[2001:db8::1:0:1]:12345/7%9", "%pISpfsc", AT + 0x100);
      is("2001:0db8:0000:0000:0000:0001:0000:0001", "%pIS", AT + 0x100);
      is("(einval)", "%pIS", AT + 0xc00 - 0x900);
      is("2019-01-04T15:32:23|2019-01-04 15:32:23", "%ptT|%ptTs", AT + 0x200, AT + 0x200);
      is(
        "0119-00-04T15:32:23|15:32:23|0119-00-04",
        "%ptTr|%ptTtr|%ptTdr",
        AT + 0x200,
        AT + 0x200,
        AT + 0x200,
      );
      is("2018-11-26T05:35:43|0118-10-26T05:35:43", "%ptR|%ptRr", AT + 0x300, AT + 0x300);
      is("05:35:43|2018-11-26|(%pt?)", "%ptRt|%ptRd|%pt", AT + 0x300, AT + 0x300, AT + 0x300);
      is("a28ac|a28ac", "%20pb|%*pb", AT + 0x400, 20, AT + 0x400);
      is("2-3,5,7,11,13,17,19", "%20pbl", AT + 0x400);
      is("0,000a28ac", "%36pb", AT + 0x400);
      is("[mem 0x10000000-0x100003ff 64bit pref]", "%pR", AT + 0x500);
      is("[mem 0x10000000-0x100003ff flags 0x102200]", "%pr", AT + 0x500);
      is("[io  0x01f0]", "%pR", AT + 0xd00);
      is(
        "0x10000000 0x10000000 0x0000001000004803",
        "%pa %pad %pNF",
        AT + 0x600,
        AT + 0x600,
        AT + 0x700,
      );
      is("XR24 little-endian (0x34325258)", "%p4cc", AT + 0x800);
      is("XR24 big-endian (0xb4325258)", "%p4cc", AT + 0x900);
      is("it: ten is 10.", "it: %pV.", AT + 0xb00);
    }
  });
});

suite("a hostile format", () => {
  test("keeps the requested number of characters, and counts the rest", () => {
    const out = new FormattedText(10);
    format(out, "%8000000d|%s", argumentsOf({ memory: { [AT]: "x" } }, [1, AT]));
    assert.equal(out.text, " ".repeat(10));
    assert.equal(out.length, 8_000_002);
  });

  test("of zeros, of widths, of strings and of bitmaps ends within the budget of one call", async () => {
    const memory = {
      [AT]: "y".repeat(1 << 16),
      [AT + (1 << 20)]: new Array<number>(1 << 15).fill(0),
    };
    const many = (piece: string): string => piece.repeat(100_000);
    const words = new Array<number>(200_000).fill(AT);
    for (const text of [
      `%${"0".repeat(1_000_000)}!`,
      many("%4096d"),
      many("%s"),
      many("%.0s"),
      many("%999999pbl"),
    ]) {
      const out = new FormattedText(1000);
      const taken = await processorTime(() => format(out, text, argumentsOf({ memory }, words)));
      assert.ok(out.text.length <= 1000);
      assert.ok(out.work < 4 << 20, `${text.slice(0, 10)}: ${out.work}`);
      assert.ok(taken < 60_000);
    }
  });

  test("that contains itself ends", () => {
    const memory = {
      [AT]: "<%pV>",
      [AT + 0x100]: [0x00, 0x00, 0x20, 0x80, 0x10, 0x01, 0x20, 0x80],
      [AT + 0x110]: [0x20, 0x01, 0x20, 0x80],
      [AT + 0x120]: [0x00, 0x01, 0x20, 0x80],
    };
    assert.equal(print({ memory }, "%pV", AT + 0x100), `${"<".repeat(8)}(efault)${">".repeat(8)}`);
  });
});
