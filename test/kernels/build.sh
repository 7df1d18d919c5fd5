#!/bin/sh
# Builds small kernels for 32-bit Malta, with their modules and ours (modules/), which tests boot and load modules into;
# Debian has none of these: `little` and `big` are Linux 6.12 in both byte orders, kernels since 6.4 and of big-endian
# MIPS; `old` is Linux 5.10, the oldest whose rules farjal knows, little-endian. Default: all; arguments select.
#
#   .cache/kernels/NAME/vmlinux
#   .cache/kernels/NAME/Module.symvers
#   .cache/kernels/NAME/lib/modules/RELEASE/**/*.ko
#
# The source is Debian's package linux-source-6.12 or -5.10, checked by its SHA-256: the installed one in /usr/src, else
# one that is downloaded. NAME.config is what `make savedefconfig` gives. The result is GPL-2.0, so the repository
# contains neither source nor result (.cache/ is git-ignored); tests that need them are skipped by name where they are
# missing.
#
# A kernel takes 6 to 11 CPU minutes and 150 MB, an unpacked source 1.7 GB. An interrupted run continues where it was
# (make does); an existing kernel isn't built again. Needs gcc-mips-linux-gnu, gcc-mipsel-linux-gnu, make, flex, bison,
# bc, libssl-dev and libelf-dev. JOBS is make's -j; default: the number of processors.
set -eu

cd "$(dirname "$0")/../.."
here=$PWD/test/kernels
cache=$PWD/.cache/kernels
jobs=${JOBS:-$(nproc)}
mkdir -p "$cache"

has_sha256() { # FILE SHA256
  [ -e "$1" ] && [ "$(sha256sum < "$1")" = "$2  -" ]
}

# What is known of a series: the release, Debian's version, the pool's directory, and the checksums of the package and
# of the source in it.
choose_series() { # SERIES
  series=$1
  case $series in
    6.12)
      release=6.12.117 version=6.12.117-1~deb12u1 directory=linux-6.12
      package_sha256=e849faf31ca3555757f3a8877cb01af92122f744f75d1f3102734651c4e14703
      source_sha256=585a4a074597aefa2b1a68ada83a3184ba351c127544dea80618bbcceaa3961f
      ;;
    5.10)
      release=5.10.262 version=5.10.262-1 directory=linux
      package_sha256=4f01148344ca9e5c1c9743ab4a084cf61c437548f803443ccc044602278b52bc
      source_sha256=a8a7ce6636bab6816b4f7a87efa2dd1cf1a5919026b6f384f9e96c1e6582b0bb
      ;;
  esac
  package=linux-source-${series}_${version}_all.deb
  source=$cache/source-$series
}

# Prints the path of the source's tar.
source_tar() {
  installed=/usr/src/linux-source-$series.tar.xz
  if has_sha256 "$installed" "$source_sha256"; then
    echo "$installed"
    return
  fi
  tar=$cache/linux-source-$series.tar.xz
  if ! has_sha256 "$tar" "$source_sha256"; then
    fetch_package
    dpkg-deb --fsys-tarfile "$cache/$package" |
      tar -xO -f - "./usr/src/linux-source-$series.tar.xz" > "$tar"
    rm "$cache/$package"
    if ! has_sha256 "$tar" "$source_sha256"; then
      echo "build.sh: $package has another source" >&2
      exit 1
    fi
  fi
  echo "$tar"
}

fetch_package() {
  pool=${DEBIAN_SECURITY_MIRROR:-http://deb.debian.org/debian-security}/pool/updates/main/l/$directory
  curl -fsSL -C - -o "$cache/$package" "$pool/$package" || true
  if ! has_sha256 "$cache/$package" "$package_sha256"; then
    echo "build.sh: $package isn't in $pool; DEBIAN_SECURITY_MIRROR may name a mirror, or a snapshot, that has it" >&2
    exit 1
  fi
}

unpack_source() {
  if [ -e "$source/Makefile" ]; then return; fi
  tar=$(source_tar)
  rm -rf "$source.part"
  mkdir "$source.part"
  tar -xJf "$tar" -C "$source.part" --strip-components=1
  mv "$source.part" "$source"
}

# Builds our modules in a copy, so that kernels don't share objects.
build_own_modules() {
  own=$build/own
  mkdir -p "$own"
  cp "$here"/modules/* "$own"
  $make "M=$own" modules
  mkdir -p "$modules/own"
  cp "$own"/*.ko "$modules/own"
}

build() { # NAME SERIES TOOL-PREFIX
  result=$cache/$1
  if [ -e "$result/vmlinux" ]; then return; fi
  choose_series "$2"
  unpack_source
  build=$cache/build-$1
  modules=$result/lib/modules/$release
  make="make -s -j$jobs -C $source O=$build ARCH=mips CROSS_COMPILE=$3"
  mkdir -p "$build"
  cp "$here/$1.config" "$build/.config"
  $make olddefconfig
  $make vmlinux modules
  rm -rf "$result"
  $make INSTALL_MOD_PATH="$result" DEPMOD=true modules_install
  rm -f "$modules/build" "$modules/source"
  build_own_modules
  cp "$build/Module.symvers" "$result"
  "$3strip" -g -o "$result/vmlinux.part" "$build/vmlinux"
  mv "$result/vmlinux.part" "$result/vmlinux"
  echo "Linux $release is in $result"
}

if [ $# -eq 0 ]; then set -- little big old; fi
for name in "$@"; do
  case $name in
    little) build little 6.12 mipsel-linux-gnu- ;;
    big) build big 6.12 mips-linux-gnu- ;;
    old) build old 5.10 mipsel-linux-gnu- ;;
    *) echo "build.sh: no kernel is called $name" >&2 && exit 2 ;;
  esac
done
