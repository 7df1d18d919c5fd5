#!/bin/sh
# Builds faulty.c into built/ (committed), as kbuild does, with gcc's debugging information: little/ for Debian's 6.1
# 4kc-malta kernel, little64/ for its 5kc-malta, big/ and little-6.12/ for a 6.12 without SMP. Needs gcc-mipsel-linux-gnu
# and gcc-mips-linux-gnu (12).
set -eu
cd "$(dirname "$0")"
lab=../../src/lab-kernel
. $lab/module.sh
mkdir -p built/little built/big built/little-6.12 built/little64
here="-fdebug-prefix-map=$PWD=/src/faulty"
build_module little faulty faulty.c built/little/faulty.ko -g -mlong-calls "$here"
ABOUT_FLAGS=-DLINUX_6_12 build_module big faulty faulty.c built/big/faulty.ko -gdwarf-4 -mlong-calls "$here" \
  -D__kmalloc=__kmalloc_noprof
ABOUT_FLAGS=-DLINUX_6_12 build_module little faulty faulty.c built/little-6.12/faulty.ko -g -mlong-calls "$here" \
  -D__kmalloc=__kmalloc_noprof
BITS=64 build_module little faulty faulty.c built/little64/faulty.ko -g -mlong-calls "$here"
