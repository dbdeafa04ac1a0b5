#!/usr/bin/env bash
# Compares the hashes of all kernels and functions (Scripts/kernel_bits.c) with Tests/NumericsTests/kernel-bits.txt:
# for each instruction set of this processor, and on AArch64 under qemu-user. Prints one line for each.
# With --write, the hashes of the portable instruction set on this processor become the expected ones.
# Exit code: 0 where all agree, 1 where one does not, 77 where AArch64 was left out and the others agree.
set -euo pipefail
cd "$(dirname "$0")/.."
expected=Tests/NumericsTests/kernel-bits.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags=(-std=gnu11 -O2 -w -ISources/CKernels/include)
# Swift's clang, which has the vector functions that the kernels need.
compiler=${CC:-$(dirname "$(readlink -f "$(command -v swift)")")/clang}
result=0

# check NAME COMMAND... : the hashes that a command prints.
check() {
  local name=$1
  shift
  "$@" >"$work/$name.txt"
  if cmp -s "$expected" "$work/$name.txt"; then
    echo "$name: $(wc -l <"$expected") hashes agree, all together $(sha256sum <"$work/$name.txt" | cut -c 1-16)"
  else
    echo "$name: differs from $expected (expected <, found >):"
    diff "$expected" "$work/$name.txt" | grep '^[<>]' || true
    result=1
  fi
}

"$compiler" "${flags[@]}" Scripts/kernel_bits.c -o "$work/native" -lm
if [ "${1:-}" = --write ]; then "$work/native" portable >"$expected"; fi
for set in $("$work/native"); do check "$(uname -m)-$set" "$work/native" "$set"; done

if "$compiler" -x cl -cl-std=CL1.2 -Xclang -finclude-default-header --target=spir64 -fsyntax-only -Werror Scripts/functions.cl
then
  echo "functions.h: valid OpenCL C 1.2"
else
  result=1
fi

if ! command -v aarch64-linux-gnu-gcc >/dev/null || ! command -v qemu-aarch64-static >/dev/null; then
  echo "aarch64: left out, because aarch64-linux-gnu-gcc or qemu-aarch64-static is missing ('make test-deps' installs them)"
  [ "$result" -ne 0 ] || result=77
else
  "$compiler" --target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include "${flags[@]}" -c Scripts/kernel_bits.c \
    -o "$work/aarch64.o"
  aarch64-linux-gnu-gcc -static "$work/aarch64.o" -o "$work/aarch64" -lm
  for set in $(qemu-aarch64-static "$work/aarch64"); do
    check "aarch64-$set" qemu-aarch64-static "$work/aarch64" "$set"
  done
fi
exit "$result"
