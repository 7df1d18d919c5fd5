// Lists where farjal differs from QEMU on purpose: the lines of a transcript that differ, farjal's lines, and the
// reason. Everything else is the same, to the character.

export interface Departure {
  readonly rom: string;
  /** QEMU's lines. */
  readonly line: RegExp;
  /** Farjal's lines, as String.replace takes them; undefined for no line at all. */
  readonly ours: string | undefined;
  readonly why: string;
}

export const DEPARTURES: readonly Departure[] = [
  {
    rom: "exceptions",
    line: /^(jalx .*) BD/,
    ours: "$1",
    why: "a reserved word has no delay slot; QEMU sees a branch in jalx before it sees that MIPS16 is absent",
  },
  {
    rom: "exceptions",
    line: /^((?:special 01|rdhwr 29) +)back,$/,
    ours: "$1RI at general, EPC code+0 Status 00000002",
    why: "lsa is MSA's or Release 6's; UserLocal is absent, as Config3.ULRI says",
  },
  {
    rom: "exceptions",
    line: /^(b; (?:special 01|rdhwr 29) +)back, v0 00000000 v1 00000002$/,
    ours: "$1RI at general, EPC code+0 BD Status 00000002",
    why: "the same in a delay slot",
  },
  {
    rom: "modes",
    line: /^(rdhwr \$2, \$29 +)Sys at general, EPC 00400004 Status 10000012$/,
    ours: "$1RI at general, EPC 00400000 Status 10000012",
    why: "the same in user mode with CU0",
  },
  {
    rom: "exceptions",
    line: /^((?:b; )?(?:mtc2|bc2f) +)RI/,
    ours: "$1CpU of 2",
    why: "every instruction of coprocessor 2 is Coprocessor Unusable while Status.CU2 is 0",
  },
  {
    rom: "exceptions",
    line: /^(sc \$2, 1\(\$7\) +)back,$/,
    ours: "$1AdES at general, EPC code+0 Status 00000002 BadVAddr 80300001",
    why: "sc checks its address whether or not a link stands",
  },
  {
    rom: "exceptions",
    line: /^(b; sc \$2, 1\(\$7\) +)back, v0 00000000 v1 00000002$/,
    ours: "$1AdES at general, EPC code+0 BD Status 00000002 BadVAddr 80300001",
    why: "the same in a delay slot",
  },
  {
    rom: "registers",
    line: /9e190c8[ae]/g,
    ours: "9e190c82",
    why: "Config1 doesn't announce watch registers (WR) or MIPS16 (CA): there are none",
  },
  {
    rom: "registers",
    line: /^(18|19)\.\d /,
    ours: undefined,
    why: "no watch registers, as Config1.WR says",
  },
  {
    rom: "registers",
    line: /^12\.3 ffffffff 00000000$/,
    ours: undefined,
    why: "SRSMap is there only with shadow register sets, and SRSCtl.HSS is 0",
  },
  {
    rom: "registers",
    line: /^21\.0 ffffffff 00000000$/,
    ours: undefined,
    why: "register 21 is no MIPS32 register; QEMU shows the R10000's FrameMask",
  },
  {
    rom: "registers",
    line: /^23\.0 53308120 00008000$/,
    ours: "23.0 12008000 00008000",
    why: "Debug's DM can't be written, nor what single-steps and reports outside debug mode",
  },
  {
    rom: "debug",
    line: /^((?:b|beq|bnel|bgezal|jr) .*Debug )4200a402/,
    ours: "$1c200a402",
    why: "Debug.DBD tells that DEPC is the branch before the sdbbp; QEMU leaves it clear",
  },
  {
    rom: "debug",
    line: /^Debug 0200a402$/,
    ours: "Debug 8200a402",
    why: "the last sdbbp of that program stands in a delay slot",
  },
];

/** QEMU's transcript changed to what farjal has to print, and the departures that occurred in it. */
export function asOurs(
  rom: string,
  qemu: readonly string[],
): { lines: string[]; met: Departure[] } {
  const lines: string[] = [];
  const met = new Set<Departure>();
  for (const line of qemu) {
    const departure = DEPARTURES.find((one) => one.rom === rom && line.search(one.line) >= 0);
    if (departure === undefined) {
      lines.push(line);
      continue;
    }
    met.add(departure);
    if (departure.ours !== undefined) lines.push(line.replace(departure.line, departure.ours));
  }
  return { lines, met: [...met] };
}
