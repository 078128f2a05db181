#!/usr/bin/env bash
# How the model `toon` is made, on two cores without a GPU: AnimeSR's network at its full width, learned from scratch by L1 on
# drawn clips, part of which are only reduced, and then by the distance that PSNR is. Hours; killed, it goes on where it was.
# Videos after the folder are enlarged in the end, the first 24 frames of each, to look at.
#
#   bash training/runs/toon.sh [OUT [VIDEO...]]
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python}
out=${1:-out/toon}
steps=${STEPS:-12000}
finishing=${FINISHING:-3000}
export OMP_NUM_THREADS=1 # two processes of one thread each
mkdir -p "$out"

train() { # SOURCE RUN...
    "$python" -m torch.distributed.run --standalone --nproc-per-node 2 -m training.animesr train "$@" --stage net --plain \
        --clean 0.3 --clip 1 --patch 48 --pool 16 --pool-frames 20 --pool-size 480x288 --held-out 4 --device cpu
}

train "toon:400:$out/drawn" "$out/run" --steps "$steps" --length "$steps" --growing --frames 15 --lr 1e-3 --batch 8 \
    --curriculum "$((steps / 12))" --patches 48 --look-every 1000
# The same network goes on, its degradations whole from the first step.
train "toon:200:$out/drawn" "$out/finish" --begin-with "$out/run" --steps "$finishing" --length "$finishing" --frames 7 \
    --loss log-l2 --lr 2e-4 --batch 4 --patches 32 --look-every 250 --seed 1 --precision fp32
"$python" -m training.animesr export "$out/finish" "$out/toon.onnx" --name toon --half --licence Apache-2.0 \
    --source "trained from scratch on drawn animation"
for degradation in bicubic basic; do
    "$python" -m training.evaluate --toon 0:8 --frames 24 --degrade "$degradation" \
        --methods bicubic animesr-v2 toon="$out/toon.onnx" --drift --output "$out/$degradation"
done
footage=()
for video in "${@:2}"; do footage+=(--low "$video"); done
[ $# -lt 2 ] || "$python" -m training.evaluate "${footage[@]}" --frames 24 --metrics piqe \
    --methods bicubic animesr-v2 toon="$out/toon.onnx" --output "$out/footage"
