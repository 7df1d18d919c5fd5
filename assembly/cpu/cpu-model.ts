// The processors farjal can be, as tables: what CP0's registers hold after reset and which of their bits
// software can write. The values are those that QEMU's 24Kc, 4KEc and 4Kc show when every register is read,
// written with ones and written with zeros, save for Config1: a bit that announces what is absent here
// (MIPS16 in CA, watch registers in WR) is clear.

import { CPU_CP0, CPU_CP0_SIZE } from "../shared/memory-map.ts";
import {
  CP0_CAUSE,
  CP0_COMPARE,
  CP0_CONFIG,
  CP0_CONFIG1,
  CP0_CONFIG2,
  CP0_CONTEXT,
  CP0_COUNT,
  CP0_DEBUG,
  CP0_DEPC,
  CP0_DESAVE,
  CP0_EBASE,
  CP0_ENTRYHI,
  CP0_ENTRYLO0,
  CP0_ENTRYLO1,
  CP0_EPC,
  CP0_ERRCTL,
  CP0_ERROREPC,
  CP0_HWRENA,
  CP0_INDEX,
  CP0_INTCTL,
  CP0_PAGEGRAIN,
  CP0_PAGEMASK,
  CP0_PERFCTL,
  CP0_PRID,
  CP0_SRSCONF0,
  CP0_SRSCONF4,
  CP0_SRSCTL,
  CP0_SRSMAP,
  CP0_STATUS,
  CP0_TAGHI,
  CP0_TAGLO,
  CP0_WIRED,
} from "../shared/opcodes.ts";
import { cpu } from "./cpu.ts";

/** reset()'s choice of processor. */
export const MODEL_24KC: u32 = 0;
export const MODEL_4KEC: u32 = 1;
export const MODEL_4KC: u32 = 2;

/** Config.AR: 1 for Release 2, 0 for Release 1. */
const CONFIG_AR_RELEASE_2: u32 = 1 << 10;
/** Config1.MMUSize: JTLB entries less one. */
const CONFIG1_MMU_SIZE_SHIFT: u32 = 25;
const CONFIG1_MMU_SIZE: u32 = 63;

/** The model that CP0 shows, for code that differs between models by more than a value. */
@final
export class CpuModel {
  /** Whether it has what Release 2 added: instructions, CP0 registers, and bits in some. */
  @inline static hasRelease2(): bool {
    return (load<u32>(CP0_CONFIG << 2, CPU_CP0) & CONFIG_AR_RELEASE_2) !== 0;
  }

  /** JTLB entries, as Config1.MMUSize says; a power of two, at most 64. */
  @inline static tlbEntries(): u32 {
    const mmuSize = load<u32>(CP0_CONFIG1 << 2, CPU_CP0) >>> CONFIG1_MMU_SIZE_SHIFT;
    return (mmuSize & CONFIG1_MMU_SIZE) + 1;
  }
}

/** Instructions a tick of Count takes; rdhwr's CCRes. */
export const COUNT_RESOLUTION: u32 = 2;
/** Bytes a synci reaches; rdhwr's SYNCI_Step. */
export const SYNCI_STEP: u32 = 32;

/** The 4KEc and the 4Kc have no lower bit of Status.KSU: kernel and user mode only. */
const STATUS_WRITABLE_24KC: u32 = 0x1278ff1f;
const STATUS_WRITABLE_4K: u32 = 0x1278ff17;

/** Cause.DC came with Release 2. */
const CAUSE_WRITABLE_1: u32 = 0x00c00300;
const CAUSE_WRITABLE_2: u32 = 0x08c00300;

/** TagLo's bits; DataLo, at the odd selects, TagHi and DataHi have all of theirs. */
const TAGLO_WRITABLE: u32 = 0xfffffcf6;

