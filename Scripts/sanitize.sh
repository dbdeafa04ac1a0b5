#!/usr/bin/env bash
# Tests under a sanitizer of the compiler, in a build folder of their own.
#
#     Scripts/sanitize.sh thread
#
# thread: the tests of everything that several threads touch. A report is a failure. At present there are many, in the
# merging of units behind a Mutex (Ensemble.swift, EnsembleState.swift); they are neither explained nor mended yet.
set -euo pipefail
cd "$(dirname "$0")/.."
case ${1:-} in
  thread)
    # NetCDF and HDF5 are called under one lock, by whichever thread; they are not instrumented, nor is OpenBLAS, whose
    # own threads the sanitizer would misjudge.
    export OPENBLAS_NUM_THREADS=1
    export TSAN_OPTIONS="halt_on_error=0 exitcode=66 ${TSAN_OPTIONS:-}"
    swift test -c release --disable-xctest --sanitize=thread --scratch-path .build/thread \
      --filter 'NumericsTests|DynamicsTests|VAETests|ObservablesTests|ScenariosTests|OutputTests'
    ;;
  *)
    echo "usage: $0 thread" >&2
    exit 64
    ;;
esac
