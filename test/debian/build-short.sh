#!/bin/sh
# Builds modules from Debian's own kernel source, for Debian's malta kernel, with short calls: what `farjal mend` is
# for. They are fat, vfat and ext4, whose long-call builds Debian ships, and the kernel's self-tests of its library,
# which Debian doesn't ship: those are built with long calls too.
#
#   .cache/debian/short/*.ko          -mno-long-calls
#   .cache/debian/short/long/*.ko     as Debian builds modules, with -mlong-calls
#
# They are GPL-2.0: fetch.sh fetches the sources, and the repository never contains the modules. Without them those
# tests are skipped by name. It needs what fetch.sh needs, make and gcc-mipsel-linux-gnu; it takes about two minutes of
# processor time, and nothing when the modules are there.
set -eu

cd "$(dirname "$0")/../.."
short=$PWD/.cache/debian/short
sources=$PWD/.cache/debian/sources
if [ -d "$short" ]; then exit 0; fi
test/debian/fetch.sh sources

# Self-tests that need only what Debian's kernel exports. Left out: those that kunit runs (Debian's kernel has none),
# and those that run for minutes or change the machine (xarray, vmalloc, lockup, kmod, firmware, bpf).
tests="bitmap bitops hexdump ida memcat_p meminit min_heap printf rhashtable scanf siphash static_key_base static_keys
  string strscpy user_copy uuid"

work=$(mktemp -d "$sources/build.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
headers=$(ls -d "$sources"/headers/usr/src/linux-headers-*-4kc-malta)
mkdir "$work/headers"
# The package's Makefile includes the common one by its path in an installed system.
cp -a "$headers/." "$work/headers/"
sed "s#/usr/src/#$sources/headers/usr/src/#" "$headers/Makefile" > "$work/headers/Makefile"
rm -f "$work/headers/scripts" "$work/headers/tools"
for part in scripts tools; do
  ln -s "$(ls -d "$sources"/headers/usr/lib/linux-kbuild-*)/$part" "$work/headers/$part"
done

# build NAME FOLDERS [VARIABLE=VALUE...]: builds the folders' modules in $work/NAME
build() {
  name=$1 folders=$2
  shift 2
  mkdir -p "$work/$name/lib"
  cp -r "$sources/fs" "$sources/tools" "$work/$name/"
  for test in $tests; do
    cp "$sources/lib/test_$test.c" "$work/$name/lib/"
    echo "obj-m += test_$test.o" >> "$work/$name/lib/Makefile"
  done
  echo "obj-m += $folders" > "$work/$name/Kbuild"
  # -O2 as in Debian's build; the debugging information that Debian strips off isn't made.
  make -s -j "$(nproc)" -C "$work/headers" "M=$work/$name" ARCH=mips CROSS_COMPILE=mipsel-linux-gnu- \
    CONFIG_MSDOS_FS=n CONFIG_DEBUG_INFO= "$@" modules
}

build short "lib/ fs/fat/ fs/ext4/" CFLAGS_MODULE=-mno-long-calls
build long "lib/"
mkdir -p "$work/made/long"
find "$work/short" -name '*.ko' -exec mv {} "$work/made/" ';'
find "$work/long" -name '*.ko' -exec mv {} "$work/made/long/" ';'
mv "$work/made" "$short"
echo "$(ls "$short"/*.ko | wc -l) modules with short calls are in $short"
