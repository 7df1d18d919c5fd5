#!/bin/sh
# Builds two small kernels of Linux 6.12.117 for 32-bit Malta, one for each byte order, with their modules and ours
# (modules/). They are the kernels since 6.4, and of big-endian MIPS, that tests boot and load modules into; Debian has
# none of these. Default: both; the arguments `little` and `big` select.
#
#   .cache/kernels/ORDER/vmlinux
#   .cache/kernels/ORDER/Module.symvers
#   .cache/kernels/ORDER/lib/modules/6.12.117/**/*.ko
#
# The source is Debian's package linux-source-6.12, checked by its SHA-256: the installed one in /usr/src, else one that
# is downloaded. ORDER.config is what `make savedefconfig` gives. The result is GPL-2.0, so the repository contains
# neither source nor result (.cache/ is git-ignored); tests that need them are skipped by name where they are missing.
#
# A kernel takes 6 to 11 CPU minutes and 150 MB, the unpacked source 1.7 GB. An interrupted run continues where it was
# (make does); an existing kernel isn't built again. Needs gcc-mips-linux-gnu, gcc-mipsel-linux-gnu, make, flex, bison,
# bc, libssl-dev and libelf-dev. JOBS is make's -j; default: the number of processors.
set -eu

version=6.12.117-1~deb12u1
release=6.12.117
package=linux-source-6.12_${version}_all.deb
package_sha256=e849faf31ca3555757f3a8877cb01af92122f744f75d1f3102734651c4e14703
source_sha256=585a4a074597aefa2b1a68ada83a3184ba351c127544dea80618bbcceaa3961f

cd "$(dirname "$0")/../.."
here=$PWD/test/kernels
cache=$PWD/.cache/kernels
jobs=${JOBS:-$(nproc)}
mkdir -p "$cache"

has_sha256() { # FILE SHA256
  [ -e "$1" ] && [ "$(sha256sum < "$1")" = "$2  -" ]
}

# Prints the path of the source's tar.
source_tar() {
  installed=/usr/src/linux-source-6.12.tar.xz
  if has_sha256 "$installed" "$source_sha256"; then
    echo "$installed"
    return
  fi
  tar=$cache/linux-source-6.12.tar.xz
  if ! has_sha256 "$tar" "$source_sha256"; then
    fetch_package
    dpkg-deb --fsys-tarfile "$cache/$package" | tar -xO -f - ./usr/src/linux-source-6.12.tar.xz > "$tar"
    rm "$cache/$package"
    if ! has_sha256 "$tar" "$source_sha256"; then
      echo "build.sh: $package has another source" >&2
      exit 1
    fi
  fi
  echo "$tar"
}

fetch_package() {
  pool=${DEBIAN_SECURITY_MIRROR:-http://deb.debian.org/debian-security}/pool/updates/main/l/linux-6.12
  curl -fsSL -C - -o "$cache/$package" "$pool/$package" || true
  if ! has_sha256 "$cache/$package" "$package_sha256"; then
    echo "build.sh: $package isn't in $pool; DEBIAN_SECURITY_MIRROR may name a mirror, or a snapshot, that has it" >&2
    exit 1
  fi
}

unpack_source() {
  if [ -e "$cache/source/Makefile" ]; then return; fi
  tar=$(source_tar)
  rm -rf "$cache/source.part"
  mkdir "$cache/source.part"
  tar -xJf "$tar" -C "$cache/source.part" --strip-components=1
  mv "$cache/source.part" "$cache/source"
}

# Builds our modules in a copy, so that the two byte orders don't share objects.
build_own_modules() {
  own=$build/own
  mkdir -p "$own"
  cp "$here"/modules/* "$own"
  $make "M=$own" modules
  mkdir -p "$modules/own"
  cp "$own"/*.ko "$modules/own"
}

build() { # ORDER TOOL-PREFIX
  result=$cache/$1
  if [ -e "$result/vmlinux" ]; then return; fi
  unpack_source
  build=$cache/build-$1
  modules=$result/lib/modules/$release
  make="make -s -j$jobs -C $cache/source O=$build ARCH=mips CROSS_COMPILE=$2"
  mkdir -p "$build"
  cp "$here/$1.config" "$build/.config"
  $make olddefconfig
  $make vmlinux modules
  rm -rf "$result"
  $make INSTALL_MOD_PATH="$result" DEPMOD=true modules_install
  rm -f "$modules/build" "$modules/source"
  build_own_modules
  cp "$build/Module.symvers" "$result"
  "$2strip" -g -o "$result/vmlinux.part" "$build/vmlinux"
  mv "$result/vmlinux.part" "$result/vmlinux"
  echo "the $1-endian kernel is in $result"
}

if [ $# -eq 0 ]; then set -- little big; fi
for order in "$@"; do
  case $order in
    little) build little mipsel-linux-gnu- ;;
    big) build big mips-linux-gnu- ;;
    *) echo "build.sh: no kernel is called $order" >&2 && exit 2 ;;
  esac
done
