#!/bin/sh
# Builds lines.c, more.c and types.c into built/ (committed) with what compilers write for a module's debugging information: DWARF
# 4 and 5 of gcc and clang, both byte orders, 32 and 64 bits, compressed sections; and one linked file, as a vmlinux is.
# expected.py then asks addr2line for the lines of every instruction. Needs gcc-mipsel-linux-gnu, gcc-mips-linux-gnu
# (12), their n64 assembler (-mabi=64), clang 14, binutils 2.40, python3.
set -eu
cd "$(dirname "$0")"
lab=../../src/lab-kernel
. $lab/module.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf built
mkdir built
here="-fdebug-prefix-map=$PWD=/src/lines"

# name, byte order, bits, compression, compiler and flags…
object() (
  name=$1 order=$2 BITS=$3 compression=$4
  shift 4
  for source in lines more types; do
    # shellcheck disable=SC2046,SC2086
    "$@" $(processor) $(echo $module_flags | sed 's/-Werror//; s/-mno-check-zero-division//') $here -c $source.c -o "$work/$source.o"
  done
  "$(tool "$order" ld)" -r -m "$(emulation "$order")" --build-id=sha1 "$work/lines.o" "$work/more.o" "$work/types.o" -o "$work/$name.o"
  "$(tool "$order" objcopy)" --compress-debug-sections="$compression" "$work/$name.o" "built/$name.o"
)

object gcc4-little little 32 none mipsel-linux-gnu-gcc -gdwarf-4
object gcc4-big big 32 zlib mips-linux-gnu-gcc -gdwarf-4
object gcc5-little little 32 zstd mipsel-linux-gnu-gcc -gdwarf-5
object gcc5-big big 32 zlib-gnu mips-linux-gnu-gcc -gdwarf-5
object gcc4-little64 little 64 none mipsel-linux-gnu-gcc -gdwarf-4 -msym32
object gcc5-big64 big 64 zstd mips-linux-gnu-gcc -gdwarf-5 -msym32
object dwarf64-big big 32 none mips-linux-gnu-gcc -gdwarf-5 -gdwarf64
object sections-little little 32 none mipsel-linux-gnu-gcc -gdwarf-5 -ffunction-sections
object clang4-big big 32 none clang --target=mips-linux-gnu -gdwarf-4
object clang5-little little 32 zlib clang --target=mipsel-linux-gnu -gdwarf-5
object clang5-little64 little 64 none clang --target=mips64el-linux-gnuabi64 -gdwarf-5

# A linked file. The lab kernel isn't there to be linked, so what it exports is at addresses of its own.
for name in gcc5-little clang5-little64; do
  wide=${name#*little}
  mipsel-linux-gnu-ld -N -m "elf${wide:-32}ltsmip" --build-id=sha1 -Ttext 0x80100000 -e lines_stir \
    --section-start=.note.gnu.build-id=0x80101000 --section-start=.MIPS.abiflags=0x80101040 \
    --section-start=.reginfo=0x80101080 --defsym _text=0x80100000 --defsym _printk=0x80200000 \
    --defsym __this_module=0x80300000 "built/$name.o" -o "built/linked${wide:-32}"
done
python3 expected.py

# Files whose debugging information is partly in others: of a split one, and with the link that dwz leaves.
rm -rf elsewhere
mkdir elsewhere
source=$PWD
# shellcheck disable=SC2046,SC2086
(cd "$work" && mipsel-linux-gnu-gcc $(processor) $module_flags "-fdebug-prefix-map=$work=/src/lines" "-I$source/$lab" \
  -gdwarf-5 -gsplit-dwarf -c "$source/lines.c" -o lines.o)
cp "$work/lines.o" elsewhere/split.o
printf '/usr/lib/debug/.dwz/shared.debug\000build-id' > "$work/link"
mipsel-linux-gnu-objcopy --add-section .gnu_debugaltlink="$work/link" built/gcc5-little.o elsewhere/dwz.o
