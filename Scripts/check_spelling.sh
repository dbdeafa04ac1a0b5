#!/usr/bin/env bash
# Looks for misspelled words in pages, comments and messages: Scripts/check_spelling.sh [FILE...], by default all that git knows.
# codespell knows what is commonly misspelled; Scripts/spelling-words.txt has what it is not to complain of.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v codespell >/dev/null || {
  echo "spelling: no codespell; 'make test-deps' installs it (Debian: apt-get install codespell)" >&2
  exit 69
}
if [ $# -gt 0 ]; then
  exec codespell --ignore-words Scripts/spelling-words.txt "$@"
fi
# The tests of near misses are misspelled on purpose.
git ls-files -z '*.md' '*.swift' '*.py' '*.sh' '*.yaml' '*.c' '*.h' '*.txt' Makefile CITATION.cff \
  ':!Tests/ScenariosTests/RuleTests.swift' ':!Tests/ScenariosTests/ClaimTests.swift' \
  ':!Scripts/bits/wrong_scenarios.py' ':!Scripts/spelling-words.txt' ':!Tests/RoomsTests/PagesTests.swift' |
  xargs -0 codespell --ignore-words Scripts/spelling-words.txt
