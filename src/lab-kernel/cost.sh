#!/bin/sh
# Builds cost.c with each design of call site for both byte orders: built/cost-*.ko, committed; each run makes the
# same bytes. gcc 12 puts the nops of -fpatchable-function-entry before a MIPS function's label, where no call reaches
# them. This script therefore moves them behind the label in the assembly, where gcc puts them for other processors.
# The design with three nops jumps to ftrace_caller through one veneer, and has a section for the veneer, as arm64's
# modules have. Needs the same packages as build.sh.
set -eu
cd "$(dirname "$0")"
lab=$(pwd)
. ./module.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

patchable() { # byte order, nops, output
  # shellcheck disable=SC2086
  "$(tool "$1" gcc)" $module_flags -mno-long-calls -fno-ipa-ra "-fpatchable-function-entry=$2" -S cost.c -o - |
    awk '
      /^\$LPFE[0-9]+:$/ { moving = 1; entry = "" }
      moving && $1 == ".set" && $2 == "nomips16" { moving = 0 }
      moving { entry = entry $0 "\n"; next }
      { print }
      $1 == ".ent" { label = $2 ":" }
      label != "" && $1 == label { printf "%s", entry; label = "" }' > "$3"
  if [ "$2" = 3 ]; then
    printf '\t.section .text.ftrace_trampoline,"ax",@progbits\n\t.align 2\n\t.fill 4, 4, 0\n' >> "$3"
  fi
}

for order in little big; do
  design() { # name, flags…
    built=$1
    shift
    build_module $order cost cost.c "built/cost-$built-$order.ko" -fno-ipa-ra "$@"
  }
  design plain -mno-long-calls
  design plain-long -mlong-calls
  design jal -pg -mno-long-calls
  design long -pg -mlong-calls
  design long-ra -pg -mlong-calls -mmcount-ra-address -DKBUILD_MCOUNT_RA_ADDRESS
  for nops in 3 4; do
    patchable $order $nops "$work/cost.s"
    build_module $order cost "$work/cost.s" "built/cost-nops$nops-$order.ko"
  done
done