/** Bits of a CP0 register that mtc0 changes; 0 for registers that are read-only or absent. */
export function writableBits(register: u32): u32 {
  if (!CpuModel.hasRelease2() && isRelease2Register(register)) return 0;
  const anySelect = register & ~7;
  if (anySelect === CP0_TAGLO) return register & 1 ? 0xffffffff : TAGLO_WRITABLE;
  if (anySelect === CP0_TAGHI) return 0xffffffff;
  switch (register) {
    case CP0_INDEX:
    case CP0_WIRED:
      return CpuModel.tlbEntries() - 1;
    case CP0_ENTRYLO0:
    case CP0_ENTRYLO1:
      return 0x03ffffff;
    case CP0_CONTEXT:
      return 0xff800000;
    case CP0_PAGEMASK:
      return 0x1fffe000;
    case CP0_HWRENA:
      return 0x0000000f;
    case CP0_ENTRYHI:
      return 0xffffe0ff;
    case CP0_STATUS:
      return load<u32>(CP0_PRID << 2, CPU_CP0) === PRID_24KC
        ? STATUS_WRITABLE_24KC
        : STATUS_WRITABLE_4K;
    case CP0_INTCTL:
      return 0x000003e0;
    case CP0_SRSCTL:
      return 0x0000f3c0;
    case CP0_CAUSE:
      return CpuModel.hasRelease2() ? CAUSE_WRITABLE_2 : CAUSE_WRITABLE_1;
    case CP0_EBASE:
      return 0x3ffff000;
    case CP0_CONFIG:
      return 0x00000007;
    case CP0_DEBUG:
      return 0x12000000;
    case CP0_PERFCTL:
      return 0x000007ff;
    case CP0_ERRCTL:
      return 0x30000000;
    case CP0_COUNT:
    case CP0_COMPARE:
    case CP0_EPC:
    case CP0_DEPC:
    case CP0_ERROREPC:
    case CP0_DESAVE:
      return 0xffffffff;
    default:
      return 0;
  }
}

const PRID_24KC: u32 = 0x00019300;
const PRID_4KEC: u32 = 0x00019000;
const PRID_4KC: u32 = 0x00018000;

function prid(model: u32): u32 {
  switch (model) {
    case MODEL_4KC:
      return PRID_4KC;
    case MODEL_4KEC:
      return PRID_4KEC;
    default:
      return PRID_24KC;
  }
}

/** Registers new in Release 2, whose numbers Release 1 reserves. */
export function isRelease2Register(register: u32): bool {
  switch (register) {
    case CP0_PAGEGRAIN:
    case CP0_HWRENA:
    case CP0_INTCTL:
    case CP0_SRSCTL:
    case CP0_SRSMAP:
    case CP0_EBASE:
      return true;
    default:
      return register >= <u32>CP0_SRSCONF0 && register <= <u32>CP0_SRSCONF4;
  }
}

function put(register: u32, value: u32): void {
  store<u32>(register << 2, value, CPU_CP0);
}

/** Gives CP0 the model's reset values. Status is as reset leaves it: BEV and ERL. */
export function resetCp0(model: u32, tlbEntries: u32): void {
  memory.fill(CPU_CP0, 0, CPU_CP0_SIZE);
  const release = model === MODEL_4KC ? 0 : CONFIG_AR_RELEASE_2;
  put(CP0_CONFIG, 0x80000082 | (BIG_ENDIAN << 15) | release); // TLB, kseg0 uncached
  put(CP0_STATUS, 0x00400004);
  if (CpuModel.hasRelease2()) put(CP0_INTCTL, 0xe0000000); // the timer is IP7
  put(CP0_PRID, prid(model));
  put(CP0_EBASE, 0x80000000); // Release 1's fixed place too
  // Config2 follows; caches of 2 KiB, 64 sets of 2 ways of 16 bytes; EJTAG
  put(CP0_CONFIG1, 0x80190c82 | ((tlbEntries - 1) << CONFIG1_MMU_SIZE_SHIFT));
  put(CP0_CONFIG2, 0x80000000);
  put(CP0_DEBUG, 0x02008000);
  cpu.forbidden = 0;
}
