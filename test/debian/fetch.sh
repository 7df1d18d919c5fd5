#!/bin/sh
# Fetches Debian's own MIPS kernels and modules, the real files that some tests read, and a userland for them: the
# static busybox for mipsel. The flavours of kernels are malta (32-bit), loongson-3, 5kc-malta and octeon (64-bit, the
# last with a vmlinux in ELF form), all of Debian 12, and 5kc-malta-backports, the newer 5kc-malta of its backports.
# Default: all of them, and busybox; arguments select some. By name alone it also
# fetches `sources`: what build-short.sh builds modules for the malta kernel from.
#
#   .cache/debian/FLAVOUR/boot/vmlinu[xz]-*
#   .cache/debian/FLAVOUR/lib/modules/*/kernel/**/*.ko
#   .cache/debian/FLAVOUR/Module.symvers
#   .cache/debian/busybox/bin/busybox
#   .cache/debian/sources/headers/usr/src/linux-headers-*, .cache/debian/sources/{fs,lib,tools}
#
# They are GPL-2.0, so this script fetches them and the repository never contains them (.cache/ is git-ignored).
# Without them those tests are skipped by name. The script installs nothing and doesn't need root: apt works in a
# private root for the flavour's architecture, with the machine's proxy settings and Debian mirror. The version in
# Debian's pool changes, so the script takes it from the meta package. It doesn't fetch existing files again. It needs
# apt and dpkg-deb.
set -eu

cd "$(dirname "$0")/../.."
cache=$PWD/.cache/debian
mkdir -p "$cache"

# The machine's Debian mirror if it has one ($DEBIAN_MIRROR wins), else Debian's own.
machine_mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    grep -m1 -E "/$1/?\$" || echo "http://deb.debian.org/$1"
}

# in_private_root SUITE ARCHITECTURE COMMAND [ARGUMENT...]: runs a command in a subshell where apt works in a private
# root for an architecture, with an empty $work/debs and $work/files; its temporary files are removed.
in_private_root() (
  suite=$1 architecture=$2
  shift 2
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT INT TERM
  mirror=${DEBIAN_MIRROR:-$(machine_mirror debian)}
  security=${DEBIAN_SECURITY_MIRROR:-$(machine_mirror debian-security)}
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  option=
  if [ -e "$keyring" ]; then option="[signed-by=$keyring]"; fi

  mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/debs" "$work/files"
  : > "$work/status"
  cat > "$work/sources.list" <<SOURCES
deb $option $mirror $suite main
SOURCES
  if [ "$suite" = bookworm ]; then echo "deb $option $security bookworm-security main" >> "$work/sources.list"; fi
  cat > "$work/apt.conf" <<CONF
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
Dir::Etc::SourceList "$work/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State::Lists "$work/lists";
Dir::State::Status "$work/status";
Dir::Cache::Archives "$work/archives";
Dir::Cache::PkgCache "";
Dir::Cache::SrcPkgCache "";
CONF
  export APT_CONFIG="$work/apt.conf"
  # APT_CONFIG is read before /etc/apt/apt.conf.d, which may override it; the command line has the highest priority.
  apt() { apt-get -q -c "$work/apt.conf" "$@"; }

  apt update
  "$@"
)

# get_kernel FLAVOUR META_PACKAGE, in a private root
get_kernel() {
  image=$(apt-cache -c "$work/apt.conf" depends "$2" | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p')
  if [ -z "$image" ]; then
    echo "fetch.sh: $2 names no kernel at $mirror" >&2
    exit 1
  fi
  headers=linux-headers-${image#linux-image-}
  (cd "$work/debs" && apt download "$image" "$headers")

  dpkg-deb -x "$work"/debs/linux-image-*.deb "$work/files"
  dpkg-deb --fsys-tarfile "$work"/debs/linux-headers-*.deb |
    tar -xO -f - "./usr/src/$headers/Module.symvers" > "$work/files/Module.symvers"

  rm -rf "${cache:?}/$1"
  mv "$work/files" "$cache/$1"
  echo "$image is in $cache/$1"
}

# get_busybox, in a private root
get_busybox() {
  (cd "$work/debs" && apt download busybox-static)
  dpkg-deb -x "$work"/debs/busybox-static_*.deb "$work/files"
  rm -rf "$cache/busybox"
  mv "$work/files" "$cache/busybox"
  echo "busybox-static is in $cache/busybox"
}

# get_headers, in a private root: the headers of the malta kernel that is here
get_headers() {
  release=$(basename "$(ls -d "$cache"/malta/lib/modules/*)")
  (cd "$work/debs" && apt download "linux-headers-$release" "linux-headers-${release%-4kc-malta}-common")
  for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$work/files"; done
  dpkg-deb -f "$work"/debs/linux-headers-*-4kc-malta_*.deb Version > "$work/files/version"
  rm -rf "$cache/sources"
  mkdir "$cache/sources"
  mv "$work/files" "$cache/sources/headers"
}

# get_sources, in a private root for this machine: kbuild's programs, and the source of the headers' version
get_sources() {
  version=$(cat "$cache/sources/headers/version")
  series=$(echo "$version" | cut -d . -f 1-2)
  (cd "$work/debs" && apt download "linux-kbuild-$series=$version" "linux-source-$series=$version")
  dpkg-deb -x "$work"/debs/linux-kbuild-*.deb "$cache/sources/headers"
  name=linux-source-$series
  dpkg-deb --fsys-tarfile "$work/debs/$name"_*.deb | tar -xO -f - "./usr/src/$name.tar.xz" |
    tar -xJ -f - -C "$work/files" --strip-components 1 "$name/fs/fat" "$name/fs/ext4" "$name/lib" \
      "$name/tools/testing/selftests/kselftest_module.h"
  mv "$work"/files/* "$cache/sources/"
  echo "the sources of $version are in $cache/sources"
}

# kernel FLAVOUR ARCHITECTURE META_PACKAGE [SUITE]
kernel() {
  if [ ! -e "$cache/$1/Module.symvers" ]; then in_private_root "${4:-bookworm}" "$2" get_kernel "$1" "$3"; fi
}

if [ $# -eq 0 ]; then set -- malta loongson-3 5kc-malta octeon 5kc-malta-backports busybox; fi
for flavour in "$@"; do
  case $flavour in
    malta) kernel malta mipsel linux-image-4kc-malta ;;
    loongson-3 | 5kc-malta | octeon) kernel "$flavour" mips64el "linux-image-$flavour" ;;
    5kc-malta-backports) kernel "$flavour" mips64el linux-image-5kc-malta bookworm-backports ;;
    busybox) if [ ! -e "$cache/busybox/bin/busybox" ]; then in_private_root bookworm mipsel get_busybox; fi ;;
    sources)
      kernel malta mipsel linux-image-4kc-malta
      if [ ! -d "$cache/sources/tools" ]; then
        in_private_root bookworm mipsel get_headers
        in_private_root bookworm "$(dpkg --print-architecture)" get_sources
      fi
      ;;
    *) echo "fetch.sh: no flavour is called $flavour" >&2 && exit 2 ;;
  esac
done
