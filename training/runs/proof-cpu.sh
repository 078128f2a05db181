#!/usr/bin/env bash
# Do learned operators help on degradations that no training knows? Narrow networks, stage net, on two cores; hours.
# The clips and the videos are the same for all seeds, two of which run at a time; SEEDS=2 does only that one, to be
# gathered with the others' figures. OUT/proof.md is the report. Killed, it goes on where it was.
#
#   bash training/runs/proof-cpu.sh [OUT]
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python}
out=${1:-out/proof}
seeds=${SEEDS:-0 1 2}
mkdir -p "$out"

# Three videos of low quality that one chain made, each of other drawings; the truth of none is looked at.
for number in 0 1 2; do
    [ -e "$out/low-$number.mkv" ] ||
        "$python" -m training.hidden video "$out/low-$number.mkv" --chain broadcast --first $((100 * number)) --clips 30
done
printf '%s\n' $seeds | xargs -P 2 -I SEED bash training/runs/proof-seed.sh "$out" SEED
"$python" -m training.proof gather "$out" -o "$out/proof.jsonl"
[ "$seeds" != "0 1 2" ] || "$python" -m training.proof report "$out/proof.jsonl" -o "$out/proof.md"
