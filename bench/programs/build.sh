#!/bin/sh
# Builds the benches' programs as plain objects for both byte orders into built/ (committed; each run makes the same
# bytes). It takes the sums from three referees: gcc's native code on this machine, qemu-mips and qemu-mipsel. It
# writes built/sums.txt, with a line for each program and a column for each number of rounds, only if all three agree.
# Needs gcc, gcc-mipsel-linux-gnu, gcc-mips-linux-gnu (12), qemu-user.
set -eu
cd "$(dirname "$0")"
rounds="1 2 10 1000"
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
mkdir -p built

# Compiles one program as a module would be: no GOT, no small data, no library.
mips="-O2 -march=mips32r2 -mno-abicalls -fno-pic -msoft-float -G0 -ffreestanding -fno-builtin"
mips="$mips -fno-tree-loop-distribute-patterns -fno-common -Wall -Wextra -Wno-sign-compare"

sums=$temporary/sums
echo "rounds $rounds" >"$sums"
for program in crc matmul sort vm fib strings sha256 tree wide list states base64 words life heap shapes; do
  gcc -O2 -w -DPROGRAM=$program $program.c main.c -o "$temporary/native"
  # shellcheck disable=SC2086 # a list of numbers
  wanted=$("$temporary/native" $rounds)
  for order in little big; do
    case $order in
      little) tools=mipsel-linux-gnu qemu=qemu-mipsel ;;
      big) tools=mips-linux-gnu qemu=qemu-mips ;;
    esac
    object=built/$program-$order.o
    # shellcheck disable=SC2086 # a list of flags
    $tools-gcc $mips -c $program.c -o "$object"
    $tools-objcopy --strip-debug -R .comment -R .note.GNU-stack "$object"
    if $tools-nm -u "$object" | grep .; then
      echo "$program is not freestanding" >&2
      exit 1
    fi
    $tools-gcc -O2 -w -static -march=mips32r2 -DPROGRAM=$program $program.c main.c -o "$temporary/$order"
    # shellcheck disable=SC2086
    found=$($qemu "$temporary/$order" $rounds)
    if [ "$found" != "$wanted" ]; then
      echo "$program: $qemu says $found, this machine $wanted" >&2
      exit 1
    fi
  done
  echo "$program $wanted" >>"$sums"
done
cp "$sums" built/sums.txt
