#!/bin/sh
# Builds the ROMs, one from each C file except runtime.c, for both byte orders into built/. Needs
# gcc-mips{,el}-linux-gnu. `npm run bare` then records what each prints on QEMU.
set -eu
cd "$(dirname "$0")"
mkdir -p built
elf=$(mktemp)
trap 'rm -f "$elf"' EXIT

flags="-std=gnu11 -Os -Wall -Wextra -Werror -ffreestanding -nostdlib -static -march=mips32r2 -msoft-float
  -mno-abicalls -fno-pic -G0 -mno-branch-likely -fno-toplevel-reorder -fno-tree-loop-distribute-patterns
  -Wa,-mno-fix-loongson3-llsc -Wl,-T,rom.ld -Wl,--build-id=none"

for endian in little big; do
  case $endian in
    little) tool=mipsel-linux-gnu ;;
    big) tool=mips-linux-gnu ;;
  esac
  for source in *.c; do
    rom=${source%.c}
    [ "$rom" != runtime ] || continue
    # shellcheck disable=SC2086
    $tool-gcc $flags -o "$elf" rom.S runtime.c "$source"
    $tool-objcopy -O binary "$elf" "built/$rom.$endian.bin"
  done
done
