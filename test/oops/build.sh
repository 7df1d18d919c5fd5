#!/bin/sh
# Builds faulty.c into built/ (committed), as kbuild does, with gcc's debugging information: faulty-little.ko for Debian's
# 6.1 4kc-malta kernel, faulty-big.ko for a 6.12 without SMP and MODVERSIONS. Needs gcc-mipsel-linux-gnu and
# gcc-mips-linux-gnu (12).
set -eu
cd "$(dirname "$0")"
lab=../../src/lab-kernel
. $lab/module.sh
mkdir -p built/little built/big
here="-fdebug-prefix-map=$PWD=/src/faulty"
build_module little faulty faulty.c built/little/faulty.ko -g -mlong-calls "$here"
ABOUT_FLAGS=-DLINUX_6_12 build_module big faulty faulty.c built/big/faulty.ko -gdwarf-4 -mlong-calls "$here" \
  -D__kmalloc=__kmalloc_noprof
