#!/usr/bin/env bash
# Runs parts of the program under the compiler's sanitizers; ends with an error where one of them or a check complains.
#
#     Scripts/sanitize.sh address    the kernels, over odd edges, against plain loops (check_kernels.c)
#     Scripts/sanitize.sh thread     the tests of everything that several threads touch; a report is a failure
#
# A contended Mutex is explained to the thread sanitizer by mutex_for_thread_sanitizer.c; nothing is suppressed.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$PWD/.build/sanitize
mkdir -p "$work"
case ${1:-} in
  address)
    # Swift's clang has the run-time library; any other clang does as well.
    compiler=${CC:-$(dirname "$(readlink -f "$(command -v swift)")")/clang}
    "$compiler" -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined \
      -fuse-ld=lld -ISources/CKernels/include Scripts/check_kernels.c -lm -o "$work/check_kernels"
    "$work/check_kernels"
    ;;
  thread)
    # NetCDF and HDF5 are called under one lock, by whichever thread; they are not instrumented, nor is OpenBLAS, whose
    # own threads the sanitizer would misjudge.
    export OPENBLAS_NUM_THREADS=1
    export TSAN_OPTIONS="halt_on_error=0 exitcode=66 ${TSAN_OPTIONS:-}"
    # Swift's own clang: the file uses its calling convention.
    "$(dirname "$(readlink -f "$(command -v swift)")")/clang" -O2 -Wall -Wextra \
      -c Scripts/mutex_for_thread_sanitizer.c -o "$work/mutex.o"
    swift test -c release --disable-xctest --sanitize=thread --scratch-path .build/thread -Xlinker "$work/mutex.o" \
      --filter 'NumericsTests|DynamicsTests|VAETests|ObservablesTests|ScenariosTests|OutputTests'
    ;;
  *)
    echo "usage: $0 address|thread" >&2
    exit 64
    ;;
esac
