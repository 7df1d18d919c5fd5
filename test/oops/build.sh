#!/bin/sh
# Builds faulty.c into built/faulty.ko (committed), as kbuild does for Debian's 6.1 4kc-malta kernel, with gcc's
# debugging information. Needs gcc-mipsel-linux-gnu (12), recordmcount (linux-kbuild-6.1).
set -eu
cd "$(dirname "$0")"
lab=../../src/lab-kernel
. $lab/module.sh
mkdir -p built
build_module little faulty faulty.c built/faulty.ko -g -mlong-calls "-fdebug-prefix-map=$PWD=/src/faulty"
