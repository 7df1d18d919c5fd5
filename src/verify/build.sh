#!/bin/sh
# Builds guest.c, the guest's process 1, into built/ for both byte orders. The result is committed; each run makes the
# same bytes. Needs gcc-mipsel-linux-gnu and gcc-mips-linux-gnu (12) and linux-libc-dev of both.
set -eu
cd "$(dirname "$0")"
mkdir -p built

build() { # byte order, tool prefix
  "$2gcc" -O2 -std=gnu11 -ffreestanding -nostdlib -static -fno-pic -mno-abicalls -G 0 -mabi=32 \
    -march=mips32r2 -msoft-float -fno-stack-protector -fno-asynchronous-unwind-tables -fno-ident -fno-builtin \
    -fno-tree-loop-distribute-patterns -Wall -Wextra -Werror -Wno-missing-field-initializers \
    -Wl,--build-id=none -Wl,-s guest.c -o "built/guest-$1"
}

build little mipsel-linux-gnu-
build big mips-linux-gnu-
