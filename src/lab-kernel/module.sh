# Builds a module from a C file as kbuild does: compiles it, runs recordmcount, compiles the part that depends on the
# module's name, and links with ld -r. src/lab-kernel/build.sh and test/modules/build.sh source this file. The same
# input gives the same bytes.
#
#   build_module ORDER NAME SOURCE OUTPUT FLAG…    ORDER is little or big
#   In the environment: BITS, 32 (the default) or 64; DEPENDS, the modules it needs; VERSIONS_SOURCE and
#   VERSIONS_FLAGS, a C file with __versions and its flags; ABOUT_FLAGS, flags for this_module.c; RECORDMCOUNT, the
#   program

lab=${lab:?the directory of this file}
RECORDMCOUNT=${RECORDMCOUNT:-/usr/lib/linux-kbuild-6.1/scripts/recordmcount}

module_flags="-O2 -std=gnu11 -ffreestanding -fno-common -fno-pic -mno-abicalls -G 0
  -msoft-float -Wa,-msoft-float -Wa,--trap -mno-check-zero-division -fno-stack-check -fno-stack-protector
  -fno-asynchronous-unwind-tables -fno-strict-aliasing -fno-delete-null-pointer-checks -fno-ident -DMODULE
  -Wall -Wextra -Werror -I$lab"

tool() { # byte order, name
  case $1 in
    little) echo "mipsel-linux-gnu-$2" ;;
    big) echo "mips-linux-gnu-$2" ;;
  esac
}

emulation() { # byte order
  case $1 in
    little) echo "elf${BITS:-32}ltsmip" ;;
    big) echo "elf${BITS:-32}btsmip" ;;
  esac
}

processor() {
  case ${BITS:-32} in
    32) echo "-mabi=32 -march=mips32r2" ;;
    64) echo "-mabi=64 -march=mips64r2" ;;
  esac
}

build_module() (
  order=$1 name=$2 source=$3 output=$4
  shift 4
  gcc=$(tool "$order" gcc) nm=$(tool "$order" nm)
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT

  gcc="$gcc $(processor)"

  # shellcheck disable=SC2086
  $gcc $module_flags "$@" -c "$source" -o "$work/$name.o"
  if "$nm" "$work/$name.o" | grep -q ' U _mcount$'; then "$RECORDMCOUNT" "$work/$name.o"; fi

  about="-DMODULE_NAME=\"$name\" -DDEPENDS=\"${DEPENDS:-}\" ${ABOUT_FLAGS:-}"
  if "$nm" "$work/$name.o" | grep -q ' [Tt] init_module$'; then about="$about -DHAS_INIT"; fi
  if "$nm" "$work/$name.o" | grep -q ' [Tt] cleanup_module$'; then about="$about -DHAS_EXIT"; fi
  # shellcheck disable=SC2086
  $gcc $module_flags $about -c "$lab/this_module.c" -o "$work/$name.mod.o"
  objects="$work/$name.o $work/$name.mod.o"
  if [ -n "${VERSIONS_SOURCE:-}" ]; then
    # shellcheck disable=SC2086
    $gcc $module_flags ${VERSIONS_FLAGS:-} -c "$VERSIONS_SOURCE" -o "$work/versions.o"
    objects="$objects $work/versions.o"
  fi
  # shellcheck disable=SC2086
  "$(tool "$order" ld)" -r -m "$(emulation "$order")" --build-id=sha1 -T "$lab/module.lds" -o "$work/$name.ko" $objects
  mv "$work/$name.ko" "$output"
)
