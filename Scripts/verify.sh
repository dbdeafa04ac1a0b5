#!/usr/bin/env bash
# Runs the scenarios that have a list in scenarios/hashes, models trained anew, and compares every bit with the list.
#
#   Scripts/verify.sh [--rewrite] [NAME...]       by default all lists; --rewrite writes the lists instead
#   INSTRUCTIONS="portable avx2" THREADS="1 2"    runs each scenario with each of these (by default the processor's own, all threads)
#
# The first line of a list holds further options of the run as a comment, such as `# --set model.replicas=1`.
set -euo pipefail
cd "$(dirname "$0")/.."
simulate=${SIMULATE:-.build/release/simulate}
rewrite=
[ "${1:-}" = --rewrite ] && { rewrite=1; shift; }
names=("$@")
[ ${#names[@]} -gt 0 ] || for list in scenarios/hashes/*.sha256; do names+=("$(basename "$list" .sha256)"); done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

different=0
for name in "${names[@]}"; do
  list=scenarios/hashes/$name.sha256
  read -r -a options <<<"$(sed -n '1s/^# //p' "$list")"
  if [ -n "$rewrite" ]; then
    REPEATED_INFERENCE_CACHE=$folder/models "$simulate" run "scenarios/$name.yaml" -o "$folder/$name.nc" --quiet "${options[@]}"
    { sed -n '1{/^#/p}' "$list"; "$simulate" hash "$folder/$name.nc" --variables; } >"$folder/list"
    mv "$folder/list" "$list"
    echo "$(grep -v '^#' "$list" | sha256sum | cut -c -64)  $name"
    continue
  fi
  for set in ${INSTRUCTIONS:-own}; do
    for threads in ${THREADS:-all}; do
      choice=()
      [ "$set" = own ] || choice+=(--instructions "$set")
      [ "$threads" = all ] || choice+=(--threads "$threads")
      rm -rf "$folder/models"
      if REPEATED_INFERENCE_CACHE=$folder/models "$simulate" run "scenarios/$name.yaml" -o "$folder/$name.nc" --overwrite --quiet \
        --verify "$list" "${options[@]}" "${choice[@]}"; then
        echo "$("$simulate" hash "$folder/$name.nc")  $name, instructions $set, threads $threads"
      else
        echo "different: $name, instructions $set, threads $threads"
        different=1
      fi
    done
  done
done
exit $different
