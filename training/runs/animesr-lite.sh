#!/usr/bin/env bash
# How vsanimesr/weights/animesr-lite.onnx was made, on two cores without a GPU; hours. Killed, it goes on where it was.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python}
out=${1:-out/animesr-lite}
export OMP_NUM_THREADS=1 # two processes of one thread each
mkdir -p "$out"

"$python" -m vsanimesr models fetch animesr-v2
"$python" -m training.distill pool "$out/held-out" --clips 8 --split val --truth
"$python" -m training.distill pool "$out/pool" --clips 160 &
first=$!
"$python" -m training.distill pool "$out/pool" --first 160 --clips 160
wait "$first"

train() { # RUN OPTIONS...
    "$python" -m torch.distributed.run --standalone --nproc-per-node 2 -m training.distill train "$out/pool" "$out/$1" \
        --held-out "$out/held-out" --batch 4 --device cpu "${@:2}"
}
train 1 --steps 20982 --length 22000 --look-every 2000
train 2 --begin-with "$out/1" --frames 7 --lr 7e-4 --steps 3548 --length 16000 --look-every 1000
train 3 --begin-with "$out/2" --frames 7 --lr 5e-4 --steps 6000 --look-every 1000
"$python" -m training.distill export "$out/3" "$out/animesr-lite.onnx" --name animesr-lite \
    --source "distilled from animesr-v2 on drawn animation"
"$python" -m training.distill compare "$out/animesr-lite.onnx" "$out/held-out"
