#!/bin/sh
# Builds the test modules for both byte orders into built/ and built64/ (committed; each run makes the same bytes) and
# runs the 32-bit ones under qemu-mips and qemu-mipsel for expected.json. README.md describes the modules. Needs
# gcc-mipsel-linux-gnu, gcc-mips-linux-gnu (12), recordmcount (linux-kbuild-6.1), qemu-user, python3.
set -eu
cd "$(dirname "$0")"
lab=../../src/lab-kernel
. $lab/module.sh

ra="-mmcount-ra-address -DKBUILD_MCOUNT_RA_ADDRESS"
mkdir -p built built64

for order in little big; do
  module() { # name, source, flags…
    built=$1 source=$2
    shift 2
    build_module $order "$built" "$source" "built/$built-$order.ko" "$@"
  }

  # One source, every form of call and site.
  module jal2009 work.c -pg -mno-long-calls
  module jal2009ra work.c -pg -mno-long-calls $ra
  module modern work.c -pg -mlong-calls $ra
  module modern_nora work.c -pg -mlong-calls
  # As the compiler leaves it: no __mcount_loc, no struct module.
  # shellcheck disable=SC2086
  $(tool $order gcc) $(processor) $module_flags -pg -mno-long-calls -c work.c -o built/work-$order.o

  module plain work.c -mlong-calls
  module plain_short work.c -mno-long-calls
  module optimize0 work.c -O0 -pg -mlong-calls $ra
  module optimize0_nora work.c -O0 -pg -mlong-calls
  module optimize0_jal work.c -O0 -pg -mno-long-calls $ra

  module debug work.c -pg -mlong-calls $ra -g -fdebug-prefix-map="$PWD"=.

  module card card.c -pg -mlong-calls $ra -g -fdebug-prefix-map="$PWD"=.

  module shapes shapes.c -pg -mlong-calls $ra
  module shapes_nora shapes.c -pg -mlong-calls
  module shapes_jal shapes.c -pg -mno-long-calls
  module frames frames.c -pg -mlong-calls $ra
  module frames_nora frames.c -pg -mlong-calls
  module frames_jal frames.c -pg -mno-long-calls $ra
  module leaf leaf.c -pg -mlong-calls $ra
  module leaf_jal leaf.c -pg -mno-long-calls
  module leaf_plain leaf.c -mlong-calls -fno-ipa-ra # -pg has no ipa-ra either: the same loop
  module lost lost.c -pg -mlong-calls $ra
  module init init.c -pg -mlong-calls $ra
  module init_jal init.c -pg -mno-long-calls
  DEPENDS=init module imports imports.c -pg -mlong-calls $ra
  DEPENDS=init module imports_undeclared imports.c -pg -mlong-calls $ra -DWITHOUT_NAMESPACE
  module weak weak.c -mno-long-calls

  module greet greet.c -pg -mlong-calls $ra
  for variant in versions wrong_layout without_printk empty; do
    flag=-D$(echo "$variant" | tr a-z A-Z)
    VERSIONS_SOURCE=versions.c VERSIONS_FLAGS=$flag module "greet_$variant" greet.c -pg -mlong-calls $ra
  done

  # The same in n64, as 64-bit kernels' modules are built: 32-bit addresses, sign-extended.
  module64() { # name, source, flags…
    built=$1 source=$2
    shift 2
    BITS=64 build_module $order "$built" "$source" "built64/$built-$order.ko" "$@"
  }
  module64 modern work.c -msym32 -pg -mlong-calls $ra
  module64 modern_nora work.c -msym32 -pg -mlong-calls
  module64 jal work.c -msym32 -pg -mno-long-calls $ra
  module64 full work.c -pg -mlong-calls $ra # 64-bit addresses
  module64 optimize0 work.c -msym32 -O0 -pg -mlong-calls $ra
  module64 init init.c -msym32 -pg -mlong-calls $ra
  module64 init_jal init.c -msym32 -pg -mno-long-calls $ra
  DEPENDS=init module64 imports imports.c -msym32 -pg -mlong-calls $ra
  module64 types types64.S
  module64 composite composite64.S
done

python3 expected.py
