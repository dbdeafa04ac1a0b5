#!/bin/bash
# Fuzzes the parsers of scenarios, models and data sets with libFuzzer under the address sanitizer.
#
#   Scripts/fuzz.sh [SECONDS] [TARGET ...]      targets: Scenario, Safetensors, ONNX, IDX, Array, Archive, PNG (default: all, 600 s each)
#
# The seeds are Fuzz/Corpus/TARGET. What is found on the way is kept in .build/fuzz/corpus/TARGET, inputs that crash
# a parser, take more than 10 s, or more memory than allowed, in .build/fuzz/findings/TARGET.
# An input by itself: .build/fuzz/release/FuzzTARGET FILE
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-600}
shift || true
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then targets=(Scenario Safetensors ONNX IDX Array Archive PNG); fi
build=.build/fuzz
for target in "${targets[@]}"; do
  swift build -c release --product "Fuzz$target" --package-path Fuzz --scratch-path $build --sanitize=address \
    --sanitize=fuzzer -Xswiftc -sanitize-coverage=edge,inline-8bit-counters,pc-table,trace-cmp,indirect-calls \
    2>&1 | grep -v "Cannot export local symbol" || [ "${PIPESTATUS[0]}" -eq 0 ]
done
failed=0
for target in "${targets[@]}"; do
  corpus=$build/corpus/$target
  findings=$build/findings/$target
  mkdir -p "$corpus" "$findings"
  # Longer inputs would find little more and take most of the time.
  case $target in
    Scenario) longest=4096 ;;
    *) longest=8192 ;;
  esac
  echo "== $target: $seconds s"
  # Freed memory is kept for a while to find its later use; 16 MiB of it, so that the limits mean the parser.
  # None of the parsers may take more than 256 MiB at once, or 1 GiB in all.
  # Without the backtraces of Swift, which wait for a debugger of their own.
  SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=quarantine_size_mb=16 nice -n 19 "$build/release/Fuzz$target" \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=256 -max_len=$longest \
    -dict=Fuzz/Dictionaries/$target.dict -artifact_prefix="$findings/" -print_final_stats=1 \
    "$corpus" "Fuzz/Corpus/$target" 2>&1 | tee "$build/$target.log" | grep -vE '#[0-9]+[[:space:]]+(NEW|REDUCE)' ||
    { [ "${PIPESTATUS[0]}" -eq 0 ] || failed=1; }
done
exit $failed
