#!/bin/sh
# Builds thermometer.c into built/thermometer.ko, for Debian 12's kernel for Malta (6.1, little-endian). The result is
# committed; each run makes the same bytes. Needs gcc-mipsel-linux-gnu (12).
set -eu
cd "$(dirname "$0")"
lab=../../src/lab-kernel
. $lab/module.sh
mkdir -p built
build_module little thermometer thermometer.c built/thermometer.ko -mlong-calls -Wno-unused-parameter
