#!/usr/bin/env bash
# Makes the API documentation of all libraries as one static site: Scripts/make_docs.sh [FOLDER], by default .build/documentation/site.
# Uses the toolchain's own docc and the modules that `swift build -c release` left, so that no package depends on a plugin for it.
# A warning is an error.
set -euo pipefail
cd "$(dirname "$0")/.."
site=${1:-.build/documentation/site}
work=.build/documentation
build=.build/release
modules=(
  Dynamics VAE ONNX Observables Corruptions Attractors Kinds SimulateProgram Scenarios Preparation Experiments Campaigns RunFiles Summaries Figures Drawing
  Datasets Arrays Pictures Recurrence Output Numerics Vocabulary
)
[ -e "$build/Modules/Dynamics.swiftmodule" ] || [ -e "$build/Dynamics.swiftmodule" ] || {
  echo "docs: nothing is built yet; 'make build' first" >&2
  exit 1
}
target=$(swiftc -print-target-info | sed -n 's/.*"unversionedTriple": "\(.*\)",/\1/p' | head -1)
flags=(-I "$build/Modules" -I "$build")
for folder in Sources/C*/; do
  [ -e "$folder/module.modulemap" ] && flags+=(-I "$folder")
  [ -d "$folder/include" ] && flags+=(-I "$folder/include")
done
for library in $(sed -n 's/.*pkgConfig: "\([^"]*\)".*/\1/p' Package.swift); do
  for flag in $(pkg-config --cflags-only-I "$library"); do flags+=("$flag"); done
done
for map in "$build"/*.build/module.modulemap; do flags+=(-Xcc "-fmodule-map-file=$map"); done
for folder in .build/checkouts/*/Sources/*/include; do [ -d "$folder" ] && flags+=(-I "$folder"); done

rm -rf "$work" "$site"
mkdir -p "$work/archives"
archives=()
for module in "${modules[@]}"; do
  symbols=$work/symbols/$module
  mkdir -p "$symbols"
  swift-symbolgraph-extract -module-name "$module" -target "$target" "${flags[@]}" -output-dir "$symbols" \
    -minimum-access-level public
  archive=$work/archives/$module.doccarchive
  docc convert "Sources/$module/$module.docc" --additional-symbol-graph-dir "$symbols" --output-path "$archive" \
    --fallback-display-name "$module" --fallback-bundle-identifier "$module" --warnings-as-errors >"$work/$module.log" 2>&1 || {
    cat "$work/$module.log" >&2
    echo "docs: the documentation of $module has warnings; they are above" >&2
    exit 1
  }
  archives+=("$archive")
done
docc merge "${archives[@]}" --output-path "$site" --synthesized-landing-page-name "Repeated Inference" \
  --synthesized-landing-page-kind "Libraries" --synthesized-landing-page-topics-style list >"$work/merge.log" 2>&1 || {
  cat "$work/merge.log" >&2
  exit 1
}
echo "docs: ${#modules[@]} libraries in $site; look at them with: python3 -m http.server --directory $site, then http://localhost:8000/documentation/"
