// Cause and Status of the system control coprocessor, spelled out: MIPS32 Privileged Resource Architecture, and for
// Status the words that Linux prints.

/** Fields of Cause that say something about a crash, besides ExcCode. */
const CAUSE: readonly (readonly [bit: number, says: string])[] = [
  [31, "BD: the instruction is in the delay slot of the branch at epc"],
  [30, "TI: a timer interrupt waits"],
  [26, "PCI: a performance counter's interrupt waits"],
  [23, "IV: interrupts have a vector of their own"],
  [22, "WP: a watched address was reached"],
];

const STATUS: readonly (readonly [bit: number, says: string])[] = [
  [31, "CU3"],
  [30, "CU2: coprocessor 2 is usable"],
  [29, "CU1: the floating-point unit is usable"],
  [28, "CU0: coprocessor 0 is usable in user mode"],
  [26, "FR: 64-bit floating-point registers"],
  [25, "RE: reversed byte order in user mode"],
  [24, "MX: the DSP instructions are usable"],
  [22, "BEV: exceptions go to the boot vectors"],
  [20, "SR: a soft reset"],
  [19, "NMI: a non-maskable interrupt"],
  [7, "KX: 64-bit kernel addresses"],
  [6, "SX: 64-bit supervisor addresses"],
  [5, "UX: 64-bit user addresses"],
  [2, "ERL: error level"],
  [1, "EXL: exception level, interrupts are off"],
  [0, "IE: interrupts are enabled"],
];
const MODES = ["kernel mode", "supervisor mode", "user mode", "no mode: KSU is 3"];
const COPROCESSOR_UNUSABLE = 11;

/** ExcCode of Cause. */
export function excCodeOf(cause: number): number {
  return (cause >>> 2) & 31;
}

/** Whether Cause says that the instruction is in a delay slot: then epc is the branch before it. */
export function isInDelaySlot(cause: number): boolean {
  return cause >>> 31 === 1;
}

export function causeFields(cause: number): string[] {
  const fields = fieldsOf(cause, CAUSE);
  const waiting = pending(cause);
  if (excCodeOf(cause) === COPROCESSOR_UNUSABLE)
    fields.push(`CE: coprocessor ${(cause >>> 28) & 3}`);
  if (waiting !== "") fields.push(`IP: interrupts ${waiting} wait`);
  return fields;
}

export function statusFields(status: number): string[] {
  const mask = pending(status);
  return [
    ...fieldsOf(status, STATUS),
    `KSU: ${MODES[(status >>> 3) & 3]}`,
    mask === "" ? "IM: all interrupts are masked" : `IM: interrupts ${mask} are enabled`,
  ];
}

function fieldsOf(value: number, fields: readonly (readonly [number, string])[]): string[] {
  return fields.filter(([bit]) => ((value >>> bit) & 1) === 1).map(([, says]) => says);
}

/** The interrupts whose bits, 8 to 15, are set. */
function pending(value: number): string {
  return [0, 1, 2, 3, 4, 5, 6, 7].filter((line) => ((value >>> (8 + line)) & 1) === 1).join(", ");
}
