#!/bin/sh
# Builds the lab kernel for both byte orders, built/lab-little.o and built/lab-big.o, and the demo's modules. They are
# committed; each run makes the same bytes. Runs check.c on the result. Needs gcc-mipsel-linux-gnu, gcc-mips-linux-gnu
# (12), recordmcount (linux-kbuild-6.1) and qemu-user.
set -eu
cd "$(dirname "$0")"

flags="-O2 -std=gnu11 -ffreestanding -fno-common -fno-pic -mno-abicalls -G 0 -mabi=32 -march=mips32
  -msoft-float -mno-check-zero-division -mno-long-calls -fno-stack-protector -fno-asynchronous-unwind-tables
  -fno-strict-aliasing -fno-tree-loop-distribute-patterns -fno-delete-null-pointer-checks -fno-ident
  -Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers -Wa,-mno-pdr -Wa,-msoft-float"
sources="mcount.S tracer.S hypercalls.S entry.S arithmetic.c format.c graph.c heap.c list.c lock.c memory.c module.c
  number.c parameter.c random.c register.c string.c time.c"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p built

build() { # byte order, tool prefix, ld emulation, emulator
  objects=
  for source in $sources; do
    object="$work/$1-${source%.*}.o"
    # shellcheck disable=SC2086
    "$2gcc" $flags -c "$source" -o "$object"
    objects="$objects $object"
  done
  # shellcheck disable=SC2086
  "$2ld" -r -m "$3" -T lab.lds -o "$work/lab-$1.o" $objects
  "$2strip" --strip-debug "$work/lab-$1.o"
  check "$2" "$work/lab-$1.o"
  check_by_running "$1" "$2" "$4"
  mv "$work/lab-$1.o" "built/lab-$1.o"
}

# A module loader must accept the object: every symbol is defined, and every relocation is of a supported type.
check() { # tool prefix, object
  undefined=$("$1nm" -u "$2")
  refused=$("$1readelf" -rW "$2" | grep -E 'R_MIPS_' | grep -vE 'R_MIPS_(32|26|HI16|LO16) ' || true)
  if [ -n "$undefined$refused" ]; then
    printf '%s:\n%s\n%s\n' "$2" "$undefined" "$refused" >&2
    exit 1
  fi
}

# The linker warns that the lab's calls and floating point differ from the C library's; the check doesn't mix them.
check_by_running() { # byte order, tool prefix, emulator
  "$2objcopy" --prefix-symbols=lab_ "$work/lab-$1.o" "$work/prefixed.o"
  if ! "$2gcc" -O1 -Wall -Wextra -Werror -fno-pie -static -no-pie -o "$work/check" check.c "$work/prefixed.o" 2>"$work/log"; then
    cat "$work/log" >&2
    exit 1
  fi
  "$3" -cpu 24Kf "$work/check"
}

build little mipsel-linux-gnu- elf32ltsmip qemu-mipsel
build big mips-linux-gnu- elf32btsmip qemu-mips

# The demo's module (demo.c), built in three ways.
lab=$(pwd)
. ./module.sh
for order in little big; do
  build_module $order demo demo.c "built/demo-$order.ko" -pg -mno-long-calls
  build_module $order demo demo.c "built/demo-modern-$order.ko" -pg -mlong-calls -mmcount-ra-address -DKBUILD_MCOUNT_RA_ADDRESS
  build_module $order demo demo.c "built/demo-plain-$order.ko" -mlong-calls
done
