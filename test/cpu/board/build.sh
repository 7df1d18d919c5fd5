#!/bin/sh
# Builds board.S for both byte orders and stores, gzipped, the code and the log that it writes on QEMU's 24Kc:
# board.{little,big}.{bin,log}.gz. Needs gcc-mips{,el}-linux-gnu and qemu-system-mips.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for endian in little big; do
  case $endian in
    little) tool=mipsel-linux-gnu qemu=qemu-system-mipsel order=-EL ;;
    big) tool=mips-linux-gnu qemu=qemu-system-mips order=-EB ;;
  esac
  $tool-gcc $order -c -march=mips32r2 -mno-abicalls -fno-pic -Wa,-mno-fix-loongson3-llsc -o "$work/board.o" board.S
  $tool-ld $order -Ttext 0x80200000 -e __start -o "$work/board.elf" "$work/board.o"
  $tool-objcopy -O binary -j .text "$work/board.elf" "$work/board.bin"
  {
    sleep 4
    echo "pmemsave 0x100000 0x4000 \"$work/board.log\""
    sleep 1
    echo quit
  } | $qemu -M malta -cpu 24Kc -m 64 -nic none -vga none -display none -serial null -monitor stdio \
    -kernel "$work/board.elf" >"$work/monitor"
  test -s "$work/board.log" || cat "$work/monitor"
  gzip -9n <"$work/board.bin" >board.$endian.bin.gz
  gzip -9n <"$work/board.log" >board.$endian.log.gz
done
