#!/usr/bin/env bash
# The whole way in a few minutes on a processor: draw, degrade, train a toy, evaluate it, export it, upscale with it.
# Its pictures are not worth looking at; that everything fits together is what it shows.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python}
out=${1:-out/cpu-smoke}
small=(--size 320x192 --frames 15)
[ $# = 0 ] || [ ! -e "$out" ] || { echo "$out is there already; name a new folder" >&2; exit 1; }
rm -rf "$out"
mkdir -p "$out"

"$python" -m vsanimesr models fetch animesr-v2
"$python" -m training.toon sheet --seed 1 "$out/toon.png"
"$python" -m training.degrade sheet examples/clip.mkv --seed 5 -o "$out/degradations.png"
"$python" -m training.distill pool "$out/pool" --clips 8 "${small[@]}"
"$python" -m training.distill pool "$out/held-out" --clips 2 --split val --truth "${small[@]}"
"$python" -m training.distill train "$out/pool" "$out/run" --held-out "$out/held-out" \
    --steps 80 --batch 4 --patch 32 --look-every 40 --log-every 20
"$python" -m training.distill export "$out/run" "$out/toy.onnx" --name toy
"$python" -m training.distill compare "$out/toy.onnx" "$out/held-out"
"$python" -m training.evaluate --toon 0:1 "${small[@]}" --methods bicubic animesr-v2 toy="$out/toy.onnx" \
    --output "$out/report"
"$python" -m vsanimesr upscale examples/clip.mkv -o "$out/upscaled.mkv" --model "$out/toy.onnx"
ls -l "$out"
