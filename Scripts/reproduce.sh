#!/usr/bin/env bash
# Runs the claim scenarios and writes REPRODUCTION.md: verdicts, numbers with errors, figures. 'make reproduce' calls it.
#
#     Scripts/reproduce.sh                   Fashion-MNIST; under 45 minutes on two cores
#     QUICK=1 Scripts/reproduce.sh           fewer epochs, items and dimensions: about 5 minutes, wider intervals; writes
#                                            runs/REPRODUCTION-QUICK.md
#     DATA="patterns" Scripts/reproduce.sh   hierarchical patterns and the Hopfield network; writes
#                                            REPRODUCTION-PATTERNS.md
#
# An interrupted reproduction goes on where it was: finished runs are kept in runs/reproduce/.
set -euo pipefail
cd "$(dirname "$0")/.."
simulate=.build/release/simulate
work=runs/reproduce
data=${DATA:-fashion}
# Each scenario's share of the time, in per cent.
case $data in
  fashion)
    scenarios=(fashion-concept-then-memory fashion-noise-and-abstraction fashion-denoising fashion-latent-dimension)
    shares=(26 10 7 57)
    page=REPRODUCTION.md
    figures=reproduction/fashion
    ;;
  patterns)
    scenarios=(concept-then-memory noise-and-abstraction denoising hopfield-baseline latent-dimension)
    shares=(40 13 12 10 25)
    page=REPRODUCTION-PATTERNS.md
    figures=reproduction/patterns
    ;;
  *)
    echo "reproduce: DATA=$data: expected fashion or patterns" >&2
    exit 64
    ;;
esac
if [ -n "${QUICK:-}" ]; then
  work=$work-quick
  page=runs/REPRODUCTION-QUICK.md
  figures=runs/reproduction-quick/$data
fi
mkdir -p "$work" "$figures"

# One argument per line.
quick_settings() {
  [ -n "${QUICK:-}" ] || return 0
  case $1 in
    *latent-dimension) printf '%s\n' --set 'sweep.model.latent=[2, 10, 100]' ;;
  esac
  case $1 in
    fashion-*) printf '%s\n' --set dataset.train-items=1300 --set dataset.test-items=200 --set model.training.epochs=5 \
      --set 'initial.items={random: 500}' ;;
    hopfield-baseline) printf '%s\n' --set 'initial.items={random: 300}' ;;
    *) printf '%s\n' --set model.training.epochs=40 --set 'initial.items={random: 240}' ;;
  esac
}

clock() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

begin=$(date +%s)
done_share=0
for k in "${!scenarios[@]}"; do
  name=${scenarios[$k]}
  elapsed=$(($(date +%s) - begin))
  left="time left unknown"
  if [ "$done_share" -gt 0 ]; then left="about $(clock $((elapsed * (100 - done_share) / done_share))) left"; fi
  echo "reproduce: $((k + 1)) of ${#scenarios[@]}: $name; $(clock $elapsed) so far, $left" >&2
  mapfile -t settings < <(quick_settings "$name")
  "$simulate" run "scenarios/$name.yaml" "${settings[@]}" -o "$work/$name.nc" --resume >"$work/$name.new" ||
    { echo "reproduce: $name failed; what is done is kept in $work (after a change of the scenario: rm -r $work/$name.*)" >&2; exit 1; }
  # Of a run that was complete before, the text is there, unless the script was killed at a bad moment.
  if ! grep -q '^Run file:' "$work/$name.new" && [ ! -s "$work/$name.txt" ]; then
    "$simulate" run "scenarios/$name.yaml" "${settings[@]}" -o "$work/$name.nc" --overwrite >"$work/$name.new"
  fi
  if grep -q '^Run file:' "$work/$name.new"; then mv "$work/$name.new" "$work/$name.txt"; else rm "$work/$name.new"; fi
  done_share=$((done_share + shares[k]))
done
seconds=$(($(date +%s) - begin))

{
  echo "# Reproduction: the paper's claims"
  echo
  echo "Nagano, Karakida, Okada (arXiv:1712.04195, doi:10.1038/s41598-020-72593-4) claim that repeated inference in variational"
  echo "autoencoders approaches first a concept and then a memory (F1), that more noise leads to more abstract concepts (F2), and that more"
  echo "latent variables strengthen this and improve generalization (F3). This page is what our runs say; \`make reproduce\` wrote it."
  echo
  echo "Every estimate, threshold and control stands in the scenario (\`scenarios/\`), fixed before the runs. *Supported*: Student's 95 % interval over"
  echo "five models lies above the threshold, and that of no control does. *Refuted*: it lies below. Else *undecided*. Networks, noise"
  echo "formula and normalizations are our choices (NOTATION.md), for only the paper's abstracts were at hand."
  echo
  if [ -n "${QUICK:-}" ]; then
    echo "**A quick run**: a fifth of the training items, five epochs, few items and dimensions: other networks than the full run's, and wider intervals."
    echo
  fi
  echo "How to read it. A control whose interval is wide does not show the effect by this rule, even where it may have it: look at the intervals beside."
  echo "\`autoencoder\` and \`data-space\` are shown without weight. At p = 0 the trajectory starts at its memory, so that recovering it, and its being reached"
  echo "later than the concept, are refuted trivially. A slope says that a difference grows, not what its sign is, and over N it is one number for"
  echo "the whole range, rising or not at each end: the tables below have the values. Verdicts of several levels are not corrected for their number."
  echo "\`retained\` and \`lost\` are the members that are (not) nearest to their own concept: in claims at t = 0. Training has at most ten epochs; \`best epoch\` says"
  echo "where validation chose another than the last."
  echo
  echo "$(date -u +%Y-%m-%d), $("$simulate" --version), $(nproc) processors ($(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -1)). This process took $(clock $seconds) min:s (what was done before is not counted)."
  echo
  echo "## Verdicts"
  echo
  for name in "${scenarios[@]}"; do
    echo "- [$name](#$name)"
    # Claims and the words of their verdicts.
    sed -n '/^[a-z0-9-]*: .*$/,$p' "$work/$name.txt" | awk '
      /^[a-z0-9-]+: / && NR > 1 { claim = $0; next }
      /^  estimate:/ { if (claim != "") print "  - " claim; claim = ""; next }
      /^  .*(supported|refuted|undecided): / { sub(/, threshold.*/, ""); print "    -" $0 }'
  done
  echo
} >"$page.partial"

for name in "${scenarios[@]}"; do
  rm -f "$work/$name.md"
  "$simulate" report "$work/$name.nc" -o "$work/$name.md" >/dev/null
  cat "$work/$name.md" >>"$page.partial"
  for figure in claims series sweep; do
    if "$simulate" plot "$work/$name.nc" --list | grep -q "^$figure *yes"; then
      "$simulate" plot "$work/$name.nc" --figure $figure -o "$figures/$name-$figure.svg" --overwrite >/dev/null
      printf '![%s of %s](%s)\n\n' "$figure" "$name" "$(realpath --relative-to="$(dirname "$page")" "$figures")/$name-$figure.svg" >>"$page.partial"
    fi
  done
done
mv "$page.partial" "$page"
echo "reproduce: wrote $page in $(clock $(($(date +%s) - begin)))" >&2
