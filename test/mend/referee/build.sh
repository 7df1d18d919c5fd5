#!/bin/sh
# Builds the referee's userland and its modules into built/ (committed; each run makes the same bytes): traced.c as in
# 2009, without its table of call sites, and with the long calls that the mended module must match; fill.c. Needs
# gcc-mipsel-linux-gnu (12), linux-libc-dev-mipsel-cross and recordmcount (linux-kbuild-6.1).
set -eu
cd "$(dirname "$0")"
lab=../../../src/lab-kernel
. $lab/module.sh

mkdir -p built
mipsel-linux-gnu-gcc -O2 -std=gnu11 -ffreestanding -nostdlib -static -fno-pic -mno-abicalls -G 0 -mabi=32 \
  -march=mips32r2 -msoft-float -fno-stack-protector -fno-asynchronous-unwind-tables -fno-ident -fno-builtin \
  -fno-tree-loop-distribute-patterns -Wall -Wextra -Werror -Wl,--build-id=none -Wl,-s guest.c -o built/guest

module() { # file, flags…
  file=$1
  shift
  build_module little traced traced.c "built/$file.ko" "$@"
}
module short -pg -mno-long-calls
RECORDMCOUNT=true module untabled -pg -mno-long-calls
module long -pg -mlong-calls -mmcount-ra-address -DKBUILD_MCOUNT_RA_ADDRESS
build_module little fill fill.c built/fill.ko -mlong-calls
