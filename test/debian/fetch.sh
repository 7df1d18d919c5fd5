#!/bin/sh
# Fetches Debian's own MIPS kernel and modules, the real files that some tests read:
#
#   .cache/debian/malta/boot/vmlinuz-*-4kc-malta
#   .cache/debian/malta/lib/modules/*/kernel/**/*.ko
#   .cache/debian/malta/Module.symvers
#
# They are GPL-2.0, so they are fetched and never committed (.cache/ is git-ignored); without them those
# tests are skipped by name. Nothing is installed and root isn't needed: apt works in a private root for
# mipsel, with the machine's proxy settings and Debian mirror. The version floats in Debian's pool, so it
# is taken from the meta package. Returns at once when the files are there; needs apt and dpkg-deb.
set -eu

cd "$(dirname "$0")/../.."
cache=$PWD/.cache/debian
malta=$cache/malta

if [ -e "$malta/Module.symvers" ]; then
  exit 0
fi

mkdir -p "$cache"
work=$(mktemp -d "$cache/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM

# The machine's Debian mirror if it has one ($DEBIAN_MIRROR wins), else Debian's own.
machine_mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    grep -m1 -E "/$1/?\$" || echo "http://deb.debian.org/$1"
}
mirror=${DEBIAN_MIRROR:-$(machine_mirror debian)}
security=${DEBIAN_SECURITY_MIRROR:-$(machine_mirror debian-security)}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
option=
if [ -e "$keyring" ]; then option="[signed-by=$keyring]"; fi

mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/debs" "$work/malta"
: > "$work/status"
cat > "$work/sources.list" <<SOURCES
deb $option $mirror bookworm main
deb $option $security bookworm-security main
SOURCES
cat > "$work/apt.conf" <<CONF
APT::Architecture "mipsel";
APT::Architectures { "mipsel"; };
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
# APT_CONFIG is read before /etc/apt/apt.conf.d, which may say otherwise; the command line has the last word.
apt() { apt-get -q -c "$work/apt.conf" "$@"; }

apt update
image=$(apt-cache -c "$work/apt.conf" depends linux-image-4kc-malta | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p')
if [ -z "$image" ]; then
  echo "fetch.sh: linux-image-4kc-malta names no kernel at $mirror" >&2
  exit 1
fi
headers=linux-headers-${image#linux-image-}
(cd "$work/debs" && apt download "$image" "$headers")

dpkg-deb -x "$work"/debs/linux-image-*.deb "$work/malta"
dpkg-deb --fsys-tarfile "$work"/debs/linux-headers-*.deb |
  tar -xO -f - "./usr/src/$headers/Module.symvers" > "$work/malta/Module.symvers"

rm -rf "$malta"
mv "$work/malta" "$malta"
echo "$image is in $malta"
