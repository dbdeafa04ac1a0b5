#!/usr/bin/env bash
# Output under faults that need root: a full file system (tmpfs of 300 KiB), and one that is read-only. Each
# must give one line, exit code 73 or 74, and leave earlier results and checkpoints as they were.
#
#     sudo Scripts/fault_test.sh [SIMULATE]
set -euo pipefail
cd "$(dirname "$0")/.."
simulate=$(realpath "${1:-.build/release/simulate}")
folder=$(mktemp -d)
trap 'umount "$folder/small" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
export REPEATED_INFERENCE_CACHE=$folder/cache
cat >run.yaml <<'YAML'
name: run
dataset: {kind: hierarchical-patterns, dimension: 36, superclasses: 2, classes: 2, memories: 40, test: 5}
model: {latent: 4, hidden: [16], training: {epochs: 2, batch: 10}}
dynamics: {steps: 50}
initial: {levels: [0, 0.5]}
output: {members: true}
YAML
mkdir small
mount -t tmpfs -o size=300k tmpfs small
echo precious >small/earlier.nc
expect() { # code, then the command
  local wanted=$1 status=0
  shift
  "$@" >out.txt 2>err.txt || status=$?
  [ "$status" -eq "$wanted" ] || { echo "exit code $status, expected $wanted: $*" >&2; cat err.txt >&2; exit 1; }
  [ "$(wc -l <err.txt)" -eq 1 ] || { echo "more or less than one line:" >&2; cat err.txt >&2; exit 1; }
  [ "$(cat small/earlier.nc)" = precious ] || { echo "an earlier result was touched" >&2; exit 1; }
  echo "exit $status: $(cat err.txt)"
}
"$simulate" run run.yaml -o whole.nc --quiet
expect 74 "$simulate" run run.yaml -o small/run.nc --quiet
expect 74 "$simulate" run run.yaml -o small/earlier.nc --overwrite --quiet
expect 74 "$simulate" run run.yaml -o small/run.nc --shard 1/1 --quiet
[ "$(ls -A small)" = earlier.nc ] || { echo "left over: $(ls -A small)" >&2; exit 1; }
mount -o remount,ro small
expect 73 "$simulate" run run.yaml -o small/run.nc --quiet
expect 73 "$simulate" train run.yaml -o small/run.safetensors --quiet
mount -o remount,rw,size=20m small
"$simulate" run run.yaml -o small/run.nc --quiet --resume
cmp <("$simulate" export whole.nc) <("$simulate" export small/run.nc)
echo "faults: as they should be"
