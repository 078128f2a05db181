#!/usr/bin/env bash
# What proof-cpu.sh does with one seed: a network of basic operators, operators by its help, networks without and with
# them, and what the three make of degradations that no training knows. The factor is 0.5, as in the authors' code.
# Killed, it goes on where it was; what is finished stays as it is, so other STEPS or LEARNING want another OUT.
#
#   bash training/runs/proof-seed.sh OUT SEED
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python}
out=$1 seed=$2
steps=${STEPS:-3000}
learning=${LEARNING:-10000} # steps of each operator
export OMP_NUM_THREADS=1 # a core for each seed
mkdir -p "$out/$seed"

train() { # NAME OPTIONS...
    [ ! -e "$out/$seed/$1.onnx" ] || return 0
    "$python" -m training.animesr train "toon:200:$out/drawn" "$out/$seed/$1" "${@:2}" --stage net --plain --seed "$seed" \
        --network 24:3-2-1:64 --clean 0.2 --steps "$steps" --length "$steps" --growing --lr 1e-3 --clip 1 --frames 15 \
        --patch 48 --batch 4 --pool 16 --patches 24 --pool-frames 20 --pool-size 480x288 --look-every 1000 \
        --precision fp32 --device cpu
    "$python" -m training.animesr export "$out/$seed/$1" "$out/$seed/$1.onnx" --name "$1"
}

train basic
operators=()
for number in 0 1 2; do
    low=$out/low-$number.mkv work=$out/$seed/video-$number
    operators+=("$work/operator.pth")
    [ ! -e "$work/operator.pth" ] || continue
    [ -e "$work/choice.json" ] || {
        "$python" -m training.rescale measure "$low" "$work" --model "$out/$seed/basic.onnx" --factors 0.5 1 --patches 2 \
            --seed "$seed" --quiet
        "$python" -m training.rescale choose "$work" --usual
    }
    "$python" -m training.rescale pairs "$low" "$work" "$work/pairs" --clips 30 --seed "$seed" --quiet
    "$python" -m training.lbo train "$work/pairs" "$work/net" --held-out "$work/pairs" --seed $((10 * seed + number)) \
        --steps "$learning" --lr 1e-3 --batch 8 --patch 96 --device cpu
    "$python" -m training.lbo export "$work/net" "$work/operator.pth"
done
"$python" -m training.lbo sheet "${operators[@]}" examples/clip.mkv -o "$out/$seed/operators.png"
train twice --twice
train pool --twice --operators "${operators[@]}"
for degradation in bicubic basic broadcast tape; do
    [ -e "$out/$seed/$degradation/results.json" ] ||
        "$python" -m training.evaluate --toon 0:24 --frames 24 --degrade "$degradation" \
            --output "$out/$seed/$degradation" --metrics psnr psnr-lines ssim --methods bicubic \
            basic="$out/$seed/basic.onnx" twice="$out/$seed/twice.onnx" pool="$out/$seed/pool.onnx"
done
