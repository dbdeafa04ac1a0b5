#!/bin/sh
# Runs parts of the program under sanitizers; ends with an error where one of them or a check complains.
#   Scripts/sanitize.sh address    the kernels, over odd edges, against plain loops (check_kernels.c)
set -eu
cd "$(dirname "$0")/.."
work=.build/sanitize
mkdir -p "$work"

case "${1:-}" in
address)
  # Swift's clang has the run-time library; any other clang or gcc does as well.
  compiler=${CC:-$(dirname "$(readlink -f "$(command -v swift)")")/clang}
  "$compiler" -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined -fuse-ld=lld \
    -ISources/CKernels/include Scripts/check_kernels.c -lm -o "$work/check_kernels"
  "$work/check_kernels"
  ;;
*)
  echo "usage: Scripts/sanitize.sh address" >&2
  exit 64
  ;;
esac
