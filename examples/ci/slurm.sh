#!/bin/sh
# Sweeps a tree of modules on a Slurm cluster, a part of it in each task of an array. --shard auto takes the part from
# Slurm's variables. Each part's document goes to OUT/PART.json, and appears there only when it is whole.
#
#   sbatch --array=1-8 examples/ci/slurm.sh lib/modules/6.1.0-50-4kc-malta OUT --kernel vmlinuz
#   farjal sweep --merge OUT/*.json            the result, or the parts to do again, one a line: 3/8
#   sbatch --array=3 --export=ALL,PARTS=8 examples/ci/slurm.sh lib/modules/6.1.0-50-4kc-malta OUT --kernel vmlinuz
#
# A part that is done again needs PARTS, because Slurm then counts one task, not eight. --timings OUT/last.json, a merged
# document of an earlier run, makes parts that take equally long.
#SBATCH --job-name=farjal-sweep
#SBATCH --cpus-per-task=1
#SBATCH --time=60
set -u
tree=$1
out=$2
shift 2
mkdir -p "$out"
part=$out/$SLURM_ARRAY_TASK_ID.json
# Exit code 1 is a result too: a module doesn't load.
${FARJAL:-npx farjal} sweep "$tree" --shard "auto${PARTS:+/$PARTS}" "$@" --json > "$part.unfinished"
code=$?
if [ "$code" -gt 1 ]; then exit "$code"; fi
mv "$part.unfinished" "$part"
