#!/usr/bin/env bash
# Kills a run with SIGKILL at random moments, continues it with --resume, and compares every variable with an
# uninterrupted run, bit by bit. Each round starts afresh, with an empty cache of models; rounds have in turn many
# members for a few steps, and a few members for many.
#
#     Scripts/kill_test.sh [ROUNDS] [SIMULATE]
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-30}
simulate=$(realpath "${2:-.build/release/simulate}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >run.yaml <<'YAML'
name: run
seed: 7
dataset: {kind: hierarchical-patterns, dimension: 36, superclasses: 2, classes: 2, memories: 400, test: 50}
model: {latent: 4, hidden: [16], training: {epochs: 20, batch: 10}}
dynamics: {steps: 30}
initial: {levels: [0, 0.2, 0.5], realizations: 5}
observables: [distance-concept, abstraction-level, step-length, energy, overlap-memory]
group-by: [class]
split-by: [retention]
output: {members: true, latents: true}
YAML
export REPEATED_INFERENCE_CACHE=$folder/cache
few=(--set initial.items=30 --set initial.realizations=1 --set dynamics.steps=8000)
"$simulate" run run.yaml -o whole.nc --quiet
"$simulate" run run.yaml -o whole-few.nc --quiet "${few[@]}"
table() {
  "$simulate" export "$1" # averages; the members' series below
  "$simulate" export "$1" --variables members/energy,members/overlap_memory
  "$simulate" export "$1" --variables members/latent_state
  "$simulate" export "$1" --variables members/outcome,members/convergence_time,members/corruption_level,members/item
  "$simulate" export "$1" --variables approach,approach_lower,approach_upper
  "$simulate" export "$1" --variables distance_concept_by_class
}
for name in whole whole-few; do table $name.nc | sha256sum >$name.sum; done
kills=0
for round in $(seq "$rounds"); do
  rm -rf cache killed*
  attempts=0
  name=whole
  settings=()
  if [ $((round % 2)) -eq 0 ]; then
    name=whole-few
    settings=("${few[@]}")
  fi
  # Killed up to four times, then left alone.
  while :; do
    attempts=$((attempts + 1))
    "$simulate" run run.yaml -o killed.nc --resume --checkpoint-interval 0.02 --quiet ${settings[@]+"${settings[@]}"} &
    process=$!
    if [ "$attempts" -le 4 ]; then
      sleep "$(awk -v seed="$round$attempts" 'BEGIN { srand(seed); printf "%.3f", rand() * 1.5 }')"
      kill -KILL "$process" 2>/dev/null || true
    fi
    status=0
    wait "$process" 2>/dev/null || status=$?
    [ "$status" -eq 0 ] && break
    kills=$((kills + (status == 137)))
    [ "$status" -eq 137 ] || { echo "round $round: exit code $status" >&2; exit 1; }
  done
  table killed.nc | sha256sum | cmp - $name.sum || { echo "round $round: other numbers" >&2; exit 1; }
  rest=$(ls -A | grep -v -e '^cache$' -e '^killed.nc$' -e '^run.yaml$' -e '^whole' -e 'partial' || true)
  [ -z "$rest" ] || { echo "round $round: left over: $rest" >&2; exit 1; }
done
echo "$rounds rounds, $kills kills: the same bits each time"
