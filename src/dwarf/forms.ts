// The forms of attributes' values (DWARF 5, 7.5.6): how many bytes a value takes. What a value means is up to the reader
// of the attribute.

import {
  DW_FORM_addr,
  DW_FORM_addrx,
  DW_FORM_addrx1,
  DW_FORM_addrx2,
  DW_FORM_addrx3,
  DW_FORM_addrx4,
  DW_FORM_block,
  DW_FORM_block1,
  DW_FORM_block2,
  DW_FORM_block4,
  DW_FORM_data1,
  DW_FORM_data2,
  DW_FORM_data4,
  DW_FORM_data8,
  DW_FORM_data16,
  DW_FORM_exprloc,
  DW_FORM_flag,
  DW_FORM_flag_present,
  DW_FORM_GNU_ref_alt,
  DW_FORM_GNU_strp_alt,
  DW_FORM_implicit_const,
  DW_FORM_indirect,
  DW_FORM_line_strp,
  DW_FORM_loclistx,
  DW_FORM_ref_addr,
  DW_FORM_ref_sig8,
  DW_FORM_ref_sup4,
  DW_FORM_ref_sup8,
  DW_FORM_ref_udata,
  DW_FORM_ref1,
  DW_FORM_ref2,
  DW_FORM_ref4,
  DW_FORM_ref8,
  DW_FORM_rnglistx,
  DW_FORM_sdata,
  DW_FORM_sec_offset,
  DW_FORM_string,
  DW_FORM_strp,
  DW_FORM_strp_sup,
  DW_FORM_strx,
  DW_FORM_strx1,
  DW_FORM_strx2,
  DW_FORM_strx3,
  DW_FORM_strx4,
  DW_FORM_udata,
} from "./numbers.ts";
import type { DebugReader } from "./reader.ts";

const MOST_INDIRECT = 4;

/** The sizes that forms depend on. */
export interface Encoding {
  readonly version: number;
  readonly addressSize: 4 | 8;
  readonly offsetSize: 4 | 8;
}

const FIXED_SIZES: ReadonlyMap<number, number> = new Map([
  [DW_FORM_data1, 1],
  [DW_FORM_data2, 2],
  [DW_FORM_data4, 4],
  [DW_FORM_data8, 8],
  [DW_FORM_data16, 16],
  [DW_FORM_flag, 1],
  [DW_FORM_flag_present, 0],
  [DW_FORM_implicit_const, 0],
  [DW_FORM_ref1, 1],
  [DW_FORM_ref2, 2],
  [DW_FORM_ref4, 4],
  [DW_FORM_ref8, 8],
  [DW_FORM_ref_sig8, 8],
  [DW_FORM_ref_sup4, 4],
  [DW_FORM_ref_sup8, 8],
  [DW_FORM_strx1, 1],
  [DW_FORM_strx2, 2],
  [DW_FORM_strx3, 3],
  [DW_FORM_strx4, 4],
  [DW_FORM_addrx1, 1],
  [DW_FORM_addrx2, 2],
  [DW_FORM_addrx3, 3],
  [DW_FORM_addrx4, 4],
]);

/** The bytes of a form's values; -1 when that depends on the value. */
export function fixedSize(form: number, { version, addressSize, offsetSize }: Encoding): number {
  switch (form) {
    case DW_FORM_addr:
      return addressSize;
    case DW_FORM_ref_addr:
      return version === 2 ? addressSize : offsetSize;
    case DW_FORM_strp:
    case DW_FORM_line_strp:
    case DW_FORM_sec_offset:
    case DW_FORM_strp_sup:
    case DW_FORM_GNU_ref_alt:
    case DW_FORM_GNU_strp_alt:
      return offsetSize;
    default:
      return FIXED_SIZES.get(form) ?? -1;
  }
}

/** Moves over the value of a form. */
export function passValue(reader: DebugReader, form: number, encoding: Encoding, depth = 0): void {
  const size = fixedSize(form, encoding);
  if (size >= 0) {
    reader.skip(size);
    return;
  }
  switch (form) {
    case DW_FORM_string:
      reader.skipString();
      return;
    case DW_FORM_block1:
      reader.skip(reader.u8());
      return;
    case DW_FORM_block2:
      reader.skip(reader.u16());
      return;
    case DW_FORM_block4:
      reader.skip(reader.u32());
      return;
    case DW_FORM_block:
    case DW_FORM_exprloc:
      reader.skip(reader.uleb());
      return;
    case DW_FORM_sdata:
    case DW_FORM_udata:
    case DW_FORM_ref_udata:
    case DW_FORM_strx:
    case DW_FORM_addrx:
    case DW_FORM_loclistx:
    case DW_FORM_rnglistx:
      reader.uleb();
      return;
    case DW_FORM_indirect:
      if (depth === MOST_INDIRECT) reader.fail("a form is indirect too often");
      passValue(reader, reader.uleb(), encoding, depth + 1);
      return;
    default:
      reader.fail(`form 0x${form.toString(16)} is unknown`);
  }
}
