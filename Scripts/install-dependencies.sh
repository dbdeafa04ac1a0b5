#!/usr/bin/env bash
# Installs the system packages that the build needs (Debian and Ubuntu), and says what it does.
# Does nothing where they are all present. With --tests also what some tests need and skip without. On other systems it prints what to install, and fails.
set -euo pipefail

packages=(
  make             # the commands of this repository
  pkg-config       # finds OpenBLAS and NetCDF for the Swift package manager
  libgsl-dev       # GSL: eigenvalues, root finding, distributions
  libopenblas-dev  # OpenBLAS: matrix products of the search for attractors and of the tests
  libnetcdf-dev    # NetCDF-C: the run files
  zlib1g-dev       # zlib: gzip-compressed IDX files
  libzip-dev       # libzip: archives of arrays (.npz)
  libpng-dev       # libpng: folders of pictures
  libssl-dev       # SHA-256 of data sets and models
  gnuplot-nox      # draws the figures of 'simulate plot'
  dataset-fashion-mnist  # 60,000 + 10,000 real 28 x 28 images
)

quiet=
tests=
for argument in "$@"; do
  case $argument in
    --quiet) quiet=yes ;;
    --tests)
      tests=yes
      packages+=(
        chromium            # reports in a browser
        python3-xarray      # run files and exports as users of Python read them
        python3-netcdf4
        python3-matplotlib
        python3-pandas
        python3-venv        # the CF checkers' own environment
        libudunits2-0       # what cfchecks knows units by
        codespell           # the spelling of 'make lint'
        gcc-aarch64-linux-gnu  # the kernels' bits on AArch64 (Scripts/check_kernel_bits.sh)
        libc6-dev-arm64-cross
        qemu-user-static
      )
      ;;
    *)
      echo "deps: $argument: expected --quiet or --tests" >&2
      exit 64
      ;;
  esac
done

if ! command -v swift >/dev/null 2>&1; then
  echo "deps: no Swift toolchain found; install Swift 6.0 or newer from https://www.swift.org/install" >&2
  exit 1
fi

if ! command -v apt-get >/dev/null 2>&1; then
  cat >&2 <<'TEXT'
deps: this system has no apt-get. Please install, with your own package manager:
  GSL 2.7 or newer, OpenBLAS 0.3 or newer, NetCDF-C 4.8 or newer, zlib, libzip 1.7 or newer,
  libpng 1.6, HDF5 1.10 or newer, OpenSSL's libcrypto, pkg-config,
  gnuplot 5.2 or newer with cairo
  Fedora:  dnf install gsl-devel openblas-devel netcdf-devel hdf5-devel zlib-devel libzip-devel libpng-devel openssl-devel pkgconf gnuplot
  macOS:   brew install gsl openblas netcdf hdf5 libzip libpng openssl pkg-config gnuplot    (untested)
and, for the Fashion-MNIST scenarios, the four IDX files of
  https://github.com/zalandoresearch/fashion-mnist  (dataset: {kind: idx, train-images: ..., ...})
TEXT
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing+=("$package")
done

# The CF checkers, which Debian does not have, in an environment of their own. Their tests are skipped without.
install_checkers() {
  local folder=.build/checkers list=Scripts/checkers-requirements.txt
  cd "$(dirname "$0")/.."
  if [ -e "$folder/done" ] && cmp -s "$folder/done" "$list"; then
    echo "deps: CF checkers present in $folder"
  elif python3 -m venv "$folder" && "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$list"; then
    cp "$list" "$folder/done"
    echo "deps: CF checkers installed in $folder"
  else
    echo "deps: no CF checkers in $folder (is there a network?): the tests that run them will be skipped" >&2
  fi
}

if [ ${#missing[@]} -eq 0 ]; then
  [ -n "$quiet" ] || echo "deps: all present: ${packages[*]}"
  [ -z "$tests" ] || install_checkers
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null 2>&1 || {
    echo "deps: please run as root: apt-get install ${missing[*]}" >&2
    exit 1
  }
  as_root=(sudo)
fi

echo "deps: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
[ -z "$tests" ] || install_checkers
echo "deps: done"
