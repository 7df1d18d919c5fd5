#!/bin/sh
# Rebuilds the compressed kernels in this folder from the synthetic image of test/kernel/synthetic.ts, with the
# options that Linux's scripts/Makefile.lib gives the compressors. Needs xz, lz4, zstd, lzop and bzip2, and a build.
set -eu
cd "$(dirname "$0")"
root=../../..
node --input-type=module -e "
  import { makeKernel } from '$(cd $root && pwd)/build/test/kernel/synthetic.js';
  process.stdout.write(makeKernel().bytes);
" > image
xz --check=crc32 --lzma2=dict=32MiB < image > kernel.xz
xz --format=lzma -9 < image > kernel.lzma
# With the options of OpenWrt's Build/lzma.
xz --format=lzma --lzma1=lc=1,lp=2,pb=2,dict=8MiB < image > openwrt.lzma
# Other parameters than the defaults, as in some vendors' kernels.
xz --format=raw --lzma1=lc=0,lp=2,pb=1,dict=64KiB < image > raw
size=$(wc -c < image)
node -e "
  const header = Buffer.alloc(13);
  header[0] = (1 * 5 + 2) * 9 + 0;
  header.writeUInt32LE(65536, 1);
  header.writeBigUInt64LE(BigInt($size), 5);
  process.stdout.write(Buffer.concat([header, fs.readFileSync('raw')]));
" > parameters.lzma
lz4 -l -9 < image > kernel.lz4
zstd -q -22 --ultra < image > kernel.zst
lzop -9 < image > kernel.lzo
bzip2 -9 < image > kernel.bz2
# Short files, so that a changed byte affects the structures.
tail -c 3000 image | zstd -q -19 > short.zst
tail -c 3000 image | xz --format=lzma --lzma1=lc=1,lp=2,pb=2,dict=8MiB > short.lzma
tail -c 3000 image | xz --check=crc32 --lzma2=dict=1MiB > short.xz
tail -c 3000 image | lzop -9 -F > short.lzo
tail -c 3000 image | bzip2 -9 > short.bz2
rm image raw
