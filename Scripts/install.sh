#!/usr/bin/env bash
# Installs a built program with shell completions, manual pages and the example scenarios: Scripts/install.sh PROGRAM FOLDER, as
# 'make install' runs it. FOLDER is PREFIX with DESTDIR before it.
set -euo pipefail
program=${1:?install: expected the program and the folder, as 'make install' gives them}
folder=${2:?install: expected the program and the folder, as 'make install' gives them}
root=$(cd "$(dirname "$0")/.." && pwd)
[ -x "$program" ] || {
  echo "install: $program: no such program; 'make build' builds it" >&2
  exit 1
}
name=simulate
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The manual pages are made by argument-parser's own tool, from what the program says of itself.
manual=$root/.build/manual/debug/generate-manual
if [ ! -x "$manual" ]; then
  parser=$root/.build/checkouts/swift-argument-parser
  [ -d "$parser" ] || {
    echo "install: $parser is missing; 'make build' fetches it" >&2
    exit 1
  }
  echo "install: building argument-parser's generate-manual (half a minute, once)"
  "${SWIFT:-swift}" build -c debug --package-path "$parser" --scratch-path "$root/.build/manual" --product generate-manual \
    >"$work/build.txt" 2>&1 || {
    cat "$work/build.txt" >&2
    exit 1
  }
fi
mkdir "$work/man"
"$manual" "$program" --multi-page --section 1 --output-directory "$work/man" >/dev/null
# A hidden command: what a child of the program runs.
rm -f "$work/man/$name.probe.1"
sed -i "/^\.Xr $name\.probe 1/d" "$work/man/$name.1"

# Everything that can fail is made before anything is installed.
for shell in bash zsh fish; do "$program" --generate-completion-script "$shell" >"$work/$shell"; done

install -d "$folder/bin" "$folder/share/man/man1" "$folder/share/bash-completion/completions" \
  "$folder/share/zsh/site-functions" "$folder/share/fish/vendor_completions.d" "$folder/share/repeated-inference/scenarios"
install -m 755 "$program" "$folder/bin/$name"
install -m 644 "$work"/man/*.1 "$folder/share/man/man1"
install -m 644 "$work/bash" "$folder/share/bash-completion/completions/$name"
install -m 644 "$work/zsh" "$folder/share/zsh/site-functions/_$name"
install -m 644 "$work/fish" "$folder/share/fish/vendor_completions.d/$name.fish"
install -m 644 "$root"/scenarios/*.yaml "$folder/share/repeated-inference/scenarios"
# The data of scenarios/own-*.yaml.
(cd "$root/scenarios" && find data -type f -exec install -D -m 644 {} "$folder/share/repeated-inference/scenarios/{}" \;)
echo "install: $folder/bin/$name, completions for bash, zsh and fish, manual pages, and scenarios"
